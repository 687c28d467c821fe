"""The parts of a transformer block, shared by all models as functions.

A block is data: which norm follows the sum, how much of the input the sum keeps, whether matrices have biases. `model`
is a `Transformer`, whose `apply` makes or finds layers by name; x is (b, n, e).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gplinker_kit.layers import Add, Dropout, FeedForward, GatedAttentionUnit, LayerNormalization
from gplinker_kit.models import attention_kinds
from gplinker_kit.models.masks import texts_apart

RMS = {'zero_mean': False, 'scale': False, 'offset': False}
NEUTRAL = {'scale': 1.0, 'offset': 0.0}


@dataclass(frozen=True)
class Block:
    """norm: keyword arguments of the `LayerNormalization` after each sum. use_bias: of every matrix."""

    norm: dict = field(default_factory=dict)
    use_bias: bool = True


def normalize(model, x, name, norm):
    """The `LayerNormalization` called `name` on x, conditional where the model has a condition.

    A norm that leaves its gain or shift out has the constants 1 and 0 in their place then: what the condition adds to
    them starts at zero, so the model is at first as it is without.
    """
    condition, units, activation = model.layer_norm_conds
    if condition is not None:
        constants = {part: value for part, value in NEUTRAL.items() if norm.get(part) is False}
        norm = dict(
            norm,
            conditional=True,
            hidden_units=units,
            hidden_activation=activation,
            hidden_initializer=model.initializer,
            **constants,
        )
    return model.apply(model.simplify([x, condition]), LayerNormalization, name=name, **norm)


def add_and_norm(model, x, branch, name, block):
    """norm(x + dropout(branch)): the end of every sub-layer. `name` is the sub-layer's."""
    branch = model.apply(branch, Dropout, rate=model.dropout_rate, name=name + '-Dropout')
    total = model.apply([x, branch], Add, name=name + '-Add')
    return normalize(model, total, name + '-Norm', block.norm)


def with_biases(model, inputs, index, structural=True):
    """Appends the model's attention and position biases to a list of inputs: (inputs, call arguments).

    structural: False leaves out the attention bias.
    """
    inputs, arguments = list(inputs), {}
    attention_bias = texts_apart(model, model.compute_attention_bias(index)) if structural else None
    if attention_bias is not None:
        inputs.append(attention_bias)
        arguments['a_bias'] = True
    position_bias = model.compute_position_bias(inputs[0])
    if position_bias is not None:
        inputs.append(position_bias)
        arguments['p_bias'] = 'rotary'
    return inputs, arguments


def attention_sublayer(model, x, index, block):
    """Multi-head self-attention of the model's kind, its sum and norm."""
    name = 'Transformer-%d-MultiHeadSelfAttention' % index
    layer, own = attention_kinds.layer_of(model, index, name)
    inputs, arguments = with_biases(model, [x, x, x], index, structural=attention_kinds.takes_bias(layer))
    branch = model.apply(
        inputs,
        layer,
        arguments,
        heads=model.num_attention_heads,
        head_size=model.attention_head_size,
        out_dim=model.hidden_size,
        key_size=model.attention_key_size,
        use_bias=block.use_bias,
        kernel_initializer=model.initializer,
        name=name,
        **own,
    )
    return add_and_norm(model, x, branch, name, block)


def feed_forward_sublayer(model, x, index, block):
    """Feed-forward network, its sum and norm."""
    name = 'Transformer-%d-FeedForward' % index
    branch = model.apply(
        x,
        FeedForward,
        units=model.intermediate_size,
        activation=model.hidden_act,
        use_bias=block.use_bias,
        kernel_initializer=model.initializer,
        name=name,
    )
    return add_and_norm(model, x, branch, name, block)


def gau_sublayer(model, x, index, block, normalization):
    """Gated attention unit, its sum and norm: a whole GAU block."""
    name = 'Transformer-%d-GatedAttentionUnit' % index
    inputs, arguments = with_biases(model, [x], index)
    branch = model.apply(
        inputs,
        GatedAttentionUnit,
        arguments,
        units=model.intermediate_size,
        key_size=model.attention_key_size,
        activation=model.hidden_act,
        use_bias=block.use_bias,
        normalization=normalization,
        attention_dropout=model.attention_dropout_rate,
        kernel_initializer=model.initializer,
        name=name,
    )
    return add_and_norm(model, x, branch, name, block)
