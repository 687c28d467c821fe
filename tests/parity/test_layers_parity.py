"""Our layers against bert4keras 0.11.5's on TF 1.15: the same weights in the same order, the same padded batches."""

import inspect
import json
import os

import numpy as np
import pytest

from gplinker_kit import layers
from gplinker_kit.backend import STACK, Input, K, Model, keras
from gplinker_kit.layers.stock import stock_names
from tests import oracles
from tests.helpers import ROOT, run_peer
from tests.layers.harness import BATCHES, Case
from tests.layers.wiring import Plain, Sequence, Shared, Wiring, assert_close, padded_ids, predict, random_weights

PEER = os.path.join(ROOT, 'tests', 'parity', 'peers', 'layers_peer.py')
E, H, D = 6, 2, 4
TABLE = Plain(lambda b, n, rng: np.repeat(oracles.sinusoidal(np.arange(n), D)[None], b, 0), (None, D), 'float32')
STRUCTURE = Plain(lambda b, n, rng: np.tril(np.ones((b, n, n), bool)), (None, None), 'bool')
HEAD_BIAS = Plain(lambda b, n, rng: rng.normal(size=(b, H, n, n)), (H, None, None), 'float32')
SCORES = Plain(lambda b, n, rng: rng.normal(size=(b, n, n)), (None, None), 'float32')
IDS = Plain(lambda b, n, rng: padded_ids(b, n, rng), (None,), 'int32')
POSITIONS = Plain(lambda b, n, rng: rng.uniform(0, 30, (b, n)), (None,), 'float32')
PLACES = Plain(lambda b, n, rng: rng.randint(0, 9, (b, n)).astype('int32'), (None,), 'int32')
TOPIC = Plain(lambda b, n, rng: rng.normal(size=(b, 5)), (5,), 'float32')
# Only their lengths matter; bert4keras's relative positions need inputs with masks on tf.keras.
LONG, LONGER = Sequence(1, extra=150), Sequence(1, extra=180)
VECTORS = Shared(lambda n, rng: rng.normal(size=(n, n, D)), (None, None, D), 'float32')
HEAD_SCORES = Shared(lambda n, rng: rng.normal(size=(n, n, H)), (None, None, H), 'float32')
BOTH = {'a_bias': True, 'p_bias': 'rotary'}


def case(name, config, sources, **options):
    return Case(name, config, sources, None, **options)


def plain(width, extra=0):
    return Plain(lambda b, n, rng: rng.normal(size=(b, n + extra, width)), (None, width), 'float32')


def attention(sources, call=None, **config):
    config = dict({'heads': H, 'head_size': 3, 'key_size': D, 'out_dim': 5}, **config)
    return case('MultiHeadAttention', config, [Sequence(E), Sequence(7), Sequence(E)] + sources, call=call)


def gau(sources, call=None, **config):
    config = dict({'units': 5, 'key_size': D}, **config)
    return case('GatedAttentionUnit', config, [Sequence(E)] + sources, call=call, scale=2.0)


CASES = {
    'attention, rotary, bool mask': attention([STRUCTURE, TABLE], BOTH),
    'attention, rotary': attention([TABLE], {'p_bias': 'rotary'}, use_bias=False, attention_scale=False),
    'attention, float bias': attention([HEAD_BIAS], {'a_bias': True}),
    'attention, softmax_plus, mask': attention([STRUCTURE], {'a_bias': True}, normalization='softmax_plus'),
    'attention, squared_relu': attention([], normalization='squared_relu'),
    'gau, squared_relu': gau([SCORES, TABLE], BOTH),
    'gau, squared_relu, mask': gau([STRUCTURE, TABLE], BOTH),
    'gau, softmax_plus': gau([TABLE], {'p_bias': 'rotary'}, normalization='softmax_plus', use_bias=False),
    'gau, softmax': gau([STRUCTURE], {'a_bias': True}, normalization='softmax', activation='relu'),
    'attention, typical relative, scores': attention(
        [STRUCTURE, VECTORS], {'a_bias': True, 'p_bias': 'typical_relative'}, head_size=D,
        return_attention_scores=True),
    'attention, t5 relative, scores': attention(
        [HEAD_BIAS, HEAD_SCORES], {'a_bias': True, 'p_bias': 't5_relative'}, attention_scale=False, use_bias=False,
        return_attention_scores=True),
    'attention, t5 relative, scaled': attention([HEAD_SCORES], {'p_bias': 't5_relative'}),
    'gau, cross': case(
        'GatedAttentionUnit', {'units': 5, 'key_size': D, 'self_attention': False, 'activation': 'relu'},
        [plain(E), plain(7), plain(4), STRUCTURE, TABLE], call=BOTH, scale=2.0),
    'gau, cross, softmax_plus': case(
        'GatedAttentionUnit', {'units': 5, 'key_size': D, 'self_attention': False, 'normalization': 'softmax_plus',
                               'use_bias': False}, [plain(E), plain(7, 2), plain(7, 2)], scale=2.0),
    'feed-forward, gelu': case('FeedForward', {'units': 5, 'activation': 'gelu'}, [Sequence(E)]),
    'feed-forward, gated': case(
        'FeedForward', {'units': 5, 'activation': ['swish', 'linear'], 'use_bias': False}, [Sequence(E)]),
    'norm': case('LayerNormalization', {'epsilon': 1e-12}, [Sequence(E)]),
    'norm, rms': case('LayerNormalization', {'zero_mean': False, 'scale': False, 'offset': False}, [Sequence(E)]),
    'norm, T5': case('LayerNormalization', {'zero_mean': False, 'offset': False}, [Sequence(E)]),
    'norm, no variance': case('LayerNormalization', {'unit_variance': False, 'offset': 0.5}, [Sequence(E)]),
    'norm, conditional': case('LayerNormalization', {'conditional': True, 'epsilon': 1e-3}, [Sequence(E), TOPIC]),
    'norm, conditional, hidden': case(
        'LayerNormalization', {'conditional': True, 'hidden_units': 3, 'hidden_activation': 'tanh'},
        [Sequence(E), TOPIC]),
    'constants': case('ScaleOffset', {'scale': 0.5, 'offset': -2}, [Sequence(E)]),
    'constants, conditional': case('ScaleOffset', {'scale': 0.5, 'conditional': True}, [Sequence(E), TOPIC]),
    'offset, conditional': case('ScaleOffset', {'scale': False, 'conditional': True}, [Sequence(E), TOPIC]),
    'scale and offset': case('ScaleOffset', {}, [Sequence(E)]),
    'pointer': case('GlobalPointer', {'heads': H, 'head_size': D}, [Sequence(E)]),
    'pointer, whole square': case(
        'GlobalPointer', {'heads': H, 'head_size': D, 'RoPE': False, 'tril_mask': False}, [Sequence(E)]),
    'efficient pointer': case('EfficientGlobalPointer', {'heads': H, 'head_size': D}, [Sequence(E)]),
    'efficient pointer, bare': case(
        'EfficientGlobalPointer', {'heads': 3, 'head_size': D, 'RoPE': False, 'use_bias': False}, [Sequence(E)]),
    'embedding': case('Embedding', {'input_dim': 11, 'output_dim': 3, 'mask_zero': True}, [IDS]),
    'embedding, tied output': case(
        'Embedding', {'input_dim': 11, 'output_dim': E}, [Sequence(E)], call={'mode': 'dense'}),
    'sinusoidal': case('SinusoidalPositionEmbedding', {'output_dim': E}, [Sequence(E)]),
    'sinusoidal, concatenated': case(
        'SinusoidalPositionEmbedding', {'output_dim': D, 'merge_mode': 'concat', 'custom_position_ids': True},
        [Sequence(E), POSITIONS]),
    'positions, mul': case('PositionEmbedding', {'input_dim': 9, 'output_dim': E, 'merge_mode': 'mul'}, [Sequence(E)]),
    'positions, custom': case(
        'PositionEmbedding', {'input_dim': 9, 'output_dim': E, 'custom_position_ids': True}, [Sequence(E), PLACES]),
    'positions, hierarchical': case(
        'PositionEmbedding', {'input_dim': 3, 'output_dim': D, 'merge_mode': 'concat', 'hierarchical': True},
        [Sequence(E)]),
    'positions, hierarchical, custom': case(
        'PositionEmbedding',
        {'input_dim': 3, 'output_dim': E, 'hierarchical': 0.3, 'custom_position_ids': True}, [Sequence(E), PLACES]),
    'relative positions': case(
        'RelativePositionEmbedding', {'input_dim': 5, 'output_dim': 3}, [Sequence(1), Sequence(1, extra=2)]),
    'T5 positions': case('RelativePositionEmbeddingT5', {'input_dim': 32, 'output_dim': 2}, [LONG, LONGER]),
    'T5 positions, one direction': case(
        'RelativePositionEmbeddingT5', {'input_dim': 20, 'output_dim': 2, 'max_distance': 100, 'bidirectional': False},
        [LONG, LONGER]),
    'concatenated sequences': case('Concatenate1D', {}, [Sequence(E), plain(E), Sequence(E, extra=2)]),
    'parts': case('BatchSplit', {'parts': 3}, [Sequence(E), IDS]),
    'parts in proportion': case('BatchSplit', {'parts': [1, 2, 1]}, [Sequence(E), IDS]),
    'parts together': case('BatchConcat', {}, [Sequence(E), Sequence(E)]),
    'mean of tokens': case('GlobalAveragePooling1D', {}, [Sequence(E)]),
    'maximum of tokens': case('GlobalMaxPooling1D', {}, [Sequence(E)]),
}  # fmt: skip

# Names of bert4keras's star import that ours has not, by reason.
PARTS_OF_KERAS_2 = (
    'AtrousConvolution1D', 'AtrousConvolution2D', 'ConvRecurrent2D', 'Highway', 'MaxoutDense', 'Recurrent',
    'advanced_activations', 'convolutional', 'convolutional_recurrent', 'core', 'cudnn_recurrent',
    'deserialize_keras_object', 'embeddings', 'local', 'merge', 'noise', 'normalization', 'pooling', 'recurrent',
    'wrappers',
)  # fmt: skip
INTERNALS = ('Node', 'NodeBase', 'absolute_import')  # what bert4keras patches Keras with, and a `__future__` feature


def compute_ours(case, rng):
    """Returns (predictions, feeds, tables, weights)."""
    if STACK != 'keras3':
        keras.backend.clear_session()  # every run pays for what the graph holds
    wiring = Wiring(case, rng)
    layer = case.make()
    outputs = layer(wiring.tensors, **case.call)
    model = wiring.model(outputs if isinstance(outputs, list) else [outputs])
    weights = random_weights(layer, rng, case.scale)
    feeds = [feed.astype('float32') if feed.dtype == 'float64' else feed for feed in wiring.draw(*BATCHES[0])[0]]
    return predict(model, feeds), feeds, wiring.tables, weights


class Distance(layers.Loss):
    def compute_loss(self, inputs, mask=None):
        return K.mean(K.square(inputs[0] - inputs[1]))


def our_losses(arrays):
    """Three steps of gradient descent, trained by the layer alone."""
    x, y = Input(shape=(2,)), Input(shape=(1,))
    dense = layers.Dense(1)
    model = Model([x, y], Distance(output_axis=1)([y, dense(x)]))
    dense.set_weights([arrays['loss/kernel'], arrays['loss/bias']])
    model.compile(keras.optimizers.SGD(0.1))
    feeds = [arrays['loss/x'], arrays['loss/y']]
    return np.array([np.ravel(model.train_on_batch(feeds, None))[0] for _ in range(3)])


@pytest.fixture(scope='module')
def prepared(tmp_path_factory):
    """Returns (our results, arguments of the peer)."""
    rng = np.random.RandomState(5)
    ours, arrays, specs = {}, {}, []
    for i, (name, each) in enumerate(CASES.items()):
        ours[name], feeds, tables, weights = compute_ours(each, rng)
        for kind, values in (('feed', feeds), ('table', tables), ('weight', weights)):
            arrays.update({'%d/%s/%d' % (i, kind, j): v for j, v in enumerate(values) if v is not None})
        sources = [dict(vars(source), shared=isinstance(source, Shared)) for source in each.sources]
        specs.append({
            'layer': each.cls.__name__, 'config': each.config, 'call': each.call,
            'sources': [{key: s[key] for key in ('width', 'shape', 'dtype', 'shared') if key in s} for s in sources],
        })  # fmt: skip
    for name, shape in (('x', (4, 2)), ('y', (4, 1)), ('kernel', (2, 1)), ('bias', (1,))):
        arrays['loss/' + name] = rng.normal(size=shape).astype('float32')
    ours['loss'] = our_losses(arrays)
    folder = tmp_path_factory.mktemp('layers')
    (folder / 'cases.json').write_text(json.dumps(specs), encoding='utf-8')
    np.savez(str(folder / 'arrays.npz'), **arrays)
    return ours, (PEER, folder / 'cases.json', folder / 'arrays.npz')


@pytest.fixture(scope='module', params=[False, True], ids=['keras', 'tf.keras'])
def both(request, prepared):
    """Returns (ours, theirs); the peer runs once with each Keras, for all cases."""
    ours, arguments = prepared
    return ours, run_peer(*arguments, tf_keras=request.param)


@pytest.mark.parametrize('name', CASES)
def test_layer(name, both):
    ours, theirs = both[0][name], both[1]
    place = list(CASES).index(name)
    expected = [theirs['%d/%d' % (place, j)] for j in range(len(ours))]
    assert '%d/%d' % (place, len(ours)) not in theirs
    seen = np.concatenate([x[np.isfinite(x)] for x in expected])
    assert not any(np.isnan(x).any() for x in expected) and np.ptp(seen) > 0.1
    for found, wanted in zip(ours, expected):
        assert_close(found, wanted.astype('float64'))


def test_training_through_the_loss_layer(both):
    ours, theirs = both[0]['loss'], both[1]['loss']
    assert theirs[2] < theirs[1] < theirs[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_arguments_and_their_defaults(both):
    """In bert4keras's order; what ours take besides comes behind."""
    for name, theirs in json.loads(str(both[1]['signatures'])).items():
        ours = inspect.signature(getattr(layers, name)).parameters.values()
        ours = [[p.name] if p.default is p.empty else [p.name, p.default] for p in ours][: len(theirs)]
        assert ours == theirs, name


def test_star_import(both):
    """Each name that scripts get from bert4keras's star import is in ours, unless a list says why not."""
    excused = set(PARTS_OF_KERAS_2 + INTERNALS)
    assert not excused & set(layers.__all__), 'an excuse that is not needed'
    # A name that this Keras lacks is in the list of those that only another one has.
    other = set(stock_names('keras2') + stock_names('tf_keras')) - set(stock_names(STACK))
    missing = set(both[1]['names'].tolist()) - set(layers.__all__) - excused
    assert missing <= other, sorted(missing - other)
    assert not [name for name in missing if hasattr(keras.layers, name)]
