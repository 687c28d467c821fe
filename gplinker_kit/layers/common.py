"""What several layers share: dense products, masks, and initializers that survive saving."""

import functools
import numbers

from gplinker_kit.backend import initializers, ops, register
from gplinker_kit.backend.fused import MASKED, dense  # noqa: F401  (layers find them here)


@register
class MethodInitializer(initializers.Initializer):
    """Wraps a function `(shape, dtype) -> tensor`, such as a model's `initializer` method, for use by layers.

    A function cannot be written to a file: a reloaded layer carries a truncated normal of 0.02 in its place, which
    matters only to somebody who adds new weights after loading.
    """

    def __init__(self, function=None):
        self.function = function

    def __call__(self, shape, dtype=None, *args, **kwargs):
        if self.function is None:
            return initializers.TruncatedNormal(stddev=0.02)(shape, dtype=dtype)
        return self.function(shape, dtype, *args, **kwargs)

    def get_config(self):
        return {}


def serialize_initializer(initializer):
    """Returns the saved form of an initializer; functions are saved as a `MethodInitializer`."""
    if not hasattr(initializer, 'get_config'):
        initializer = MethodInitializer(initializer)
    return initializers.serialize(initializer)


def fresh(initializer):
    """Returns the initializer, or where it would draw the same numbers a second time (Keras 3, no seed) one like it."""
    return initializer.clone() if getattr(initializer, '_init_seed', 0) is None else initializer


def add_matrix(layer, prefix, rows, columns, initializer=None):
    """Adds a kernel (rows, columns) and, with `layer.use_bias`, a bias (columns,): returns (kernel, bias or None).

    initializer: of the kernel, the layer's `kernel_initializer` where None.
    """
    initializer = fresh(layer.kernel_initializer if initializer is None else initializer)
    kernel = layer.add_weight(name=prefix + 'kernel', shape=(rows, columns), initializer=initializer)
    bias = layer.add_weight(name=prefix + 'bias', shape=(columns,), initializer='zeros') if layer.use_bias else None
    return kernel, bias


def mask_out(scores, mask):
    """Adds -1e9 to float32 `scores` where the boolean `mask` (broadcastable to them) is False; None adds nothing.

    A sum and not `ops.where`, which on TF 1.15 costs ten times as much when it broadcasts, and again in its gradient.
    """
    if mask is None:
        return scores
    return scores + (1.0 - ops.cast(mask, 'float32')) * MASKED


def key_mask(mask, rank):
    """Padding mask (b, m) -> boolean, shaped to broadcast over scores (b, ..., n, m) of the given rank."""
    for _ in range(rank - 2):
        mask = ops.expand_dims(mask, 1)
    return ops.cast(mask, 'bool')


def align_heads(bias, rank):
    """Attention bias or structural mask (n, m), (b, n, m) or (b, h, n, m) -> the rank of the scores, 3 or 4."""
    given = len(bias.shape)
    if not 2 <= given <= rank:
        shape = static_shape(bias.shape)
        raise ValueError('an attention bias must be of rank 2 to %d. Received: shape=%s' % (rank, shape))
    if given == 2:
        for _ in range(rank - 2):
            bias = ops.expand_dims(bias, 0)
    elif given == 3 and rank == 4:
        bias = ops.expand_dims(bias, 1)
    return bias


def input_shapes(shape):
    """Returns the shapes of one input or of a list of inputs as a list of tuples of ints and None."""
    return [static_shape(each) for each in (shape if hasattr(shape[0], '__len__') else [shape])]


def first_shape(shape):
    """Returns the first of several input shapes, or the only one, as a tuple of ints and None."""
    return input_shapes(shape)[0]


def static_shape(shape):
    """A tuple, list or TensorShape -> a tuple of ints and None."""
    return tuple(getattr(size, 'value', size) for size in shape)


def integerize_shape(build):
    """Decorator of a layer's `build(self, input_shape)`, which then gets tuples of ints and None on every stack."""

    @functools.wraps(build)
    def wrapped(self, input_shape):
        several = hasattr(input_shape[0], '__len__')
        return build(self, input_shapes(input_shape) if several else static_shape(input_shape))

    return wrapped


def last_size(owner, shape):
    """Returns the size of the last axis of a shape, which weights depend on."""
    shape = static_shape(shape)
    if shape[-1] is None:
        raise ValueError('%s: the size of the last axis must be known. Received: shape=%s' % (owner, shape))
    return int(shape[-1])


def first(x):
    """Returns the first element of a list or tuple, else `x` itself."""
    return x[0] if isinstance(x, (list, tuple)) else x


def require_positive(owner, **values):
    """Raises a ValueError naming the first argument that is not a positive integer."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
            raise ValueError('%s: %s must be a positive integer. Received: %s=%r' % (owner, name, name, value))


def require_rate(owner, **values):
    """Raises a ValueError naming the first argument that is neither None nor a dropout rate."""
    for name, value in values.items():
        if value is not None and not (isinstance(value, numbers.Real) and 0 <= value < 1):
            raise ValueError('%s: %s must be None or lie in [0, 1). Received: %s=%r' % (owner, name, name, value))


def require_gain(owner, **values):
    """Raises a ValueError naming the first argument that is neither True, False, None nor a number."""
    for name, value in values.items():
        if value is not None and not isinstance(value, numbers.Real):
            raise ValueError('%s: %s must be True, False or a number. Received: %s=%r' % (owner, name, name, value))


def require_number(owner, **values):
    """Raises a ValueError naming the first argument that is not a finite number."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real) or not abs(value) < float('inf'):
            raise ValueError('%s: %s must be a number. Received: %s=%r' % (owner, name, name, value))
