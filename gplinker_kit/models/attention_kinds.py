"""The kinds of attention that a model of attention and feed-forward networks may have, by name: `attention=`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

from gplinker_kit.errors import hint
from gplinker_kit.layers import (
    LinearAttention,
    MultiHeadAttention,
    NystromAttention,
    PerformerAttention,
    SparseAttention,
)
from gplinker_kit.layers.efficient_attention import EfficientAttention
from gplinker_kit.models.masks import LM_Mask, UniLM_Mask

SOFTMAX = 'softmax'


@dataclass(frozen=True)
class Kind:
    """layer: class. fixed: its arguments that make it this kind. options: names that `attention_options` may hold.

    causal: whether it can be. drops: whether it drops attention weights.
    """

    layer: type
    fixed: dict = field(default_factory=dict)
    options: tuple = ()
    causal: bool = True
    drops: bool = False


KINDS = {
    SOFTMAX: Kind(MultiHeadAttention, drops=True),
    'linear': Kind(LinearAttention, {'feature': 'elu'}),
    'cosine': Kind(LinearAttention, {'feature': 'cosine'}),
    'double_softmax': Kind(LinearAttention, {'feature': 'double_softmax'}, causal=False),
    'performer': Kind(PerformerAttention, options=('features', 'seed')),
    'nystrom': Kind(NystromAttention, options=('landmarks', 'iterations'), causal=False),
    'atrous': Kind(SparseAttention, {'kind': 'atrous'}, ('stride',), drops=True),
    'local': Kind(SparseAttention, {'kind': 'local'}, ('stride',), drops=True),
    'sparse': Kind(SparseAttention, {'kind': 'sparse'}, ('stride',), drops=True),
}


def find_kind(name, options=None):
    """Returns the `Kind` of a name; a ValueError for another one, and for options that it has not."""
    if name not in KINDS:
        raise ValueError('unknown attention %r.%s' % (name, hint(name, KINDS)))
    if not isinstance(options or {}, dict):
        raise ValueError('attention_options must be a dict. Received: %r' % (options,))
    for key in options or ():
        if key not in KINDS[name].options:
            known = hint(key, KINDS[name].options) or ' It has none.'
            raise ValueError('attention_options: attention=%r has no option %r.%s' % (name, key, known))
    return KINDS[name]


def layer_of(model, index, name):
    """(class, its own arguments) of the attention layer of block `index` of a model; `name` is the layer's.

    Raises: ValueError for what the kind cannot do: hide later tokens, or any other mask or bias of the model; for a
        layer that is shared with a model of another attention.
    """
    kind = find_kind(model.attention_kind, model.attention_options)
    if kind.layer is PerformerAttention and model.stack == 'scan':
        raise ValueError(
            "stack='scan': the random features of attention='performer' are not trained, and cannot be stacked: build "
            "the model with stack='unrolled'"
        )
    own = dict(kind.fixed, **(model.attention_options or {}))
    if not takes_bias(kind.layer):
        own['causal'] = _causal(model, index, kind)
    _check_shared(model, kind, own, model.layers.get(model.prefixed(name)))
    model.attention_layers.append(model.prefixed(name))
    if kind.drops:
        own['attention_dropout'] = model.attention_dropout_rate
    return kind.layer, own


def _check_shared(model, kind, own, layer):
    """A layer that is found by its name is used as it is."""
    if layer is None or takes_bias(kind.layer) and not isinstance(layer, EfficientAttention):
        return
    given = {key: getattr(layer, key, None) for key in own}
    if not isinstance(layer, kind.layer) or given != own:
        raise ValueError(
            '%s is shared with a model of another attention: it is a %s with %s, and attention=%r needs %s'
            % (layer.name, type(layer).__name__, given, model.attention_kind, own)
        )


def takes_bias(layer):
    """Whether a class of attention layers has a matrix of scores, which masks and biases are added to."""
    return issubclass(layer, MultiHeadAttention)


def _causal(model, index, kind):
    """Whether no token of the model sees a later one; raises a ValueError for every other structure."""
    if getattr(model, 'packed', False):
        raise ValueError(
            'packed: attention=%r cannot keep the texts of a row apart; %r can' % (model.attention_kind, SOFTMAX)
        )
    if isinstance(model, UniLM_Mask):
        raise ValueError(
            "application='unilm': attention=%r has no mask for it; %r has" % (model.attention_kind, SOFTMAX)
        )
    hook = type(model).compute_attention_bias
    if hook is not LM_Mask.compute_attention_bias:
        if model.compute_attention_bias(index) is not None:
            raise ValueError(
                'attention=%r takes no attention bias, and %s.compute_attention_bias returns one; %r does'
                % (model.attention_kind, type(model).__name__, SOFTMAX)
            )
        return False
    if not kind.causal:
        able = ', '.join(name for name, other in KINDS.items() if other.causal)
        raise ValueError(
            "application='lm': attention=%r cannot hide later tokens. Those that can: %s" % (model.attention_kind, able)
        )
    return True


def check_used(model):
    """Raises a ValueError for a cache of an attention that takes none; warns of what the model has no use for."""
    kind = find_kind(model.attention_kind, model.attention_options)
    if kind.layer is MultiHeadAttention:
        return
    for name in model.attention_layers:
        if name in model.attention_caches:
            raise ValueError('attention_caches: attention=%r takes no cached keys (%s)' % (model.attention_kind, name))
    if not model.attention_layers:
        warnings.warn(
            '%s has no multi-head attention: attention is ignored' % type(model).__name__, stacklevel=4
        )
    elif model.attention_dropout_rate and not kind.drops:
        warnings.warn(
            'attention=%r has no attention weights to drop: attention_dropout_rate is ignored' % model.attention_kind,
            stacklevel=4,
        )
