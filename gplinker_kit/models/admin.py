"""Admin: how large the factors ω of a post-norm model start, and a plain model that computes the same.

    encoder = build_transformer_model(config, model='bert', residual='admin', return_keras_model=False)
    admin.profile(encoder.model, batch)
    ...  # training
    plain = build_transformer_model(config, admin.fold(encoder), model='bert')

Source: Liu et al., 2020, "Understanding the Difficulty of Training Transformers" (arXiv:2004.08249).
"""

import numpy as np

from gplinker_kit.backend import STACK, measuring, ops, scan
from gplinker_kit.layers import (
    FLASH,
    FeedForward,
    GatedAttentionUnit,
    LayerNormalization,
    MixedChunkAttention,
    MultiHeadAttention,
    Residual,
)
from gplinker_kit.layers.efficient_attention import EfficientAttention
from gplinker_kit.models.block_stack import BlockStack, block_layers, get_weights, set_weights
from gplinker_kit.models.checkpoint.loading import conditions, layers_and_names


class Profiler:
    """Stands in for the factors of `Residual` layers in one pass: each is what has added up before it.

    ω of the first sum is 1, that of the next one sqrt(Var(ω·x) + Var(F(x))) of the one before. Attributes: running: the
    next factor, a float32 scalar. found: [(layer, factor)], of a stack [(stack, factors (l, sums of a block))].
    """

    def __init__(self, running=1.0):
        self.restart(running)

    def restart(self, running=1.0):
        """Forgets what was found."""
        self.running, self.found = ops.convert_to_tensor(running, dtype='float32'), []

    def alpha(self, layer, x, branch, mask=None):
        """The factor of x, which a `Residual` asks for."""
        factor = self.running
        self.found.append((layer, factor))
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        kept = variance(ops.cast(x, 'float32') * factor, mask)
        self.running = ops.sqrt(kept + variance(ops.cast(branch, 'float32'), mask))
        return ops.cast(factor, x.dtype)

    def scan(self, stack, x, rows, run):
        """The blocks of a `BlockStack`, which asks for it: `run(x, row)` is one of them."""

        def block(carry, row):
            inner = Profiler(carry[1])
            for layer in learning(stack):
                layer.profiler = inner
            x = run(carry[0], row)
            return (x, inner.running), ops.stack([factor for _, factor in inner.found])

        (x, self.running), factors = scan(block, (x, self.running), rows)
        self.found.append((stack, factors))
        return x


def variance(x, mask=None):
    """Variance of the entries of x (b, n, e), of real positions alone with a mask (b, n)."""
    if mask is None:
        return ops.mean(ops.square(x - ops.mean(x)))
    weights = ops.expand_dims(ops.cast(mask, 'float32'), -1) * ops.ones_like(x)
    count = ops.sum(weights)
    mean = ops.sum(weights * x) / count
    return ops.sum(weights * ops.square(x - mean)) / count


def learning(layer):
    """The layers whose factor is profiled: this one, or those in a stack."""
    listed = layer.cell.layers if isinstance(layer, BlockStack) else [layer]
    return [each for each in listed if isinstance(each, Residual) and each.learn_alpha]


def profile(model, batch):
    """Sets ω of every sum of a model built with residual='admin', by one pass over a batch, without dropout.

    Arguments: model: Keras model; its initial values should be as they are before training. batch: its inputs, an array
        or a list of arrays; padding does not count.
    Returns: {layer name: ω}, floats; of a stack a list of those of its blocks, one after the other.
    Raises: ValueError for a model without such sums.
    """
    layers = [layer for layer in model.layers if learning(layer)]
    if not layers:
        raise ValueError("admin.profile: the model has no sums with factors; build it with residual='admin'")
    profiler = Profiler()

    def run(*tensors):
        profiler.restart()
        inputs = list(tensors) if len(tensors) > 1 else tensors[0]
        if STACK == 'keras3':
            model(inputs, training=False)
        else:
            model.call(inputs)  # a graph beside the model's, of which nothing but the factors is computed
        return [factor for _, factor in profiler.found]

    try:
        for layer in layers:
            layer.profiler = profiler
        values = measuring.compute(run, batch if isinstance(batch, (list, tuple)) else [batch])
    finally:
        for layer in layers:
            layer.profiler = None
            for each in learning(layer):
                each.profiler = None
    found = {}
    for (layer, _), value in zip(profiler.found, values):
        if isinstance(layer, BlockStack):
            sums, factors = learning(layer), np.ravel(value)
            places = [each for each in block_layers(layer).values() if each.template in sums]
            set_weights({place: {0: factor} for place, factor in zip(places, factors)})
            found[layer.name] = [float(factor) for factor in factors]
        else:
            layer.set_weights([np.full(weight.shape, value) for weight in layer.get_weights()])
            found[layer.name] = float(value)
    return found


def fold(wrapper):
    """Returns {variable name: array} for the same model with residual='plain', which computes the same.

    norm(ω∘x + F(x)) is what a plain sum makes of ω∘x, when the norm before it has its gain and shift times ω, and what
    reads x has its rows divided by ω.

    Arguments: wrapper: `Transformer` of a model built with residual='admin'.
    Raises: ValueError for another model, for norms that have no gain and shift, or conditional ones, and where a factor
        is 0.
    """
    if getattr(wrapper, 'residual', None) != 'admin':
        raise ValueError("admin.fold: the model must be built with residual='admin'")
    named = {
        layer.name[len(wrapper.prefix):]: (layer, names)
        for layer, names in layers_and_names(wrapper, wrapper.variable_mapping())
    }
    values = get_weights([layer for layer, _ in named.values()])
    arrays = {name: [value.copy() for value in values[layer]] for name, (layer, _) in named.items()}
    before = 'Embedding-Mapping' if 'Embedding-Mapping' in arrays else 'Embedding-Norm'
    for name in sublayers(wrapper.num_hidden_layers, arrays):
        (omega,) = arrays.pop(name + '-Residual')
        if not omega.all():
            raise ValueError('admin.fold: a factor of %s is 0' % name)
        if before != 'Embedding-Mapping':
            _check_norm(before, named)
        arrays[before] = [value * omega for value in arrays[before]]
        for place in input_matrices(named[name][0]):
            arrays[name][place] = arrays[name][place] / omega[:, None]
        before = name + '-Norm'
    left = [name for name in arrays if name.endswith('-Residual')]
    if left:
        raise ValueError('admin.fold: %s belongs to no sub-layer that is known' % left[0])
    return {
        name: wrapper.create_variable(name, value)
        for layer, found in arrays.items()
        for name, value in zip(named[layer][1], found)
    }


def sublayers(count, names):
    """The sub-layers among the names of layers that end in a sum with a factor, in the order of their run."""
    return [
        name
        for index in range(count)
        for name in (
            'Transformer-%d-%s' % (index, kind)
            for kind in ('MultiHeadSelfAttention', 'MixedChunkAttention', 'FeedForward', 'GatedAttentionUnit', 'FLASH')
        )
        if name + '-Residual' in names
    ]


def _check_norm(name, named):
    layer = named[name][0] if name in named else None
    kind = getattr(layer, 'template', layer)
    whole = isinstance(kind, LayerNormalization) and kind.scale is True and kind.offset is True
    if not whole or conditions(layer):
        raise ValueError(
            'admin.fold: the norm %s must have a gain and a shift, and no condition, to take the factors in' % name
        )


def input_matrices(layer):
    """Places of the matrices that read the input of a sub-layer, among its weights."""
    kind = getattr(layer, 'template', layer)
    if isinstance(kind, (FLASH, GatedAttentionUnit)):
        return [0]
    step = 2 if kind.use_bias else 1
    if isinstance(kind, (EfficientAttention, MixedChunkAttention, MultiHeadAttention)):
        return [0, step, 2 * step]
    if isinstance(kind, FeedForward):
        return [step * gate for gate in range(len(kind.activation))]
    raise ValueError('admin.fold: %s is no layer whose matrices are known' % layer.name)
