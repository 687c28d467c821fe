"""What processes of a training tell each other, as bytes: JSON and numpy's arrays, which run no code when read."""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from dataclasses import fields

import numpy as np

from gplinker_kit.events.decoder import Extraction
from gplinker_kit.events.schema import Argument, Event

PLAIN = (bool, int, float, str, type(None))
SEQUENCES = {'list': list, 'tuple': tuple}
MAPPINGS = {'dict': dict, 'OrderedDict': OrderedDict}  # the latter is what `_asdict` returns before Python 3.8
RECORDS = {cls.__name__: cls for cls in (Extraction, Event, Argument)}
TREE = 'tree'  # the name of the JSON among the arrays


def dumps(value):
    """Returns the bytes of None, bools, numbers, texts, arrays, Extractions, Events, or lists, tuples, dicts of them.

    Raises: ValueError: anything else, named tuples and other subclasses included.
    """
    arrays = []
    tree = json.dumps(_packed(value, arrays))
    stream = io.BytesIO()
    np.savez(stream, **dict({str(k): array for k, array in enumerate(arrays)},
                            **{TREE: np.frombuffer(tree.encode('ascii'), 'uint8')}))
    return stream.getvalue()


def loads(data):
    """Returns the value of `dumps`, of the same types."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return _unpacked(json.loads(arrays[TREE].tobytes().decode('ascii')), arrays)


def _packed(value, arrays):
    """Returns JSON of a value: what is no plain value itself is a list of its kind and of what it holds."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind.__name__ in SEQUENCES and kind in SEQUENCES.values():
        return [kind.__name__, [_packed(item, arrays) for item in value]]
    if kind in MAPPINGS.values():
        return [kind.__name__, [[_packed(key, arrays), _packed(item, arrays)] for key, item in value.items()]]
    if kind in RECORDS.values():
        return [kind.__name__, [_packed(getattr(value, field.name), arrays) for field in fields(kind)]]
    if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
        arrays.append(np.asarray(value))
        return ['array' if isinstance(value, np.ndarray) else 'number', len(arrays) - 1]
    raise ValueError('a process cannot send the others a %s, got %r' % (kind.__name__, value))


def _unpacked(tree, arrays):
    if not isinstance(tree, list):
        return tree
    kind, content = tree
    if kind in ('array', 'number'):
        array = arrays[str(content)]
        return array if kind == 'array' else array[()]
    if kind in MAPPINGS:
        return MAPPINGS[kind]((_unpacked(key, arrays), _unpacked(item, arrays)) for key, item in content)
    items = [_unpacked(item, arrays) for item in content]
    return RECORDS[kind](*items) if kind in RECORDS else SEQUENCES[kind](items)
