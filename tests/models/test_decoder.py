"""GPT-J and GPT-NeoX against numpy, and rotary options of all models."""

import numpy as np
import pytest

from gplinker_kit.backend import STACK, keras
from gplinker_kit.models import build_transformer_model
from tests import oracles
from tests.layers.test_rotary import turned_by_hand
from tests.models.tiny import CONFIGS, SIZES, batch, build, randomise, write_config

DECODER = dict(SIZES, num_hidden_layers=2, hidden_act='gelu_tanh')
TOKENS = np.random.RandomState(3).randint(0, 50, (3, 9))


def tokens_twin(ids, weights, model, heads=4, rotary_dim=2, layout='interleaved', parallel=True):
    """Logits (b, n, v) of a decoder, its weights by layer name."""
    x = oracles.embedding(ids, weights['Embedding-Token'][0])
    for i in range(2):
        stem = 'Transformer-%d-' % i
        normed = oracles.norm(x, *weights[stem + 'MultiHeadSelfAttention-Norm'], epsilon=1e-5)
        attended = attention_twin(normed, weights[stem + 'MultiHeadSelfAttention'], heads, rotary_dim, layout)
        if model == 'gpt_neox':
            source = x if parallel else x + attended
            normed = oracles.norm(source, *weights[stem + 'FeedForward-Norm'], epsilon=1e-5)
        first, second, third, fourth = weights[stem + 'FeedForward']
        hidden = oracles.affine(normed, first, second)
        hidden = 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
        x = x + attended + oracles.affine(hidden, third, fourth)
    x = oracles.norm(x, *weights['Final-Norm'], epsilon=1e-5)
    return oracles.affine(x, *weights['LM-Head'])


def attention_twin(x, weights, heads, rotary_dim, layout):
    parts = [weights[k:k + len(weights) // 4] for k in range(0, len(weights), len(weights) // 4)]
    b, n, _ = x.shape
    q, k, v = (oracles.affine(x, *part).reshape(b, n, heads, -1) for part in parts[:3])
    places = np.tile(np.arange(float(n)), (b, 1))
    q, k = (turned_by_hand(y, places, rotary_dim, rotary_layout=layout) for y in (q, k))
    scores = np.einsum('bnhd,bmhd->bhnm', q, k) / np.sqrt(q.shape[-1])
    shares = oracles.attention_weights(scores, mask=np.tril(np.ones((n, n), bool)))
    return oracles.affine(np.einsum('bhnm,bmhd->bnhd', shares, v).reshape(b, n, -1), *parts[3])


@pytest.mark.smoke
@pytest.mark.parametrize('model, options, twin', [
    ('gpt_j', {}, {}),
    ('gpt_j', {'rotary_dim': 6}, {'rotary_dim': 6}),
    ('gpt_neox', {}, {'layout': 'half'}),
    ('gpt_neox', {'rotary_dim': 4, 'use_parallel_residual': False},
     {'layout': 'half', 'rotary_dim': 4, 'parallel': False}),
])
def test_against_numpy(model, options, twin):
    wrapper = build(model, with_lm='linear', **dict(DECODER, **options))
    randomise(wrapper.model)
    weights = {layer.name: [w.astype('float64') for w in layer.get_weights()] for layer in wrapper.model.layers}
    found = wrapper.model.predict_on_batch(TOKENS)
    expected = tokens_twin(TOKENS, weights, model, **twin)
    assert (abs(found - expected) / np.maximum(1, abs(expected))).max() < 1e-5


@pytest.mark.parametrize('model', ['gpt_j', 'gpt_neox'])
def test_nothing_leaks_from_later_tokens(model):
    decoder = randomise(build(model, **DECODER).model)
    other = TOKENS.copy()
    other[:, 5] = (other[:, 5] + 7) % 50
    one, two = decoder.predict_on_batch(TOKENS), decoder.predict_on_batch(other)
    assert np.array_equal(one[:, :5], two[:, :5]) and (one[:, 5:] != two[:, 5:]).any(-1).all()
    np.testing.assert_allclose(one.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize('model', ['gpt_j', 'gpt_neox'])
def test_files(model, tmp_path):
    """A whole model, and a checkpoint under the public names."""
    wrapper = build(model, with_lm='linear', **DECODER)
    expected = randomise(wrapper.model).predict_on_batch(TOKENS)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    wrapper.model.save(path)
    np.testing.assert_allclose(keras.models.load_model(path).predict_on_batch(TOKENS), expected, atol=1e-6)
    wrapper.save_weights_as_checkpoint(str(tmp_path / 'model.safetensors'))
    given = {'gpt_j': {'model_type': 'gptj', 'n_embd': 32, 'n_layer': 2, 'n_head': 4, 'n_inner': 64, 'rotary_dim': 2,
                       'activation_function': 'gelu_new', 'vocab_size': 50, 'layer_norm_epsilon': 1e-5},
             'gpt_neox': dict(DECODER, model_type='gpt_neox', rotary_pct=0.25, layer_norm_eps=1e-5, pad_token_id=3,
                              rotary_emb_base=10000)}[model]
    write_config(tmp_path / 'config.json', given)
    again = build_transformer_model(checkpoint_path=str(tmp_path), with_lm='linear', return_keras_model=False)
    assert not again.load_report.untouched and not again.load_report.unused_layers
    np.testing.assert_allclose(again.model.predict_on_batch(TOKENS), expected, atol=1e-6)


def test_the_fused_matrix_of_published_files():
    """Head by head: queries, keys, values."""
    wrapper = build('gpt_neox', with_lm='linear', **DECODER)
    randomise(wrapper.model)
    arrays = {}
    for layer, names in wrapper.variable_mapping().items():
        for name, value in zip(names, wrapper.layers[layer].get_weights() if layer in wrapper.layers else ()):
            arrays[name] = wrapper.create_variable(name, value)
    for i in range(2):
        stem = 'gpt_neox.layers.%d.attention.' % i
        for kind in ('weight', 'bias'):
            parts = [arrays.pop('%s%s.%s' % (stem, part, kind)) for part in ('query', 'key', 'value')]
            rows = [part[8 * head:8 * head + 8] for head in range(4) for part in parts]
            arrays['%squery_key_value.%s' % (stem, kind)] = np.concatenate(rows)
    arrays['lm_head.weight'] = arrays.pop('embed_out.weight')
    other = build('gpt_neox', with_lm='linear', **DECODER)
    report = other.load_weights_from_checkpoint(arrays)
    assert not report.untouched and not report.unused_layers
    for one, two in zip(other.model.get_weights(), wrapper.model.get_weights()):
        assert np.array_equal(one, two)
    arrays['gpt_neox.layers.1.attention.query_key_value.weight'] = np.zeros((90, 32))
    with pytest.raises(ValueError, match=r'query_key_value.weight has shape \(90, 32\), .*three times 4 heads of 8'):
        other.load_weights_from_checkpoint(arrays)


def test_options():
    tied = build('gpt_j', tie_word_embeddings=True, embedding_size=32, **DECODER)
    assert 'LM-Head' not in tied.layers and tied.model.output_shape[-1] == 50
    states = build('gpt_neox', with_lm=False, keep_tokens=[0, 5, 7], **DECODER)
    assert states.model.output_shape[-1] == 32 and states.vocab_size == 3
    assert len(build('gpt_j', application='lm', **DECODER).model.inputs) == 1
    with pytest.raises(ValueError, match="with_lm: .*'sofmax'"):
        build('gpt_j', with_lm='sofmax', **DECODER)
    with pytest.warns(UserWarning, match='GPT_J has no such head: with_mlm is ignored'):
        build('gpt_j', with_mlm=True, **DECODER)


def test_a_decoder_reads_a_source_as_a_whole():
    """UniLM's mask: the last token of the source changes what is said at its first, the target's does not."""
    decoder = randomise(build('gpt_neox', application='unilm', segment_vocab_size=2, **DECODER).model)
    segments = np.zeros_like(TOKENS)
    segments[:, 6:] = 1
    base = decoder.predict_on_batch([TOKENS, segments])
    for place, first in ((5, 0), (7, 7)):
        other = TOKENS.copy()
        other[:, place] = (other[:, place] + 7) % 50
        changed = (decoder.predict_on_batch([other, segments]) != base).any(-1)
        assert not changed[:, :first].any() and changed[:, first:].all()


@pytest.mark.parametrize('model', ['roformer', 'gau_alpha'])
def test_both_layouts_are_one_model_with_other_columns(model):
    """Columns of queries and keys in the order that makes halves of pairs."""
    options = dict(CONFIGS[model], num_attention_heads=1) if model == 'roformer' else CONFIGS[model]
    pairs, halves = build(model, **options), build(model, rotary_layout='half', **options)
    randomise(pairs.model)
    size = pairs.attention_key_size
    order = np.concatenate([np.arange(0, size, 2), np.arange(1, size, 2)])
    for name, layer in pairs.layers.items():
        weights = layer.get_weights()
        if name.endswith('SelfAttention'):
            weights[:4] = [each[..., order] for each in weights[:4]]
        elif name.endswith('GatedAttentionUnit'):
            start = weights[0].shape[1] - size
            weights[0] = np.concatenate([weights[0][:, :start], weights[0][:, start:][:, order]], 1)
            weights[1:3] = [each[order] for each in weights[1:3]]
        halves.layers[name].set_weights(weights)
    one, two = (wrapper.model.predict_on_batch(batch()) for wrapper in (pairs, halves))
    np.testing.assert_allclose(one, two, atol=1e-5)


@pytest.mark.parametrize('model', ['roformer_v2', 'gau_alpha'])
def test_rotary_options_reach_every_model(model, tmp_path):
    plain = build(model, **CONFIGS[model])
    randomise(plain.model)
    base, size = plain.model.predict_on_batch(batch()), plain.attention_key_size
    for options in ({'rotary_dim': size // 2}, {'rotary_base': 30.0}, {'rotary_layout': 'half'},
                    {'rotary_scaling': {'type': 'linear', 'factor': 3.0}}):
        other = build(model, layers=None, **dict(CONFIGS[model], **options))
        other.model.set_weights(plain.model.get_weights())
        found = other.model.predict_on_batch(batch())
        assert np.isfinite(found).all() and abs(found - base).max() > 1e-4, options
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    other.model.save(path)
    np.testing.assert_allclose(keras.models.load_model(path).predict_on_batch(batch()), found, atol=1e-6)


@pytest.mark.parametrize('options, message', [
    ({'rotary_dim': 3}, 'RoFormerV2: rotary_dim must be an even number of channels, at most the 8 of a head. .*=3'),
    ({'rotary_layout': 'halv'}, "unknown rotary_layout 'halv'. Did you mean 'half'"),
    ({'rotary_scaling': {'type': 'linear'}}, 'rotary_scaling must be None or'),
])
def test_rotary_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        build('roformer_v2', **options)


def test_rotary_options_of_a_model_without():
    with pytest.warns(UserWarning, match='BERT has no rotary positions: rotary_dim is ignored'):
        build('bert', rotary_dim=4)


@pytest.mark.parametrize('model', ['gpt_j', 'gpt_neox'])
def test_every_weight_has_a_name(model, tmp_path):
    options = dict(DECODER, segment_vocab_size=2, embedding_size=24, hidden_act=['gelu_tanh', 'linear'])
    one, two = build(model, **options), build(model, **options)
    randomise(one.model)
    one.save_weights_as_checkpoint(str(tmp_path / 'model.safetensors'))
    assert not two.load_weights_from_checkpoint(str(tmp_path / 'model.safetensors'), strict=True).untouched
    assert all(np.array_equal(a, b) for a, b in zip(one.model.get_weights(), two.model.get_weights()))
    with pytest.raises(ValueError, match='tie_word_embeddings: .*embedding_size=24, hidden_size=32'):
        build(model, tie_word_embeddings=True, **options)
