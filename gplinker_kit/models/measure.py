"""Measurements of a model at a point: gradients, what one step changes, how large activations are.

    norms = measure.gradient_norms(model, inputs, targets, 'mse')
    measure.total(norms)                             # Norm(l1, l2, count)
    measure.by_layer(norms)                          # {layer: Norm}
    measure.step_change(model, inputs, targets, 'mse', rule='sign', rate=1e-4)
    measure.step_changes(model, inputs, targets, 'mse', {'sgd': 0.1, 'sign': 1e-4})
    measure.activation_rms(model, inputs)            # {layer: float}

A step of SGD changes the loss by -rate · ‖∇‖₂², one of Adam, which is nearly the sign of the gradient, by
-rate · ‖∇‖₁: how these grow with depth is what DeepNet and kexue.fm/archives/8978 are about.

Any functional Keras model of either stack with one output that the loss is of; it runs as in prediction, without
dropout, and keeps its weights. Weights are called LAYER/WEIGHT; those in a stack of blocks as in a model that is
unrolled. Inputs are an array or a list of arrays.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.backend import Model, keras, measuring
from gplinker_kit.errors import hint
from gplinker_kit.models.block_stack import BlockStack

# Of one weight or of several: ‖·‖₁, ‖·‖₂, and how many numbers there are.
Norm = namedtuple('Norm', 'l1 l2 count')
# loss: before the step. loss_change, output_change (root mean square), update (Norm of what is added to the weights).
StepChange = namedtuple('StepChange', 'loss loss_change output_change update')
# What a step is, in parts of the rate, by a gradient and the weights. LAMB's trust ratio times the sign of the gradient
# is the weights' root mean square, and 1 where they are 0.
RULES = {
    'sgd': lambda gradient, weights: gradient,
    'sign': lambda gradient, weights: np.sign(gradient),
    'lamb': lambda gradient, weights: (np.sqrt(np.mean(weights**2)) or 1.0) * np.sign(gradient),
}


def gradients(model, inputs, targets, loss):
    """Returns (loss, {weight name: gradient}) of the mean loss.

    Arguments: targets: array. loss: function (targets, outputs) -> tensor, or a name or object that Keras knows.
    """
    _check_model(model)
    value, arrays = measuring.loss_and_gradients(model, _listed(inputs), np.asarray(targets), _loss(loss))
    return value, _named(model, arrays)


def gradient_norms(model, inputs, targets, loss):
    """Returns {weight name: Norm} of the gradient; arguments as in `gradients`."""
    return norms(gradients(model, inputs, targets, loss)[1])


def norms(arrays):
    """{name: array} -> {name: Norm}."""
    return {name: _norm(array) for name, array in arrays.items()}


def total(found):
    """{name: Norm} -> the Norm of all of them together."""
    values = list(found.values())
    return Norm(
        sum(norm.l1 for norm in values), sum(norm.l2**2 for norm in values) ** 0.5, sum(norm.count for norm in values)
    )


def by_layer(found):
    """{weight name: Norm} -> {layer name: Norm}."""
    groups = {}
    for name, norm in found.items():
        groups.setdefault(name.rsplit('/', 1)[0], {})[name] = norm
    return {layer: total(group) for layer, group in groups.items()}


def step_change(model, inputs, targets, loss, rule='sgd', rate=1e-4, watched=None):
    """What one step changes; the weights are put back.

    Arguments: model, inputs, targets, loss: as in `gradients`. rule: 'sgd', by rate · gradient, 'sign', by rate in
        each weight, or 'lamb', by rate · (root mean square of the weights) in each of them. rate: float. watched: Keras
        model over the same weights and inputs whose (first) output is looked at, such as the encoder; the model itself
        by default.
    Returns: `StepChange` of floats.
    Raises: ValueError for another rule.
    """
    return step_changes(model, inputs, targets, loss, {rule: rate}, watched)[1][rule]


def step_changes(model, inputs, targets, loss, rates, watched=None, moved=None):
    """Several steps from the same point, for the price of one gradient; the weights are put back.

    Arguments: model, inputs, targets, loss, watched: as in `step_change`. rates: {rule: rate}. moved: function weight
        name -> bool, of the weights that the steps change; all by default.
    Returns: {weight name: gradient} of all weights, {rule: `StepChange`}.
    Raises: ValueError for another rule, and where no weight is moved.
    """
    for rule in rates:
        if rule not in RULES:
            raise ValueError('unknown rule %r.%s' % (rule, hint(rule, RULES)))
    inputs, targets, loss = _listed(inputs), np.asarray(targets), _loss(loss)
    _check_model(model)
    arrays = measuring.loss_and_gradients(model, inputs, targets, loss)[1]
    weights, kept = model.trainable_weights, model.get_weights()
    order = {id(weight): number for number, weight in enumerate(model.weights)}
    old = [kept[order[id(weight)]] for weight in weights]
    found, values = _named(model, arrays), _named(model, old)
    chosen = [name for name in found if moved is None or moved(name)]
    if not chosen:
        raise ValueError('step_changes: moved names none of the weights %s' % ', '.join(list(found)[:10]))

    def look():
        output = measuring.run(model, inputs)[0]
        value = measuring.compute(lambda y, x: [measuring.mean_loss(loss, y, x)], [targets, output])[0]
        return float(value), (measuring.run(watched, inputs)[0] if watched else output).astype('float64')

    (before, output), changes = look(), {}
    for rule, rate in rates.items():
        steps = {name: -rate * RULES[rule](*(x.astype('float64') for x in (found[name], values[name])))
                 for name in chosen}
        new = [value.copy() for value in old]
        for name, part in _named(model, new).items():
            if name in steps:
                part[...] = part + steps[name]
        measuring.assign(weights, new)
        try:
            after, changed = look()
        finally:
            measuring.assign(weights, old)
        change = float(np.sqrt(np.mean((changed - output) ** 2)))
        changes[rule] = StepChange(before, after - before, change, total(norms(steps)))
    return found, changes


def activation_rms(model, inputs):
    """Returns {layer name: root mean square of its (first) output}, of layers with fractions as output; padding counts.

    Of a layer that is called several times the first call counts, of a stack of blocks the last block.
    """
    _check_model(model)
    outputs, network = {}, getattr(model, '_functional', None) or model
    own = {id(node) for nodes in network._nodes_by_depth.values() for node in nodes}
    for layer in model.layers:
        for tensor in _outputs(layer, own)[:1]:
            if 'float' in _dtype(tensor) and not _is_input(layer):
                outputs[layer.name] = tensor
    found = measuring.run(Model(model.inputs, list(outputs.values())), _listed(inputs))
    return {name: float(np.sqrt(np.mean(np.square(x.astype('float64'))))) for name, x in zip(outputs, found)}


def _outputs(layer, own):
    """What the layer's first call in the model gives; models that share a layer call it too."""
    node = next((node for node in layer._inbound_nodes if id(node) in own), None)
    return [] if node is None else _listed(node.output_tensors)


def _dtype(tensor):
    return getattr(tensor.dtype, 'name', str(tensor.dtype))


def _is_input(layer):
    return type(layer).__name__ == 'InputLayer'


def _listed(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _norm(array):
    array = np.asarray(array, 'float64')
    return Norm(float(np.abs(array).sum()), float(np.sqrt(np.square(array).sum())), int(array.size))


def _loss(loss):
    return loss if callable(loss) and not isinstance(loss, type) else keras.losses.get(loss)


def _check_model(model):
    if not getattr(model, 'inputs', None) or len(getattr(model, 'outputs', ())) != 1:
        raise ValueError('measure: a functional Keras model with one output is needed. Received: %r' % (model,))


def _named(model, arrays):
    """{weight name: array} of arrays in the order of the model's trainable weights."""
    values = {id(weight): array for weight, array in zip(model.trainable_weights, arrays)}
    found = {}
    for layer in _layers(model):
        if isinstance(layer, BlockStack):
            found.update(_of_stack(layer, values))
            continue
        for weight in layer.trainable_weights:
            name = '%s/%s' % (layer.name, measuring.weight_name(weight))
            if id(weight) in values:
                if name in found:  # layers of Keras with layers inside
                    name = '%s.%d' % (name, len(found))
                found[name] = values.pop(id(weight))
    return found


def _layers(model):
    for layer in model.layers:
        if isinstance(layer, keras.models.Model):
            yield from _layers(layer)
        else:
            yield layer


def _of_stack(stack, values):
    weights = iter(stack.stacked)
    for pattern, specs in zip(stack.names, stack.cell.weights):
        for name, _, _ in specs:
            weight = next(weights)
            if id(weight) in values:
                array = values.pop(id(weight))
                for index in range(stack.length):
                    yield '%s/%s' % (pattern % index, name), array[index, ...]  # a view, whatever its shape
