"""Several texts a row: what a model says of each is what it says of the text alone."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, keras, ops
from gplinker_kit.models.masks import PackedAttentionMask, packed_positions
from gplinker_kit.snippets import pack_sequences, sequence_padding
from tests.helpers import compute
from tests.models.tiny import CONFIGS, build, randomise
from tests.models.user_models import UserGAU, causal

# Longer than 16 tokens and not: from there on softmax_plus counts keys.
LENGTHS, ROW = (19, 6, 24, 17, 3, 21), 48


def texts(seed=0):
    """Lists of token ids and of segment ids."""
    rng = np.random.RandomState(seed)
    tokens = [rng.randint(1, 50, n) for n in LENGTHS]
    return tokens, [(np.arange(len(text)) >= len(text) // 2).astype(int) for text in tokens]


def pair(model, **options):
    """(packed model, the same without packing): Keras models with the same random weights."""
    config = dict(CONFIGS.get(model, CONFIGS['gau_alpha']), **options)
    config['num_hidden_layers'] = 2
    return tuple(randomise(build(model, packed=packed, **config).model, seed=1) for packed in (True, False))


@pytest.mark.parametrize('model, options', [
    ('bert', {'max_position': ROW}),
    ('bert', {'max_position': ROW, 'application': 'unilm', 'residual_attention_scores': True}),
    ('roformer', {'application': 'lm', 'recompute': True}),
    pytest.param('roformer_v2', {'with_mlm': 'linear'}, marks=pytest.mark.smoke),
    ('gau_alpha', {}),
    ('gau_alpha', {'application': 'unilm'}),
    (UserGAU, {}),
    (causal(UserGAU), {}),
], ids=str)
def test_a_text_among_others_and_alone(model, options):
    packed, plain = pair(model, **options)
    tokens, segments = texts()
    made = pack_sequences(tokens, ROW, segments)
    assert made.packing.count == 2 and made.documents.max() == 3
    found = made.packing.split(packed.predict_on_batch([made.tokens, made.segments, made.documents]))
    alone = plain.predict_on_batch([sequence_padding(tokens), sequence_padding(segments)])
    for one, two in zip(found, np.asarray(alone)):
        np.testing.assert_allclose(one, two[:len(one)], rtol=0, atol=1e-5)
    together = made.packing.split(plain.predict_on_batch([made.tokens, made.segments]))
    assert max(abs(one - two).max() for one, two in zip(found, together)) > 1e-3


def test_positions_can_be_given_and_segments_left_out(tmp_path):
    """And the rows may be longer than the table of positions."""
    packed, plain = pair('bert', custom_position_ids=True, segment_vocab_size=0, max_position=24)
    assert [x.name.split(':')[0] for x in packed.inputs] == ['Input-Token', 'Input-Position', 'Input-Document']
    tokens, made = texts()[0], pack_sequences(texts()[0], ROW)
    inputs = [made.tokens, 23 - made.positions, made.documents]
    found = np.asarray(packed.predict_on_batch(inputs))
    places = 23 - np.tile(np.arange(24), (len(tokens), 1))
    alone = np.asarray(plain.predict_on_batch([sequence_padding(tokens), places]))
    for one, two in zip(made.packing.split(found), alone):
        np.testing.assert_allclose(one, two[:len(one)], rtol=0, atol=1e-5)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    packed.save(path)
    again = keras.models.load_model(path, compile=False).predict_on_batch(inputs)
    np.testing.assert_allclose(again, found, rtol=0, atol=1e-6)


def test_masks_and_biases_between_texts():
    documents = np.array([[1, 1, 2, 0], [1, 2, 2, 2]], 'int32')
    same = documents[:, :, None] == documents[:, None, :]
    rng = np.random.RandomState(0)
    layer = PackedAttentionMask()
    assert np.array_equal(compute(layer, documents), same)
    for shape in ((4, 4), (2, 4, 4), (2, 3, 4, 4)):
        expected = same[:, None] if len(shape) == 4 else same
        mask = rng.rand(*shape) > 0.5
        found = compute(lambda ids, x: layer([ids, ops.greater(x, 0.5)]), documents, mask.astype('float32'))
        assert found.dtype == bool and np.array_equal(found, mask & expected)
        bias = rng.rand(*shape).astype('float32')
        found = compute(lambda ids, x: layer([ids, x]), documents, bias)
        assert np.array_equal(found, np.where(expected, bias, bias - np.float32(1e9)))
        assert found.shape == layer.compute_output_shape([(2, 4), shape])
    assert np.array_equal(compute(packed_positions, documents), [[0, 1, 0, 0], [0, 0, 1, 2]])


def test_a_step_of_training_is_the_same():
    """The loss is a mean over the tokens of all texts."""
    packed, plain = pair('gau_alpha', segment_vocab_size=0)
    tokens, made = texts()[0], pack_sequences(texts()[0], ROW)
    first, after = packed.get_weights(), []
    alone = sequence_padding(tokens)
    for model, inputs, ids in ((packed, [made.tokens, made.documents], made.tokens), (plain, [alone], alone)):
        options = {'jit_compile': False} if STACK == 'keras3' and ENGINE == 'tensorflow' else {}
        scale = 1.0 if STACK == 'keras3' else ids.size / (ids > 0).sum()  # Keras 2 counts padding in the mean
        model.compile(keras.optimizers.SGD(scale), lambda real, output: ops.mean(ops.square(output - real), axis=-1),
                      **options)
        model.train_on_batch(inputs, np.sin(ids[..., None] * np.arange(1, 33)))
        after.append(model.get_weights())
    assert max(abs(one - two).max() for one, two in zip(first, after[0])) > 0.01
    for one, two in zip(*after):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-5)


def test_what_has_no_meaning_in_a_row_of_several_texts():
    with pytest.raises(ValueError, match='packed: with_pool and with_nsp take the first token of a row'):
        build('bert', packed=True, with_pool=True)
    cache = keras.layers.Input((None, 32))
    with pytest.raises(ValueError, match='attention_caches: all texts of a packed row would see the same cached keys'):
        build('bert', packed=True, attention_caches={'Transformer-0-MultiHeadSelfAttention': [cache, cache]},
              additional_input_layers=[cache])
