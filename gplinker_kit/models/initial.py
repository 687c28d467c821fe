"""Initial values of models: BERT's, those that depend on depth, and those of matrices by their role in a block."""

import functools

from gplinker_kit.backend import initializers, ops, register
from gplinker_kit.backend.block_state import draw_each
from gplinker_kit.errors import hint
from gplinker_kit.layers import MethodInitializer
from gplinker_kit.layers.common import fresh, require_number, require_positive, serialize_initializer

# Cutting a normal at two deviations shrinks its deviation to 1 / 1.13684723.
TRUNCATION = 1.13684723

# What `initialization` may be: fan of a matrix (rows, columns), and 'model' for the model's own initializer.
FANS = {'xavier': lambda rows, columns: (rows + columns) / 2, 'lecun': lambda rows, columns: rows}
INITIALIZATIONS = tuple(FANS) + ('model',)
# Initializers whose values know of the shape its size only.
SHAPE_FREE = {'Constant', 'Ones', 'RandomNormal', 'RandomUniform', 'TruncatedNormal', 'Zeros'}


def scaled_normal(shape, depth, order, gain=1.0, dtype=None):
    """Truncated normal whose realised deviation is gain · fan^(-1/2) · depth^(-1/order).

    fan is the number of rows, but of columns for tables (more than 10,000 rows) and for fewer than 10 rows.
    Source: RoFormerV2 (order 2, kexue.fm/archives/8998) and GAU-α (order 3, kexue.fm/archives/9052).
    """
    fan = shape[1] if len(shape) > 1 and (shape[0] > 10000 or shape[0] < 10) else shape[0]
    stddev = gain * TRUNCATION * fan**-0.5 * depth ** (-1.0 / order)
    return initializers.TruncatedNormal(stddev=stddev)(shape, dtype=dtype)


def draw(initializer, shape, dtype=None, blocks=()):
    """Values of `shape`, new ones each time; with blocks = (l,) those of l weights, (l,) + shape.

    At once where that is the same. An initializer may have a method `draw_blocks` (shape, dtype, blocks) for it.
    """
    shape, whole = tuple(map(int, shape)), getattr(initializer, 'draw_blocks', None)
    if whole is not None:
        return whole(shape, dtype, tuple(blocks))
    if not blocks or type(initializer).__name__ in SHAPE_FREE:
        return fresh(initializer)(tuple(blocks) + shape, dtype=dtype)
    return draw_each(lambda: fresh(initializer)(shape, dtype=dtype), blocks[0])


class DefaultInitializer:
    """Attribute `initializer` of a model: a normal of 0.02, truncated at two deviations (BERT's).

    An initializer object, as bert4keras's property gives one, that a subclass may replace by a method or property, and
    a constructor by an object.
    """

    def __get__(self, model, owner=None):
        return initializers.TruncatedNormal(stddev=0.02)


class initializer_method:
    """Decorator of a model's method (shape, dtype, …): it is an initializer object then, which layers can save.

    Subclasses call it by `super().initializer(shape, dtype, …)`.
    """

    def __init__(self, function):
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, model, owner=None):
        return self if model is None else MethodInitializer(functools.partial(self.function, model))


@register
class MatrixInitializer(initializers.Initializer):
    """Truncated normal whose realised deviation is gain · fan^(-1/2), for matrices (rows, columns).

    Arguments: kind: 'xavier', fan = (rows + columns) / 2, or 'lecun', fan = rows. gain: number above 0.
    Raises: ValueError for another kind, or a gain that is no such number.
    """

    def __init__(self, kind='xavier', gain=1.0):
        if kind not in FANS:
            raise ValueError('MatrixInitializer: unknown kind %r.%s' % (kind, hint(kind, FANS)))
        require_number('MatrixInitializer', gain=gain)
        if gain <= 0:
            raise ValueError('MatrixInitializer: gain must be above 0. Received: %r' % (gain,))
        self.kind = kind
        self.gain = gain

    def __call__(self, shape, dtype=None, **kwargs):
        return self.draw_blocks(tuple(shape), dtype)

    def draw_blocks(self, shape, dtype=None, blocks=()):
        deviation = self.gain * FANS[self.kind](*map(int, shape)) ** -0.5
        return initializers.TruncatedNormal(stddev=TRUNCATION * deviation)(blocks + tuple(shape), dtype=dtype)

    def get_config(self):
        return {'kind': self.kind, 'gain': self.gain}


@register
class GainInitializer(initializers.Initializer):
    """Values of another initializer, `gain` times as large."""

    def __init__(self, initializer, gain=1.0):
        require_number('GainInitializer', gain=gain)
        self.initializer = _initializer(initializer)
        self.gain = gain

    def __call__(self, shape, dtype=None, **kwargs):
        return self.draw_blocks(shape, dtype)

    def draw_blocks(self, shape, dtype=None, blocks=()):
        return self.gain * draw(self.initializer, shape, dtype, blocks)

    def get_config(self):
        return {'initializer': serialize_initializer(self.initializer), 'gain': self.gain}


@register
class GatedInitializer(initializers.Initializer):
    """Of the two matrices of a gated attention unit: u, v and o get the gain, z, of which q and k are made, does not.

    The first matrix (e, 2u + s) is drawn as the three that it holds side by side, (e, u), (e, u) and (e, s), so that
    their fans are their own. (It is told by its columns; an output matrix (u, e) with e = 2u + s is drawn so too.)
    Arguments: initializer: of a matrix without gain. units, key_size: int u and s. gain: number.
    """

    def __init__(self, initializer, units, key_size, gain=1.0):
        require_positive('GatedInitializer', units=units, key_size=key_size)
        require_number('GatedInitializer', gain=gain)
        self.initializer = _initializer(initializer)
        self.units = units
        self.key_size = key_size
        self.gain = gain

    def __call__(self, shape, dtype=None, **kwargs):
        return self.draw_blocks(shape, dtype)

    def draw_blocks(self, shape, dtype=None, blocks=()):
        rows, columns = map(int, shape)
        if columns != 2 * self.units + self.key_size:
            return self._part((rows, columns), self.gain, dtype, blocks)
        widths = ((self.units, self.gain), (self.units, self.gain), (self.key_size, 1.0))
        return ops.concatenate([self._part((rows, width), gain, dtype, blocks) for width, gain in widths], axis=-1)

    def _part(self, shape, gain, dtype, blocks):
        return gain * draw(self.initializer, shape, dtype, blocks)

    def get_config(self):
        return {
            'initializer': serialize_initializer(self.initializer), 'units': self.units, 'key_size': self.key_size,
            'gain': self.gain,
        }  # fmt: skip


def _initializer(given):
    """An initializer object of a function or a configuration, which a saved layer has."""
    if isinstance(given, (dict, str)):
        return initializers.get(given)
    return given if hasattr(given, 'get_config') else MethodInitializer(given)


def matrix_initializer(model, constants, carries=True):
    """The initializer of a matrix of a block.

    Arguments: model: its `initialization` says of which kind ('xavier' where it is None and the residual scheme has a
        gain, else the model's own). constants: `residual_schemes.Constants` of the sub-layer. carries: bool, whether
        the matrix carries their gain.
    """
    model.honoured.add('initialization')
    gain = constants.gain if carries and constants.gain is not None else 1.0
    kind = model.initialization or ('model' if constants.gain is None else 'xavier')
    if kind != 'model':
        return MatrixInitializer(kind, gain)
    return model.initializer if gain == 1.0 else GainInitializer(model.initializer, gain)


def gated_initializer(model, constants, units, key_size):
    """The initializer of the matrices of a gated attention unit, as `matrix_initializer`."""
    model.honoured.add('initialization')
    if constants.gain is None and model.initialization in (None, 'model'):
        return model.initializer
    plain = matrix_initializer(model, constants, carries=False)
    return GatedInitializer(plain, units, key_size, 1.0 if constants.gain is None else constants.gain)
