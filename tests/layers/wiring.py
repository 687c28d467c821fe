"""Small models around one layer: inputs with and without masks, random weights, and running them on any stack."""

import numpy as np

from gplinker_kit import layers as ours
from gplinker_kit.backend import ENGINE, STACK, Input, K, Layer, Model, keras, ops, register
from tests import oracles
from tests.helpers import evaluate

VOCABULARY = 11
TOLERANCE = 1e-5


class Sequence:
    """Vectors (b, n + extra, width) with padding, by way of token ids."""

    def __init__(self, width, extra=0):
        self.width, self.extra = width, extra


class Plain:
    """An input without a mask: `make(b, n, rng)` -> array; `shape` without the batch axis."""

    def __init__(self, make, shape, dtype=None):
        self.make, self.shape, self.dtype = make, shape, dtype


class Shared(Plain):
    """An input that is one for the whole batch: `make(n, rng)` -> array; it reaches the layer without a batch axis."""

    def __init__(self, make, shape, dtype=None):
        super().__init__(lambda b, n, rng: np.repeat(make(n, rng)[None], b, 0), shape, dtype)


@register
class FirstRow(Layer):
    """(b, ...) -> (...)."""

    def call(self, inputs):
        return inputs[0]

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)[1:]


class MaskProbe(Layer):
    """Returns the mask that reaches it as floats, or one column of -1 where there is none."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is not None:
            return ops.cast(mask, 'float32')
        rows = ops.cast(inputs, 'float32')
        while len(rows.shape) > 1:
            rows = rows[..., 0]
        return ops.zeros_like(rows)[:, None] - 1.0

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)[:1] + (None,)


class Wiring:
    """Inputs of a Keras model for a case, the tensors that its layer is called with, and the tables in between."""

    def __init__(self, case, rng):
        self.case, self.rng = case, rng
        self.tables = [random_table(source, rng) for source in case.sources]
        self.inputs, tensors = [], []
        for source, table in zip(case.sources, self.tables):
            if table is None:
                self.inputs.append(Input(shape=source.shape, dtype=source.dtype or K.floatx()))
                tensors.append(FirstRow()(self.inputs[-1]) if isinstance(source, Shared) else self.inputs[-1])
            else:
                self.inputs.append(Input(shape=(None,), dtype='int32'))
                front = ours.Embedding(VOCABULARY, source.width, 'zeros', mask_zero=True)
                tensors.append(front(self.inputs[-1]))
                front.set_weights([table])
        self.tensors = tensors[0] if len(tensors) == 1 else tensors

    def model(self, outputs):
        outputs = outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs
        return Model(self.inputs if len(self.inputs) > 1 else self.inputs[0], outputs)

    def draw(self, b, n):
        """Returns (what to feed, float64 inputs of the layer, their masks)."""
        feeds, xs, masks = [], [], []
        for source, table in zip(self.case.sources, self.tables):
            if table is None:
                feeds.append(np.asarray(source.make(b, n, self.rng)))
                x = feeds[-1][0] if isinstance(source, Shared) else feeds[-1]
                xs.append(x.astype('float64') if x.dtype.kind == 'f' else x)
                masks.append(None)
            else:
                feeds.append(padded_ids(b, n + source.extra, self.rng))
                xs.append(oracles.embedding(feeds[-1], table))
                masks.append(oracles.embedding_mask(feeds[-1]))
        return feeds, xs, masks


def random_table(source, rng):
    if isinstance(source, Sequence):
        return rng.uniform(-1.0, 1.0, (VOCABULARY, source.width)).astype('float32')
    return None


def padded_ids(b, n, rng):
    """Ids (b, n): the first row is full, the second padded, the last one all padding."""
    ids = rng.randint(1, VOCABULARY, (b, n))
    if b > 1:
        ids[1, n // 2 + 1 :] = 0
    ids[-1] = 0
    return ids.astype('int32')


def random_weights(layer, rng, scale=1.0):
    """Sets random weights and returns them; none is at its initial zero or one.

    They lean to the positive side: with signs evenly spread, relu(q·k)² is easily zero everywhere.
    """
    weights = [(scale * rng.uniform(-0.5, 0.9, w.shape)).astype('float32') for w in layer.get_weights()]
    layer.set_weights(weights)
    return weights


def predict(model, feeds, compiled=False):
    """Returns a list of outputs. Keras 3 compiles `predict_on_batch`; on TensorFlow that takes longer than all else."""
    feeds = feeds if len(feeds) > 1 else feeds[0]
    if STACK == 'keras3' and ENGINE != 'jax' and not compiled:
        result = evaluate(model(feeds, training=False))
    else:
        result = model.predict_on_batch(feeds)
    return [np.asarray(y) for y in result] if isinstance(result, (list, tuple)) else [np.asarray(result)]


def call_layer(layer, *arrays, **arguments):
    """Builds the layer where it is not built, runs `layer.call` on constants, without Keras around it, -> numpy."""
    if not layer.built:
        shapes = [array.shape for array in arrays]
        layer.build(shapes[0] if len(shapes) == 1 else shapes)
    mask = arguments.pop('mask', None)

    def call(tensors, mask):
        return layer.call(tensors[0] if len(tensors) == 1 else tensors, mask=mask, **arguments)

    return compute(call, list(arrays), mask)


def compute(function, *arguments):
    """Runs a function of tensors on arrays (and None, and lists of them) -> numpy, in the structure it returns."""
    tensors = [_tensors(argument) for argument in arguments]
    if ENGINE != 'jax':
        return evaluate(function(*tensors))
    import jax

    # One compilation instead of one an operation; the scope keeps what random numbers do to their seeds.
    with keras.StatelessScope():
        found = jax.jit(function)(*tensors)
    return evaluate(found)


def _tensors(given):
    if isinstance(given, list):
        return [_tensors(x) for x in given]
    return given if given is None else ops.convert_to_tensor(given)


def assert_close(actual, expected, tolerance=TOLERANCE):
    assert actual.shape == expected.shape, 'shape %s, expected %s' % (actual.shape, expected.shape)
    np.testing.assert_allclose(actual.astype('float64'), expected, rtol=tolerance, atol=tolerance, equal_nan=False)
