"""The parts of a transformer block, shared by all models as functions.

A block is data: which norm there is and where it stands, how much of the input the sum keeps, whether matrices have
biases. `model` is a `Transformer`, whose `apply` makes or finds layers by name; x is (b, n, e).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gplinker_kit.layers import Add, Dropout, FeedForward, GatedAttentionUnit, LayerNormalization, Ramp, Residual
from gplinker_kit.models import attention_kinds, residual_schemes
from gplinker_kit.models.initial import gated_initializer, matrix_initializer
from gplinker_kit.models.masks import texts_apart

RMS = {'zero_mean': False, 'scale': False, 'offset': False}
NEUTRAL = {'scale': 1.0, 'offset': 0.0}
NORMS = {'layer': {}, 'rms': RMS}
ATTENTION, FEED_FORWARD = 'Transformer-%d-MultiHeadSelfAttention', 'Transformer-%d-FeedForward'


@dataclass(frozen=True)
class Block:
    """norm: keyword arguments of every `LayerNormalization`. use_bias: of every matrix.

    norm_position: 'post', norm(x + F(x)), or 'pre', x + F(norm(x)) with a last norm after all blocks. residual: how the
    sum is formed, see `residual_schemes`.
    """

    norm: dict = field(default_factory=dict)
    use_bias: bool = True
    norm_position: str = 'post'
    residual: object = 'plain'


def configured(block, norm=None, norm_position='post', residual='plain'):
    """The block of a model with what the options of the builder say; norm: 'layer', 'rms', or None for its own."""
    own = 'rms' if block.norm.get('zero_mean') is False else 'layer'
    kept = block.norm if norm in (None, own) else NORMS[norm]
    return replace(block, norm=kept, norm_position=norm_position, residual=residual)


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


def branch_input(model, x, name, block):
    """What the branch of a sub-layer is computed of: x, or with pre-norm its norm. `name` is the sub-layer's."""
    if block.norm_position == 'post':
        return x
    model.honoured.add('norm_position')
    return normalize(model, x, name + '-Norm', block.norm)


def add_and_norm(model, x, branch, name, block, matrices=2):
    """norm(x + dropout(branch)): the end of every sub-layer. `name` is the sub-layer's.

    With pre-norm the sum alone; `branch` was computed of `branch_input` then. matrices: how many matrices that carry
    the gain of a residual scheme lie one behind the other in the branch.
    """
    branch = drop(model, branch, name)
    total = residual_sum(model, x, branch, name, block, matrices)
    return total if block.norm_position == 'pre' else normalize(model, total, name + '-Norm', block.norm)


def drop(model, branch, name):
    """Dropout at the end of a branch. `name` is the sub-layer's."""
    return model.apply(branch, Dropout, rate=model.dropout_rate, name=name + '-Dropout')


def residual_sum(model, x, branch, name, block, matrices=2):
    """The sum of x and a branch, by the block's residual scheme."""
    model.honoured.add('residual')
    if block.residual == 'ramp':
        return model.apply([x, branch, ramp(model, x)], Residual, name=name + '-Residual')
    arguments = residual_schemes.layer_arguments(block.residual, sublayer_constants(model, block, matrices))
    if not arguments:
        return model.apply([x, branch], Add, name=name + '-Add')
    if block.residual == 'rezero':
        name = name.rsplit('-', 1)[0]  # one scalar for all sub-layers of a block
    return model.apply([x, branch], Residual, name=name + '-Residual', **arguments)


def sublayer_constants(model, block, matrices=2):
    """`residual_schemes.Constants` of a sub-layer of the model."""
    sublayers = model.SUBLAYERS * model.num_hidden_layers
    return residual_schemes.scheme_constants(block.residual, sublayers, block.norm_position, matrices)


def ramp(model, x):
    """The factor of all branches of a model with residual='ramp', made once."""
    if model.residual_ramp is None:
        model.residual_ramp = model.apply(x, Ramp, steps=model.residual_steps, name='Residual-Ramp')
    return model.residual_ramp


def final_norm(model, x, block):
    """The norm after all blocks, which pre-norm needs."""
    return x if block.norm_position == 'post' else normalize(model, x, 'Final-Norm', block.norm)


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


def attention_initializers(model, block):
    """Keyword arguments of an attention layer: the initializer of its matrices, and that of v and o if it differs."""
    constants = sublayer_constants(model, block)
    arguments = {'kernel_initializer': matrix_initializer(model, constants, carries=False)}
    if constants.gain is not None:
        arguments['value_initializer'] = matrix_initializer(model, constants)
    return arguments


def self_attention(model, x, index, block):
    """Multi-head self-attention of the model's kind: the branch alone, of what `branch_input` returned."""
    name = ATTENTION % index
    layer, own = attention_kinds.layer_of(model, index, name)
    inputs, arguments = with_biases(model, [x] * 3, index, structural=attention_kinds.takes_bias(layer))
    return model.apply(
        inputs,
        layer,
        arguments,
        heads=model.num_attention_heads,
        head_size=model.attention_head_size,
        out_dim=model.hidden_size,
        key_size=model.attention_key_size,
        use_bias=block.use_bias,
        name=name,
        **own,
        **attention_initializers(model, block),
    )


def feed_forward(model, x, index, block):
    """Feed-forward network: the branch alone, of what `branch_input` returned."""
    return model.apply(
        x,
        FeedForward,
        units=model.intermediate_size,
        activation=model.hidden_act,
        use_bias=block.use_bias,
        kernel_initializer=matrix_initializer(model, sublayer_constants(model, block, _matrices(model))),
        name=FEED_FORWARD % index,
    )


def _matrices(model):
    """How many matrices of a feed-forward network lie one behind the other, gates included."""
    return 1 + (len(model.hidden_act) if isinstance(model.hidden_act, (list, tuple)) else 1)


def attention_sublayer(model, x, index, block):
    """Multi-head self-attention, its sum and norm."""
    name = ATTENTION % index
    branch = self_attention(model, branch_input(model, x, name, block), index, block)
    return add_and_norm(model, x, branch, name, block)


def feed_forward_sublayer(model, x, index, block):
    """Feed-forward network, its sum and norm."""
    name = FEED_FORWARD % index
    branch = feed_forward(model, branch_input(model, x, name, block), index, block)
    return add_and_norm(model, x, branch, name, block, _matrices(model))


def gau_sublayer(model, x, index, block, normalization):
    """Gated attention unit, its sum and norm: a whole GAU block."""
    name = 'Transformer-%d-GatedAttentionUnit' % index
    inputs, arguments = with_biases(model, [branch_input(model, x, name, block)], index)
    constants = sublayer_constants(model, block, matrices=3)
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
        kernel_initializer=gated_initializer(model, constants, model.intermediate_size, model.attention_key_size),
        name=name,
    )
    return add_and_norm(model, x, branch, name, block, matrices=3)
