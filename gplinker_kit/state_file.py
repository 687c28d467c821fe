"""The file that holds the state of a training, beside the versions of its model folder.

It is replaced in one step, so that a stop at any moment leaves the last whole one. It is a safetensors file: groups of
arrays, and among its metadata one JSON object of facts.
"""

from __future__ import annotations

import json
import os

import numpy as np

from gplinker_kit.errors import DataError
from gplinker_kit.files import atomic_path

FILE = 'training.safetensors'
FACTS = 'state'  # the key of the facts among the file's metadata


def state_path(folder):
    return os.path.join(os.fspath(folder), FILE)


def write_training(folder, arrays, facts):
    """Writes a state: {name: list of arrays} and facts that JSON can hold. The folder is made where it is not there.

    Raises: DataError that names the file where it cannot be written; the one before is whole then.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    path = state_path(folder)
    flat = {'%s/%d' % (name, k): np.asarray(array, order='C')
            for name, group in arrays.items() for k, array in enumerate(group)}
    facts = dict(facts, counts={name: len(group) for name, group in arrays.items()})
    try:
        os.makedirs(folder, exist_ok=True)
        with atomic_path(path) as temporary:
            save_file(flat, temporary, metadata={FACTS: json.dumps(facts)})
    except (OSError, SafetensorError) as error:  # the latter of the file system too
        before = 'the one before is whole' if os.path.exists(path) else 'there is none yet'
        raise DataError('the state of the training cannot be written (%s); %s' % (error, before), path) from error


def read_facts(folder):
    """Returns the facts of the state in a folder, or None where there is none.

    Raises: DataError: the file is damaged, or not one of ours.
    """
    from safetensors import SafetensorError, safe_open

    path = state_path(folder)
    if not os.path.exists(path):
        return None
    try:
        with safe_open(path, 'numpy') as stream:
            facts = json.loads(stream.metadata()[FACTS])
            if not isinstance(facts, dict):
                raise ValueError('expected an object of facts, got %s' % type(facts).__name__)
            return facts
    except (SafetensorError, TypeError, KeyError, ValueError, RecursionError) as error:
        raise DataError('no state of a training can be read from it (%s)' % error, path) from error


def read_arrays(folder):
    """Returns the arrays of the state in a folder, {name: list of arrays}, as they were written.

    Raises: DataError: the file is damaged, or lacks arrays that its facts count.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path, facts = state_path(folder), read_facts(folder)
    try:
        flat, counts = load_file(path), facts['counts']
        return {name: [flat['%s/%d' % (name, k)] for k in range(count)] for name, count in counts.items()}
    except (SafetensorError, AttributeError, TypeError, KeyError, ValueError) as error:
        raise DataError('the arrays of a training cannot be read from it (%s: %s)'
                        % (type(error).__name__, error), path) from error


def differences_of(found, wanted):
    """Returns words about each difference between what was and what is now.

    Arguments: found, wanted: {what: value}, the value a dict or anything that compares.
    """
    differences = []
    for name, now in wanted.items():
        before = found.get(name)
        if isinstance(now, dict) and isinstance(before, dict):
            differences.extend('%s: %r then, %r now' % (key, before.get(key), now.get(key))
                               for key in sorted(set(now) | set(before)) if before.get(key) != now.get(key))
        elif before != now:
            shown = '' if len(str(now)) > 40 else ': %r then, %r now' % (before, now)
            differences.append('other %s%s' % (name, shown))
    return differences


def compare(found, wanted, path):
    """Raises a DataError that lists where a training that would go on differs from the one that wrote the facts.

    Arguments: found, wanted: as in `differences_of`. path: of the state.
    """
    differences = differences_of(found, wanted)
    if differences:
        raise DataError('this training cannot go on, it was another one:\n  %s' % '\n  '.join(differences), path)


def random_to_json(state):
    """The state of a numpy RandomState as JSON can hold it; `random_from_json` is the way back."""
    kind, keys, position, has_gauss, cached = state
    return [kind, keys.tolist(), int(position), int(has_gauss), float(cached)]


def random_from_json(value):
    kind, keys, position, has_gauss, cached = value
    return kind, np.array(keys, 'uint32'), position, has_gauss, cached
