"""How much of its input the sum of a sub-layer keeps, and how large its matrices start: the constants, by name.

N blocks of attention and feed-forward network have 2N sub-layers; a stack of L gated attention units has L. A sub-layer
is norm(α·x + ε·F(x)), or with pre-norm α·x + ε·F(norm(x)). Of its matrices, k lie one behind the other and carry the
gain λ: v and o of attention, both of a feed-forward network (k = 2), u, v and o of a gated attention unit (k = 3); q
and k keep the gain 1, as what they change passes through a softmax.

The gradient for such a gain is O(λ^(k-1) / α), and n of them have to add up to an update that does not grow with n:
λ^(k-1)/α = n^(-1/2) for SGD, λ^(k-1)/α = 1/n for Adam, λ^k/α = 1/n for LAMB. With λ = 1/α (SGD, Adam) or α = 1 (LAMB,
and pre-norm) that is one number. For k = 2 these are the tables of kexue.fm/archives/8978; for k = 3 and LAMB it is
GAU-α's own L^(-1/3).

Sources: Wang et al., 2022, DeepNet (arXiv:2203.00555); kexue.fm/archives/8978 and 8994; Admin: Liu et al., 2020
(arXiv:2004.08249); ReZero: Bachlechner et al., 2020 (arXiv:2003.04887); SkipInit: De & Smith, 2020 (arXiv:2002.10444).
"""

from __future__ import annotations

import numbers
from collections import namedtuple

from gplinker_kit.errors import hint

# alpha: factor of x. gain: of the matrices' initial deviation, None for the model's own initial values.
Constants = namedtuple('Constants', 'alpha gain')
DeepNorm = namedtuple('DeepNorm', 'encoder decoder')

OPTIMIZERS = ('sgd', 'adam', 'lamb')
# Sums that start with a factor of their own, which is no constant.
LEARNED = ('rezero', 'skipinit', 'admin')
NAMES = ('plain', 'deepnorm') + OPTIMIZERS + LEARNED + ('ramp',)
POST_NORM_ONLY = ('deepnorm', 'admin')
ARCHITECTURES = ('encoder', 'decoder', 'encoder-decoder')


def deepnorm_constants(architecture, encoder_layers=None, decoder_layers=None):
    """The table of the DeepNet paper.

    Arguments: architecture: 'encoder', 'decoder' or 'encoder-decoder'. encoder_layers, decoder_layers: int, blocks of
        each side, None for a side that there is not.
    Returns: DeepNorm(encoder, decoder), of each side `Constants` or None: α, and β, the Xavier gain of v, o and both
        matrices of the feed-forward network. β of an encoder with a decoder is the paper's 0.87 (N⁴M)^(-1/16);
        torchscale has 1.15 there, the inverse.
    Raises: ValueError for another architecture, and a number of layers that is missing or too much.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError('unknown architecture %r.%s' % (architecture, hint(architecture, ARCHITECTURES)))
    for name, value in (('encoder', encoder_layers), ('decoder', decoder_layers)):
        wanted = name in architecture
        if wanted != (value is not None) or wanted and not _is_count(value):
            raise ValueError(
                'deepnorm_constants: architecture=%r takes %s_layers=%s. Received: %r'
                % (architecture, name, 'a positive integer' if wanted else None, value)
            )
    n, m = encoder_layers, decoder_layers
    if architecture == 'encoder':
        return DeepNorm(Constants((2 * n) ** 0.25, (8 * n) ** -0.25), None)
    if architecture == 'decoder':
        return DeepNorm(None, Constants((2 * m) ** 0.25, (8 * m) ** -0.25))
    both = (n**4 * m) ** (1 / 16)
    return DeepNorm(Constants(0.81 * both, 0.87 / both), Constants((3 * m) ** 0.25, (12 * m) ** -0.25))


def scheme_constants(residual, sublayers, norm_position='post', matrices=2):
    """The constants of a sub-layer.

    Arguments: residual: 'deepnorm' (of a model that is an encoder or a decoder alone), 'sgd', 'adam', 'lamb', a pair
        (α, gain), or another scheme, which has α = 1 and the model's own initial values. sublayers: int n, all of the
        model. norm_position: 'post' or 'pre', with which α is 1. matrices: int k.
    Returns: `Constants`.
    """
    if isinstance(residual, (list, tuple)):
        return Constants(*map(float, residual))
    behind = matrices - 1
    if residual == 'deepnorm':
        alpha = sublayers ** (0.5 / matrices)
        return Constants(alpha, (alpha * (2 * sublayers) ** -0.5) ** (1 / behind))
    if residual not in OPTIMIZERS:
        return Constants(1.0, None)
    power = 0.5 if residual == 'sgd' else 1.0
    if residual == 'lamb':
        return Constants(1.0, sublayers ** (-power / matrices))
    if norm_position == 'pre':
        return Constants(1.0, sublayers ** (-power / behind))
    gain = sublayers ** (-power / matrices)
    return Constants(1.0 / gain, gain)


def check_residual(residual, norm_position='post'):
    """Returns `residual` as it is kept: a name, a number ε, or a pair of numbers (α, gain).

    Raises: ValueError for anything else, and for a scheme of post-norm with pre-norm.
    """
    if isinstance(residual, str):
        if residual not in NAMES:
            raise ValueError(
                'residual must be a number, a pair (alpha, gain) or one of %s. Received: %r.%s'
                % (', '.join(NAMES), residual, hint(residual, NAMES, show=0))
            )
        if norm_position == 'pre' and residual in POST_NORM_ONLY:
            raise ValueError(
                "residual=%r is made for norm_position='post'; with 'pre' there are 'sgd', 'adam' and 'lamb'" % residual
            )
        return residual
    if _is_number(residual):
        return float(residual)
    if isinstance(residual, (list, tuple)) and len(residual) == 2 and all(map(_is_number, residual)):
        return tuple(map(float, residual))
    raise ValueError(
        'residual must be a number, a pair (alpha, gain) or one of %s. Received: %r' % (', '.join(NAMES), residual)
    )


def layer_arguments(residual, constants):
    """Keyword arguments of the `Residual` layer that forms the sum of a scheme, {} where it is plain."""
    if residual == 'admin':
        return {'learn_alpha': True}
    if residual in LEARNED:
        return {'epsilon': 0.0, 'learn_epsilon': True}
    if isinstance(residual, float):
        return {} if residual == 1.0 else {'epsilon': residual}
    return {} if constants.alpha == 1.0 else {'alpha': constants.alpha}


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value and value > 0


def _is_count(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value > 0
