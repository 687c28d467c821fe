"""The options of all models that say what a block is, and how many are run: checked, and kept by the model."""

import warnings

from gplinker_kit.errors import hint
from gplinker_kit.models import blocks, options, residual_schemes
from gplinker_kit.models.initial import INITIALIZATIONS

NORM_POSITIONS = ('post', 'pre')
STACKS = ('unrolled', 'scan')


def choice(name, value, known):
    """Returns `value`, or raises a ValueError where it is none of the names `known`."""
    if value not in known:
        listed = ', '.join(map(repr, known))
        raise ValueError('%s must be one of %s. Received: %r.%s' % (name, listed, value, hint(value, known, show=0)))
    return value


def take(model, norm_position, norm, residual, residual_steps, initialization, stack):
    """Sets the options as attributes of `model`, and its own `BLOCK` to the block that they amount to.

    Raises: ValueError for values that cannot be, and combinations that cannot.
    """
    block = getattr(type(model), 'BLOCK', blocks.Block())
    model.norm_position = choice('norm_position', norm_position or block.norm_position, NORM_POSITIONS)
    if (model.norm_position, block.norm_position) == ('post', 'pre'):
        raise ValueError("norm_position='post': the blocks of %s are pre-norm" % type(model).__name__)
    model.norm = norm if norm is None else choice('norm', norm, tuple(blocks.NORMS))
    model.residual = residual_schemes.check_residual('plain' if residual is None else residual, model.norm_position)
    if (model.residual == 'ramp') != (residual_steps is not None):
        raise ValueError(
            "residual_steps is the number of batches of residual='ramp', and nothing else has it. "
            'Received: residual=%r, residual_steps=%r' % (residual, residual_steps)
        )
    model.residual_steps = residual_steps if residual_steps is None else options.size('residual_steps', residual_steps)
    model.initialization = (
        initialization if initialization is None else choice('initialization', initialization, INITIALIZATIONS)
    )
    model.stack = choice('stack', stack or 'unrolled', STACKS)
    model.BLOCK = blocks.configured(block, model.norm, model.norm_position, model.residual)
    model.residual_ramp = None
    model.honoured = set()


def check_honoured(model):
    """Raises or warns where the blocks of a subclass did not ask for an option.

    Raises: ValueError: norm_position='pre', without which there would be no norms at all.
    Warns (UserWarning): of residual or initialization, where it did nothing.
    """
    owner = type(model).__name__
    own = getattr(type(model), 'BLOCK', blocks.Block()).norm_position
    if model.norm_position != own and 'norm_position' not in model.honoured:
        raise ValueError(
            "norm_position='pre': the blocks of %s do not call blocks.branch_input, and would have no norms" % owner
        )
    if model.initialization is not None and 'initialization' not in model.honoured:
        warnings.warn(
            'initialization=%r is ignored: the blocks of %s choose their initializers themselves'
            % (model.initialization, owner),
            stacklevel=4,
        )
    if model.residual != 'plain' and 'residual' not in model.honoured:
        warnings.warn(
            'residual=%r is ignored: the blocks of %s form their sums themselves' % (model.residual, owner),
            stacklevel=4,
        )
