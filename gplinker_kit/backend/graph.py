"""Finding layers by following a graph of layers upwards, on both stacks."""

from gplinker_kit.backend.stack import STACK, keras


def search_layer(inputs, name, exclude_from=None):
    """Returns the layer called `name` that `inputs` was made by, directly or not, or None where there is none.

    Arguments:
        inputs: the output of a layer, a layer, or a model, whose layers are looked through, those of nested models too.
        name: str. exclude_from: a set of layers not to go through, or None.

    From a tensor only the calls that led to it are followed, though its layers may be shared with other models.
    """
    seen, passed = set(), set() if exclude_from is None else set(exclude_from)
    waiting = _start(inputs)
    while waiting:
        layer, node = waiting.pop(0)
        if (id(layer), node) in seen:
            continue
        seen.add((id(layer), node))
        found = _within(layer, name, passed)
        if found is not None:
            return found
        if layer not in passed:
            waiting.extend(_parents(layer, node))
    return None


def _start(inputs):
    """Returns [(layer, number of its call)]."""
    if isinstance(inputs, keras.layers.Layer):
        return [(inputs, node) for node in range(max(1, len(inputs._inbound_nodes)))]
    if not hasattr(inputs, '_keras_history'):
        raise ValueError('search_layer expects a layer, a model or an output of a layer. Received: %r' % (inputs,))
    return [tuple(inputs._keras_history[:2])]


def _within(layer, name, passed):
    """Returns `layer`, or the layer inside it where it is a model, that is called `name`."""
    if getattr(layer, 'name', None) == name:
        return layer
    if layer not in passed and isinstance(layer, keras.models.Model):
        for inner in layer.layers:
            found = _within(inner, name, passed)
            if found is not None:
                return found
    return None


def _parents(layer, number):
    """Returns [(layer, number of its call)] of what the call `number` of `layer` was given."""
    if number >= len(layer._inbound_nodes):
        return []
    node = layer._inbound_nodes[number]
    if STACK == 'keras3':
        return [(parent.operation, parent.operation._inbound_nodes.index(parent)) for parent in node.parent_nodes]
    if STACK == 'tf_keras':
        return [found[:2] for found in node.iterate_inbound()]
    return list(zip(node.inbound_layers, node.node_indices))
