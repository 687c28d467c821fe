"""Every exported layer through the whole harness, and what layers/common.py itself promises."""

import inspect
import json

import numpy as np
import pytest

from gplinker_kit import layers as ours
from gplinker_kit.backend import STACK, Input, Layer, Model, initializers, keras, ops, register
from gplinker_kit.layers import common
from tests import attention_oracles, flash_oracles, oracles
from tests.helpers import evaluate
from tests.layers.harness import Case, check_layer, first_mask, no_mask
from tests.layers.wiring import Plain, Sequence, Shared, assert_close, padded_ids, predict

E, H, D = 6, 2, 4  # hidden size, heads, head size


def vectors(width):
    return Plain(lambda b, n, rng: rng.normal(size=(b, n, width)).astype('float32'), (None, width))


def later_positions(width):
    """A rotary table whose positions start at 3."""
    return Plain(
        lambda b, n, rng: np.repeat(oracles.sinusoidal(np.arange(3, n + 3), width)[None], b, 0).astype('float32'),
        (None, width),
    )


SCORES = Plain(lambda b, n, rng: rng.normal(size=(b, n, n)).astype('float32'), (None, None))
# Each token sees itself and the ones before it.
STRUCTURE = Plain(lambda b, n, rng: np.tril(np.ones((b, n, n), bool)), (None, None), 'bool')
TOPIC = Plain(lambda b, n, rng: rng.normal(size=(b, 5)).astype('float32'), (5,))
# (n, m, d) for keys two longer than the queries.
VECTORS = Shared(lambda n, rng: rng.normal(size=(n, n + 2, D)).astype('float32'), (None, None, D))
IDS = Plain(lambda b, n, rng: padded_ids(b, n, rng), (None,), 'int32')
POSITIONS = Plain(lambda b, n, rng: rng.uniform(0, 400, (b, n)).astype('float32').round(), (None,), 'float32')
PLACES = Plain(lambda b, n, rng: rng.randint(0, 8, (b, n)).astype('int32'), (None,), 'int32')


# Kernel and bias of q, k, v and the output.
PROJECTIONS = [(E, 8), (8,), (7, 8), (8,), (E, 6), (6,), (6, 5), (5,)]
PROJECTED = {'heads': H, 'head_size': 3, 'key_size': D, 'out_dim': 5}


def efficient(layer, config, attend, features=()):
    """A layer of efficient attention, with rotary positions; `attend(q, k, v, masks, weights, positions)`."""

    def oracle(xs, masks, w):
        positions = np.arange(3, xs[0].shape[1] + 3)
        return attention_oracles.layer(xs[:3], w, H, lambda q, k, v: attend(q, k, v, masks, w, positions))

    sources = [Sequence(E), Sequence(7), Sequence(E), later_positions(D)]
    return Case(layer, dict(PROJECTED, **config), sources, oracle, PROJECTIONS + list(features), {'p_bias': 'rotary'})


@register
class SumOfSquares(ours.Loss):
    def compute_loss(self, inputs, mask=None):
        return ops.sum(ops.square(ops.cast(inputs[0], 'float32')))


CASES = [
    Case('Embedding', {'input_dim': 11, 'output_dim': 3, 'mask_zero': True}, [IDS],
         lambda xs, masks, w: oracles.embedding(xs[0], w[0]), [(11, 3)],
         mask=lambda xs, masks: oracles.embedding_mask(xs[0])),
    Case('Embedding', {'input_dim': 5, 'output_dim': E}, [Sequence(E)],
         lambda xs, masks, w: oracles.tied_output(xs[0], w[0]), [(5, E)], {'mode': 'dense'}, name='Embedding-dense'),
    Case('LayerNormalization', {'epsilon': 1e-3}, [Sequence(E)],
         lambda xs, masks, w: oracles.norm(xs[0], *w, epsilon=1e-3), [(E,), (E,)]),
    Case('LayerNormalization', {'zero_mean': False, 'scale': False, 'offset': False}, [Sequence(E)],
         lambda xs, masks, w: oracles.norm(xs[0], zero_mean=False), rate=None, name='LayerNormalization-rms'),
    Case('LayerNormalization', {'conditional': True, 'hidden_units': 3, 'hidden_activation': 'tanh'},
         [Sequence(E), TOPIC],
         lambda xs, masks, w: oracles.scale_offset(oracles.norm(xs[0]), w, xs[1], activation='tanh'),
         [(E,), (E,), (5, 3), (3, E), (3, E)], name='LayerNormalization-conditional'),
    Case('ScaleOffset', {}, [Sequence(E)], lambda xs, masks, w: xs[0] * w[1] + w[0], [(E,), (E,)]),
    Case('ScaleOffset', {'conditional': True, 'scale': 0.5}, [Sequence(E), vectors(5)],
         lambda xs, masks, w: oracles.scale_offset(xs[0], w, xs[1], scale=0.5), [(E,), (5, E), (5, E)],
         name='ScaleOffset-conditional'),
    Case('SinusoidalPositionEmbedding', {'output_dim': E, 'custom_position_ids': True}, [Sequence(E), POSITIONS],
         lambda xs, masks, w: xs[0] + oracles.sinusoidal(xs[1], E), rate=None),
    Case('PositionEmbedding', {'input_dim': 8, 'output_dim': E, 'custom_position_ids': True}, [Sequence(E), PLACES],
         lambda xs, masks, w: xs[0] + w[0][xs[1]], [(8, E)]),
    Case('PositionEmbedding', {'input_dim': 3, 'output_dim': E, 'hierarchical': True, 'custom_position_ids': True},
         [Sequence(E), PLACES], lambda xs, masks, w: xs[0] + oracles.hierarchical(xs[1], w[0]), [(3, E)],
         name='PositionEmbedding-hierarchical'),
    Case('Add', {}, [Sequence(E), vectors(E)], lambda xs, masks, w: xs[0] + xs[1], rate=None),
    Case('Residual', {'alpha': 1.5, 'epsilon': 0.0, 'learn_alpha': True, 'learn_epsilon': True},
         [Sequence(E), vectors(E)], lambda xs, masks, w: w[0] * xs[0] + w[1] * xs[1], [(E,), (1,)]),
    Case('Residual', {'alpha': 2.0, 'epsilon': 0.25}, [Sequence(E), vectors(E), vectors(1)],
         lambda xs, masks, w: 2.0 * xs[0] + 0.25 * xs[2] * xs[1], rate=None, name='Residual-factor'),
    Case('Ramp', {'steps': 1}, [Sequence(E)], lambda xs, masks, w: np.minimum(w[0], 1.0).reshape(1, 1, 1), [(1,)],
         mask=no_mask, rate=None),
    Case('Concatenate1D', {}, [Sequence(E), vectors(E), Sequence(E, extra=2)],
         lambda xs, masks, w: np.concatenate(xs, 1), rate=None,
         mask=lambda xs, masks: np.concatenate([masks[0], np.ones(xs[1].shape[:2], bool), masks[2]], 1)),
    Case('BatchSplit', {'parts': 3}, [Sequence(E), IDS],
         lambda xs, masks, w: [part for x in xs for part in oracles.split_rows(x, 3)], rate=None, opaque=True,
         mask=lambda xs, masks: oracles.split_rows(masks[0], 3) + [None] * 3),
    Case('BatchConcat', {}, [Sequence(E), Sequence(E)], lambda xs, masks, w: np.concatenate(xs, 0), rate=None,
         mask=lambda xs, masks: np.concatenate(masks, 0)),
    Case('GlobalAveragePooling1D', {}, [Sequence(E)],
         lambda xs, masks, w: oracles.pooled(xs[0], masks[0], np.mean), mask=no_mask, rate=None),
    Case('GlobalMaxPooling1D', {'keepdims': True}, [Sequence(E)],
         lambda xs, masks, w: oracles.pooled(xs[0], masks[0], np.max)[:, None], mask=no_mask, rate=None),
    Case('FirstToken', {}, [Sequence(E)], lambda xs, masks, w: oracles.first_token(xs[0]), mask=no_mask, rate=None),
    Case('FeedForward', {'units': 5, 'activation': ['swish', 'linear']}, [Sequence(E)],
         lambda xs, masks, w: oracles.feed_forward(xs[0], w, ['swish', 'linear']),
         [(E, 5), (5,), (E, 5), (5,), (5, E), (E,)]),
    Case('MultiHeadAttention', {'heads': H, 'head_size': 3, 'key_size': D, 'out_dim': 5},
         [Sequence(E), Sequence(7), Sequence(E), STRUCTURE, later_positions(D)],
         lambda xs, masks, w: oracles.multi_head_attention(
             *xs[:3], w, H, 3, D, padding=masks[2], structure=xs[3], positions=np.arange(3, xs[0].shape[1] + 3)),
         [(E, 8), (8,), (7, 8), (8,), (E, 6), (6,), (6, 5), (5,)], call={'a_bias': True, 'p_bias': 'rotary'}),
    Case('MultiHeadAttention', {'heads': H, 'head_size': D, 'return_attention_scores': True},
         [Sequence(E), Sequence(7, extra=2), Sequence(E, extra=2), VECTORS],
         lambda xs, masks, w: oracles.multi_head_attention(
             *xs[:3], w, H, D, padding=masks[2], relative=xs[3], with_scores=True),
         [(E, 8), (8,), (7, 8), (8,), (E, 8), (8,), (8, 8), (8,)], call={'p_bias': 'typical_relative'},
         mask=lambda xs, masks: [masks[0], None], name='MultiHeadAttention-typical'),
    efficient('LinearAttention', {'causal': True}, lambda q, k, v, masks, w, positions: attention_oracles.linear(
        q, k, v, masks[2], causal=True, positions=positions)),
    efficient('PerformerAttention', {'features': 6, 'causal': True}, lambda q, k, v, masks, w, positions:
              attention_oracles.performer(q, k, v, w[8], masks[2], causal=True, positions=positions),
              features=[(6, D)]),
    efficient('NystromAttention', {'landmarks': 4}, lambda q, k, v, masks, w, positions: attention_oracles.nystrom(
        q, k, v, masks[2], masks[0], 4, positions=positions)),
    efficient('SparseAttention', {'stride': 2}, lambda q, k, v, masks, w, positions: attention_oracles.sparse(
        q, k, v, masks[2], stride=2, positions=positions)),
    Case('GatedAttentionUnit', {'units': 5, 'key_size': D}, [Sequence(E), SCORES, later_positions(D)],
         lambda xs, masks, w: oracles.gated_attention_unit(
             xs[0], w, 5, D, padding=masks[0], bias=xs[1], positions=np.arange(3, xs[0].shape[1] + 3)),
         [(E, 14), (14,), (D,), (D,), (D,), (D,), (5, E), (E,)], call={'a_bias': True, 'p_bias': 'rotary'}, scale=1.5),
    Case('GatedAttentionUnit', {'units': 5, 'key_size': D, 'self_attention': False},
         [Sequence(E), Sequence(7, extra=2), Sequence(4, extra=2)],
         lambda xs, masks, w: oracles.cross_gated_attention_unit(*xs, w, 5, D, padding=masks[1]),
         [(E, 9), (9,), (7, 4), (4,), (4, 5), (5,), (5, E), (E,)], scale=1.5, name='GatedAttentionUnit-cross'),
    Case('GatedAttentionUnit',
         {'units': 5, 'key_size': D, 'normalization': 'softmax_plus', 'least_keys': 1, 'offset_scale': False,
          'causal': True}, [Sequence(E)],
         lambda xs, masks, w: oracles.gated_attention_unit(
             xs[0], w, 5, D, method='softmax_plus', least_keys=1, padding=masks[0], offset_scale=False, causal=True),
         [(E, 14), (14,), (5, E), (E,)], scale=1.5, name='GatedAttentionUnit-causal'),
    Case('FLASH', {'units': 5, 'key_size': D, 'chunk_size': 4}, [Sequence(E), later_positions(D)],
         lambda xs, masks, w: flash_oracles.flash_unit(
             xs[0], w, 5, D, chunk_size=4, padding=masks[0], positions=np.arange(3, xs[0].shape[1] + 3)),
         [(E, 14), (14,)] + [(D,)] * 8 + [(5, E), (E,)], call={'p_bias': 'rotary'}, scale=1.5),
    Case('MixedChunkAttention',
         {'heads': H, 'head_size': 3, 'key_size': D, 'out_dim': 5, 'chunk_size': 4, 'causal': True, 'use_bias': False,
          'global_divisor': 8}, [Sequence(E), Sequence(7), Sequence(E), later_positions(D)],
         lambda xs, masks, w: flash_oracles.mixed_chunk_heads(
             *xs[:3], w, H, 3, D, False, padding=masks[2], positions=np.arange(3, xs[0].shape[1] + 3), chunk_size=4,
             causal=True, global_divisor=8),
         [(E, 8), (7, 8), (E, 6)] + [(8,)] * 4 + [(6, 5)], call={'p_bias': 'rotary'}, scale=1.5),
    Case('RelativePositionEmbedding', {'input_dim': 5, 'output_dim': 3}, [Sequence(E), Sequence(E, extra=2)],
         lambda xs, masks, w: oracles.relative_positions(xs[0].shape[1], xs[1].shape[1], w[0]), [(5, 3)],
         mask=no_mask, rate=None),
    Case('RelativePositionEmbeddingT5', {'input_dim': 8, 'output_dim': 3, 'max_distance': 5},
         [Sequence(E), Sequence(E, extra=2)],
         lambda xs, masks, w: oracles.t5_positions(xs[0].shape[1], xs[1].shape[1], w[0], max_distance=5), [(8, 3)],
         mask=no_mask, rate=None),
    Case(SumOfSquares, {'output_axis': [1, 0]}, [Sequence(E), vectors(2)], lambda xs, masks, w: xs[::-1], rate=None,
         mask=lambda xs, masks: masks[::-1], name='Loss'),
    Case('ConditionalRandomField', {'lr_multiplier': 10}, [Sequence(E)],
         lambda xs, masks, w: np.where(masks[0][..., None], xs[0], -np.inf), [(E, E)], mask=no_mask, rate=None),
    Case('MaximumEntropyMarkovModel', {'lr_multiplier': 2.5, 'hidden_dim': 3}, [Sequence(E)],
         lambda xs, masks, w: np.where(masks[0][..., None], xs[0], -np.inf), [(E, 3), (E, 3)], mask=no_mask, rate=None),
    Case('GlobalPointer', {'heads': H, 'head_size': D}, [Sequence(E)],
         lambda xs, masks, w: oracles.global_pointer(xs[0], w, H, D, padding=masks[0]), [(E, 16), (16,)], mask=no_mask),
    Case('EfficientGlobalPointer', {'heads': H, 'head_size': D}, [Sequence(E)],
         lambda xs, masks, w: oracles.efficient_global_pointer(xs[0], w, padding=masks[0]),
         [(E, 8), (8,), (8, 4), (4,)], mask=no_mask),
    Case('EfficientGlobalPointer', {'heads': 3, 'head_size': D, 'packed': True}, [Sequence(E)],
         lambda xs, masks, w: oracles.packed_global_pointer(xs[0], w, padding=masks[0]),
         [(E, 8), (8,), (8, 6), (6,)], mask=no_mask, name='EfficientGlobalPointer-packed'),
]  # fmt: skip


if STACK != 'keras3':  # whose Dropout is Keras's own
    CASES.append(Case('Dropout', {'rate': 0.3}, [Sequence(E)], lambda xs, masks, w: xs[0], rate=None))


def exported():
    """Our layer classes among the names of the package: those that stock Keras does not define."""
    found = [getattr(ours, name) for name in ours.__all__]
    return [x for x in found if inspect.isclass(x) and x.__module__.startswith('gplinker_kit') and x is not Layer
            and issubclass(x, keras.layers.Layer)]


def class_of(case):
    """The class of a case, or the one of ours that it is a subclass of."""
    return next(cls for cls in case.cls.__mro__ if cls.__module__.startswith('gplinker_kit'))


@pytest.mark.smoke
@pytest.mark.parametrize('case', CASES, ids=repr)
def test_layer(case, tmp_path):
    check_layer(case, tmp_path)


def test_every_exported_layer_is_in_the_table():
    assert {cls.__name__ for cls in exported()} == {class_of(case).__name__ for case in CASES}


@pytest.mark.parametrize('cls', exported(), ids=lambda cls: cls.__name__)
def test_every_argument_is_an_attribute_and_in_the_config(cls):
    case = next(case for case in CASES if class_of(case) is cls)
    layer = cls(**case.config)
    config = layer.get_config()
    assert json.loads(json.dumps(config)) is not None
    own = next(base for base in cls.__mro__ if '__init__' in vars(base))
    if not own.__module__.startswith('gplinker_kit'):
        pytest.skip("the constructor is Keras's own")
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    for name in [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]:
        assert hasattr(layer, name), '%s has no attribute %s' % (cls.__name__, name)
        assert name in config, 'the config of %s lacks %s' % (cls.__name__, name)
        if name in case.config:
            assert config[name] == case.config[name]


def test_all_is_complete():
    assert len(ours.__all__) == len(set(ours.__all__))
    assert all(hasattr(ours, name) for name in ours.__all__)
    assert all(ours.custom_objects[cls.__name__] is cls for cls in exported())
    for name in ('Add', 'Embedding', 'GlobalMaxPool1D', 'LayerNormalization', 'MultiHeadAttention'):
        assert getattr(ours, name).__module__.startswith('gplinker_kit'), 'the stock %s has won' % name
    for name in ('Activation', 'Dense', 'Lambda') + (('Dropout',) if STACK == 'keras3' else ()):
        assert getattr(ours, name) is getattr(keras.layers, name)


def test_masks_pass_through_stock_layers_in_between():
    ids = Input(shape=(None,), dtype='int32')
    x = ours.Embedding(11, E, mask_zero=True)(ids)
    dense = ours.Dense(E)
    x = ours.Dropout(0.1)(ours.Activation('tanh')(dense(ours.LayerNormalization()(x))))
    pointer = ours.GlobalPointer(H, D)
    model = Model(ids, pointer(x))
    rng = np.random.RandomState(0)
    model.set_weights([rng.uniform(-1, 1, w.shape) for w in model.get_weights()])
    feed = padded_ids(3, 5, rng)
    table, beta, gamma, kernel, bias = model.get_weights()[:5]
    hidden = oracles.norm(oracles.embedding(feed, table), beta, gamma)
    hidden = np.tanh(oracles.affine(hidden, kernel, bias))
    expected = oracles.global_pointer(hidden, pointer.get_weights(), H, D, padding=oracles.embedding_mask(feed))
    assert_close(predict(model, [feed])[0], expected)


def test_key_mask_and_align_heads():
    mask = np.array([[1, 0], [1, 1]])
    assert evaluate(common.key_mask(common.ops.convert_to_tensor(mask), 4)).shape == (2, 1, 1, 2)
    assert evaluate(common.key_mask(common.ops.convert_to_tensor(mask), 3)).dtype == bool
    for shape, rank, wanted in [
        ((5, 6), 4, (1, 1, 5, 6)), ((2, 5, 6), 4, (2, 1, 5, 6)), ((2, 3, 5, 6), 4, (2, 3, 5, 6)),
        ((5, 6), 3, (1, 5, 6)), ((2, 5, 6), 3, (2, 5, 6)),
    ]:  # fmt: skip
        given = np.random.RandomState(0).normal(size=shape).astype('float32')
        found = evaluate(common.align_heads(common.ops.convert_to_tensor(given), rank))
        np.testing.assert_array_equal(found, given.reshape(wanted))


@pytest.mark.parametrize('shape, rank', [((3,), 4), ((2, 3, 4, 5), 3), ((1, 2, 3, 4, 5), 4)])
def test_align_heads_refuses_other_ranks(shape, rank):
    with pytest.raises(ValueError, match=r'attention bias must be of rank 2 to %d. Received: shape=\(' % rank):
        common.align_heads(common.ops.convert_to_tensor(np.zeros(shape, 'float32')), rank)


@pytest.mark.parametrize('value', [0, -1, 2.0, '3', True, None])
def test_require_positive(value):
    with pytest.raises(ValueError, match='Owner: size must be a positive integer. Received: size=%r' % (value,)):
        common.require_positive('Owner', fine=np.int64(2), size=value)


@pytest.mark.parametrize('value', [-0.1, 1, 1.5, '0.1'])
def test_require_rate(value):
    with pytest.raises(ValueError, match=r'Owner: drop must be None or lie in \[0, 1\). Received: drop=%r' % value):
        common.require_rate('Owner', fine=None, also=0, still=0.999, drop=value)


@pytest.mark.parametrize('value', ['yes', (1.0,)])
def test_require_gain(value):
    with pytest.raises(ValueError, match='Owner: scale must be True, False or a number. Received: scale=.*%s' % value):
        common.require_gain('Owner', fine=None, also=False, number=0.5, whole=2, scale=value)


def test_shapes_as_tuples():
    assert common.first_shape([(2, None, 3), (1, 1)]) == (2, None, 3) == common.first_shape((2, None, 3))
    assert common.last_size('Owner', (None, 3)) == 3
    with pytest.raises(ValueError, match=r'Owner: the size of the last axis must be known. .*shape=\(2, None\)'):
        common.last_size('Owner', (2, None))
    assert common.first([1, 2]) == common.first((1,)) == common.first(1) == 1


def test_integerize_shape():
    """For `build` methods of scripts: TF 1.15 hands them `Dimension`s."""

    class Size:
        def __init__(self, value):
            self.value = value

    class Owner:
        @common.integerize_shape
        def build(self, input_shape):
            """As it was."""
            return input_shape

    assert Owner().build((Size(None), 3)) == (None, 3)
    assert Owner().build([(Size(2), Size(None)), (Size(3), 4)]) == [(2, None), (3, 4)]
    assert Owner.build.__doc__ == 'As it was.'


@pytest.mark.parametrize('name, arguments', [
    ('LayerNormalization', ()), ('ScaleOffset', ()), ('FeedForward', (2,)), ('GatedAttentionUnit', (2, 2)),
    ('GlobalPointer', (1, 2)), ('EfficientGlobalPointer', (1, 2)), ('MultiHeadAttention', (1, 2)),
])  # fmt: skip
def test_weights_need_a_known_last_axis(name, arguments):
    shape = (None, None, None)
    with pytest.raises(ValueError, match='%s: the size of the last axis must be known' % name):
        getattr(ours, name)(*arguments).build([shape] * 3 if name == 'MultiHeadAttention' else shape)


def test_method_initializer(tmp_path):
    """A bound method initialises a layer; a saved layer carries a truncated normal of 0.02 in its place."""
    calls = []

    class Sevens:
        def initialise(self, shape, dtype=None, **kwargs):
            calls.append(tuple(shape))
            return initializers.Constant(7.0)(shape, dtype=dtype)

    for wrapped in (Sevens().initialise, ours.MethodInitializer(Sevens().initialise)):
        layer = ours.FeedForward(2, kernel_initializer=wrapped)
        layer.build((None, 3))
        assert calls.pop() == (2, 3) and calls.pop() == (3, 2)
        assert (layer.get_weights()[0] == 7.0).all()
        config = json.loads(json.dumps(layer.get_config()))
        del config['name']
        again = ours.FeedForward.from_config(config)
        assert isinstance(again.kernel_initializer, ours.MethodInitializer)
        again.build((None, 300))
        kernel = again.get_weights()[0]
        assert 0.01 < kernel.std() < 0.03 and abs(kernel).max() < 0.041
        del calls[:]


@pytest.mark.skipif(STACK == 'keras3', reason='Keras 3 finds classes by package and name')
def test_models_with_keras_own_embedding_still_load(tmp_path):
    ids = Input(shape=(None,))
    model = Model(ids, keras.layers.Embedding(4, 3, embeddings_regularizer='l2', input_length=None)(ids))
    path = str(tmp_path / 'stock.h5')
    model.save(path)
    again = keras.models.load_model(path, compile=False)
    feed = np.array([[1, 2, 0]])
    assert_close(predict(again, [feed])[0], predict(model, [feed])[0])


def test_helpers_of_this_table():
    """The oracle of a case would be useless if the harness fed it no padding."""
    ids = padded_ids(4, 6, np.random.RandomState(7))
    mask = oracles.embedding_mask(ids)
    assert mask[0].all() and 0 < mask[1].sum() < 6 and mask[-1].sum() == 1 and (ids[-1] == 0).all()
    assert first_mask(None, [mask]) is mask
