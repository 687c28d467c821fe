"""From one name space to another, lazily: nothing is read before it is asked for."""

import numpy as np

from gplinker_kit.errors import CheckpointError
from gplinker_kit.models.checkpoint import names as tables
from gplinker_kit.models.checkpoint.source import Checkpoint


def canonical(checkpoint, wrapper=None, mapping=None):
    """Returns the checkpoint under bert4keras's names; names that no table knows stay as they are.

    `wrapper` and its `mapping`, {layer: [names]}, are needed for names of layers only; the model need not be built.

    Raises: CheckpointError for names of layers without a wrapper, or a file of several encoders.
    """
    if checkpoint.names == 'pytorch':
        return from_pytorch(checkpoint)
    if checkpoint.names == 'layers':
        if wrapper is None:
            raise CheckpointError(
                '%s names layers; which variables they hold depends on the model, which has to be given'
                % checkpoint.path
            )
        return from_layers(checkpoint, wrapper, wrapper.variable_mapping() if mapping is None else mapping)
    return checkpoint


def from_pytorch(checkpoint):
    """PyTorch's names to ours: kernels turned round, buffers and copies of the token table set aside.

    Of tensors that share memory, files of safetensors keep the first by the alphabet: the token table may be there
    under its name in the head alone.
    """
    prefix, outer = tables.pytorch_prefixes(checkpoint.shapes, checkpoint.path)
    shapes, origins, turned, left_out = {}, {}, set(), {}
    table = tables.to_pytorch(tables.TOKENS, prefix)[0]
    for name, shape in checkpoint.shapes.items():
        known = tables.to_canonical(name, prefix, outer)
        if tables.BUFFERS.search(name):
            left_out[name] = 'computed, not learned'
        elif name == outer + tables.TIED:
            if table in checkpoint.shapes:
                left_out[name] = 'the token table once more'
            else:
                origins[tables.TOKENS], shapes[tables.TOKENS] = name, shape
        elif known is None:
            shapes[name] = shape
        elif known[0] in origins:
            first, second = sorted([name, origins[known[0]]], key=lambda x: (x.endswith('decoder.bias'), x))
            origins[known[0]], left_out[second] = first, 'the same as %s' % first
        else:
            ours, other_way = known
            origins[ours], shapes[ours] = name, shape[::-1] if other_way else shape
            turned.update([ours] if other_way else [])

    def read(name):
        array = checkpoint.get(origins.get(name, name))
        return np.ascontiguousarray(array.T) if name in turned else array

    return Checkpoint(shapes, read, checkpoint.path, 'bert4keras', checkpoint, origins, left_out)


def untied(checkpoint):
    """Says that the output matrix of a PyTorch file is another than its token table, or returns None."""
    name = next((name for name in checkpoint.left_out if name.endswith(tables.TIED)), None)
    if name is None or tables.TOKENS not in checkpoint.shapes:
        return None
    used = set(checkpoint.used)
    table, output = checkpoint.get(tables.TOKENS), checkpoint.raw.get(name)
    checkpoint.used = used
    return None if np.array_equal(table, output) else '%s is another matrix than the token table' % name


def to_pytorch(checkpoint, prefix):
    """Our names to PyTorch's; `left_out` says which have none."""
    shapes, origins, turned, left_out = {}, {}, set(), dict(checkpoint.left_out)
    for name, shape in checkpoint.shapes.items():
        known = tables.to_pytorch(name, prefix)
        if known is None:
            left_out[name] = 'PyTorch has no name for it'
            continue
        theirs, other_way = known
        origins[theirs], shapes[theirs] = name, shape[::-1] if other_way else shape
        turned.update([theirs] if other_way else [])

    def read(name):
        array = checkpoint.get(origins[name])
        return np.ascontiguousarray(array.T) if name in turned else array

    return Checkpoint(shapes, read, checkpoint.path, 'pytorch', checkpoint, origins, left_out)


def from_layers(checkpoint, wrapper, mapping):
    """LAYER.k to the names in `mapping`; what it does not name keeps the name of its layer."""
    shapes, origins, places = {}, {}, _places(checkpoint)
    for layer, names in mapping.items():
        own = next((name for name in (wrapper.prefixed(layer), layer) if name in places), None)
        if own is None:
            continue
        for place, name in zip(_order(own, names, places[own], checkpoint.shapes), names):
            if place in places[own]:
                origins[name] = '%s.%d' % (own, place)
    for name, origin in origins.items():
        shapes[name] = np.shape(wrapper.create_variable(name, _hollow(checkpoint.shapes[origin])))
    known = set(origins.values())
    shapes.update((name, shape) for name, shape in checkpoint.shapes.items() if name not in known)

    def read(name):
        if name not in origins:
            return checkpoint.get(name)
        return wrapper.create_variable(name, checkpoint.get(origins[name]))

    return Checkpoint(shapes, read, checkpoint.path, 'bert4keras', checkpoint, origins)


def to_layers(checkpoint, wrapper, mapping):
    """Our names to LAYER.k, for the layers of `mapping` of which the checkpoint holds all.

    Raises: CheckpointError for layers of which it holds a part.
    """
    origins, problems = {}, []
    for layer, names in mapping.items():
        missing = [name for name in names if name not in checkpoint.shapes]
        if not missing:
            origins.update(('%s.%d' % (wrapper.prefixed(layer), place), name) for place, name in enumerate(names))
        elif len(missing) < len(names):
            problems.extend('%s: missing, for layer %s' % (name, layer) for name in missing)
    if problems:
        raise CheckpointError('%s does not fit:\n  %s' % (checkpoint.path, '\n  '.join(problems)))
    left_out, known = dict(checkpoint.left_out), set(origins.values())
    left_out.update((name, 'no layer of the model holds it') for name in checkpoint.shapes if name not in known)
    hollow = Checkpoint(checkpoint.shapes, lambda name: _hollow(checkpoint.shapes[name]))
    shapes = {name: np.shape(wrapper.load_variable(hollow, origin)) for name, origin in origins.items()}

    def read(name):
        return wrapper.load_variable(checkpoint, origins[name])

    return Checkpoint(shapes, read, checkpoint.path, 'layers', checkpoint, origins, left_out)


def _hollow(shape):
    """An array of zeros that takes no memory: what becomes of a shape is seen without reading a file."""
    return np.broadcast_to(np.float32(0), shape)


def _places(checkpoint):
    """{layer: {k}}"""
    places = {}
    for name in checkpoint.shapes:
        layer, place = name.rsplit('.', 1)
        places.setdefault(layer, set()).add(int(place))
    return places


def _order(layer, names, places, shapes):
    """Where in the file the weights of a layer lie; a gated attention unit's second weight tells old from new order."""
    ranks = [len(shapes['%s.%d' % (layer, place)]) for place in sorted(places)]
    old = ranks == [2, 2, 1, 1] and len(names) == 4 and names[1].endswith('gamma')
    return tables.GAU_OLD_ORDER if old else range(len(names))
