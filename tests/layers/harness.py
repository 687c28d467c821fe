"""One check for all layers: `check_layer(case, folder)` does everything, `check_values(case)` numbers and masks only.

A case says how a layer is made and called, and what numpy says it returns:

    Case('FeedForward', {'units': 5}, [Sequence(6)], oracle, shapes=[(6, 5), (5,), (5, 6), (6,)])

A `Sequence` reaches the layer through an `Embedding` with `mask_zero`, so it carries a mask; a `Plain` input is fed as
it is. `oracle(xs, masks, weights)` gets float64 arrays.
"""

import inspect
import json
import os

import numpy as np

from gplinker_kit import layers as ours
from gplinker_kit.backend import STACK, K, keras, ops
from tests import oracles
from tests.layers.wiring import MaskProbe, Wiring, assert_close, compute, predict, random_weights

BATCHES = ((4, 6), (2, 3))  # (b, n): neither is known when the model is built
LONG = (2, 200)
HALF_TOLERANCE = {'float16': 0.02, 'mixed_float16': 0.02, 'mixed_bfloat16': 0.08}


def first_mask(xs, masks):
    return masks[0]


def no_mask(xs, masks):
    return None


class Case:
    """See the top of the file. call: keyword arguments of the call. mask: (xs, masks) -> expected output mask or None.
    A layer with several outputs has an oracle, and a `mask`, that return lists.

    rate: learning rate of the training step; None for a layer without weights. scale: factor of the random weights.
    opaque: some size of the output depends on more than the sizes of the inputs.
    """

    def __init__(
        self, layer, config, sources, oracle, shapes=(), call=None, mask=first_mask, rate=0.1, scale=1.0, name=None,
        opaque=False,
    ):
        self.cls = getattr(ours, layer) if isinstance(layer, str) else layer
        self.config, self.sources, self.oracle, self.shapes = config, sources, oracle, list(shapes)
        self.call, self.mask, self.rate, self.scale = call or {}, mask, rate, scale
        self.name, self.opaque = name or self.cls.__name__, opaque

    def make(self, **options):
        """Returns a new layer. Its weights, set later, start at zero: JAX compiles random initializers per shape."""
        config = dict(self.config, **options)
        for name in ('kernel_initializer', 'embeddings_initializer', 'hidden_initializer'):
            if name in inspect.signature(self.cls.__init__).parameters:
                config.setdefault(name, 'zeros')
        return self.cls(**config)

    def __repr__(self):
        return self.name


def listed(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def visible_error(y_true, y_pred):
    """Mean square over the last axis, without the cells that a layer fills because they are masked."""
    y_pred = ops.cast(y_pred, 'float32')
    seen = ops.greater(y_pred, -1e8)
    return ops.mean(ops.square(ops.where(seen, y_pred - ops.cast(y_true, 'float32'), 0.0)), axis=-1)


def check_values(case):
    """Builds the layer and compares numbers, shapes and masks with the oracle.

    Returns (wiring, layer, weights, outputs, (feeds, found)); outputs and found are lists.
    """
    return _check(case)


def check_layer(case, folder):
    """Everything of `check_values`, and config, saving and loading, half precision, and two training steps."""
    clones = []
    wiring, layer, weights, outputs, values = _check(case, clones)
    check_weight_names(layer)
    check_reloading(wiring, outputs + clones, os.path.join(str(folder), 'model'), values)
    if case.rate is not None:
        check_training(wiring, layer, outputs, values)
    check_half_precision(case)


def _clone(case, layer):
    """The layer again, from its configuration as JSON."""
    config = json.loads(json.dumps(layer.get_config()))
    del config['name']
    return case.cls.from_config(config)


def _check(case, clones=None):
    rng = np.random.RandomState(7)
    wiring = Wiring(case, rng)
    layer = case.make()
    outputs = listed(layer(wiring.tensors, **case.call))
    assert [w.shape for w in layer.get_weights()] == case.shapes
    weights = random_weights(layer, rng, case.scale)
    fetched = outputs + [MaskProbe()(output) for output in outputs]
    if clones is not None:
        twin = _clone(case, layer)
        clones += listed(twin(wiring.tensors, **case.call))
        twin.set_weights(weights)
        fetched = fetched + clones
    model, count = wiring.model(fetched), len(outputs)
    values = None
    for b, n in BATCHES[: 1 if clones is None else 2]:
        feeds, xs, masks = wiring.draw(b, n)
        found = predict(model, feeds, compiled=clones is not None)
        expected = listed(case.oracle(xs, masks, [w.astype('float64') for w in weights]))
        for place, each in enumerate(found):
            if not count <= place < 2 * count:
                assert_close(each, expected[place % count])
        check_shape(case, layer, xs, found[:count])
        wanted = case.mask(xs, masks)
        for place, mask in enumerate(wanted if isinstance(wanted, list) else [wanted] * count):
            check_mask(mask, found[count + place])
        values = values or (feeds, found[:count])
    return wiring, layer, weights, outputs, values


def check_shape(case, layer, xs, found):
    """`compute_output_shape` with and without the sizes known."""
    known = [tuple(x.shape) for x in xs]
    unknown = [(None, None)[: x.ndim - 1] + tuple(x.shape[min(x.ndim - 1, 2) :]) for x in xs]
    for shapes in (known, unknown):
        result = layer.compute_output_shape(shapes[0] if len(shapes) == 1 else shapes)
        for shape, each in zip(result if isinstance(result, list) else [result], found):
            assert len(shape) == each.ndim
            shape = [getattr(size, 'value', size) for size in shape]
            assert all(a is None or a == b for a, b in zip(shape, each.shape)), '%s, found %s' % (shape, each.shape)
            assert shapes is unknown or case.opaque or None not in shape


def check_mask(expected, found):
    if expected is None:
        assert found.shape[1] == 1 and (found == -1).all(), 'expected no output mask'
    else:
        np.testing.assert_array_equal(found, expected.astype('float32'))


def check_weight_names(layer):
    """An h5 file has room for each name once."""
    names = [getattr(w, 'path', w.name) for w in layer.weights]
    assert len(set(names)) == len(names), names


def check_reloading(wiring, outputs, path, values):
    """`save` and `load_model` without custom objects; two layers of the class in one file."""
    path += '.keras' if STACK == 'keras3' else '.h5'
    wiring.model(outputs).save(path)
    copies = predict(keras.models.load_model(path, compile=False), values[0])
    for copy, expected in zip(copies, values[1] * 2):
        assert_close(copy, expected, 1e-6)


def check_training(wiring, layer, outputs, values):
    """Two steps: the second loss is lower, and no weight stays where it was, those aside that are not trained."""
    model = wiring.model(outputs)
    model.compile(keras.optimizers.SGD(wiring.case.rate), loss=visible_error)
    feeds = values[0] if len(values[0]) > 1 else values[0][0]
    rng = np.random.RandomState(3)
    targets = [rng.normal(size=found.shape).astype('float32') for found in values[1]]
    before = layer.get_weights()
    targets = targets if len(targets) > 1 else targets[0]
    losses = [float(np.ravel(model.train_on_batch(feeds, targets))[0]) for _ in range(2)]
    assert np.isfinite(losses).all() and losses[1] < losses[0], losses
    fixed = {id(weight) for weight in layer.non_trainable_weights}
    for weight, old, new in zip(layer.weights, before, layer.get_weights()):
        assert np.isfinite(new).all() and (old != new).any() != (id(weight) in fixed), 'a gradient and %s' % weight.name


def check_half_precision(case):
    """The same numbers in half precision, of long texts too: finite where float32 is, and near the oracle."""
    if STACK == 'keras3':
        for kind in ('mixed_float16', 'mixed_bfloat16'):
            _compare_half(case, kind, {'dtype': kind})
        return
    K.set_floatx('float16')
    try:
        _compare_half(case, 'float16', {})
    finally:
        K.set_floatx('float32')


def _compare_half(case, kind, options):
    rng = np.random.RandomState(11)
    wiring = Wiring(case, rng)
    layer = case.make(**options)
    model = wiring.model(layer(wiring.tensors, **case.call))
    weights = random_weights(layer, rng, case.scale)
    for shape in (BATCHES[0], LONG)[: 1 if kind == 'mixed_bfloat16' else 2]:
        feeds, xs, masks = wiring.draw(*shape)
        results = listed(case.oracle(xs, masks, [w.astype('float64') for w in weights]))
        for found, expected in zip(predict(model, feeds), results):
            scale = np.abs(expected[expected > -1e8]).max(initial=1.0)
            assert_close(found.astype('float64') / scale, expected / scale, HALF_TOLERANCE[kind])


def check_dropout(case):
    """Dropout is on in training, differs from call to call, obeys the argument `training`, and is off at inference."""
    wiring, layer, _, outputs, (feeds, (found,)) = check_values(case)
    model = wiring.model(outputs)
    model.compile(keras.optimizers.SGD(0.0), loss=visible_error)
    batch = feeds if len(feeds) > 1 else feeds[0]
    losses = [float(np.asarray(model.train_on_batch(batch, found))) for _ in range(2)]
    assert losses[0] != losses[1] and min(losses) > 1e-6 and np.isfinite(losses).all(), losses
    assert_close(predict(model, feeds)[0], found)
    xs = [oracles.embedding(ids, table).astype('float32') for ids, table in zip(feeds, wiring.tables)]
    x = xs if len(xs) > 1 else xs[0]
    plain, quiet, noisy = compute(lambda x: [layer.call(x, training=flag) for flag in (None, False, True)], x)
    assert_close(plain, quiet)
    assert (noisy != quiet).any() and np.isfinite(noisy).all()
