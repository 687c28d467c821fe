"""Runs calls of bert4keras's backend: python backend_peer.py calls.json arrays.npz out.npz"""

import json
import sys

import numpy as np
from bert4keras import __version__, backend
from bert4keras.backend import K, keras

from tests.parity.given import read_given
from tests.parity.searching import searched


def read(argument, arrays):
    """An array's name -> a tensor; anything else as it is."""
    if isinstance(argument, str) and argument in arrays:
        return K.constant(arrays[argument], dtype=str(arrays[argument].dtype))
    if isinstance(argument, list) and any(a in arrays for a in argument if isinstance(a, str)):
        return [read(a, arrays) for a in argument]
    return argument


def main(calls, arrays, out):
    calls, arrays = read_given(__version__, calls, arrays)
    results = {}
    for name, call in calls.items():
        owner = K if call['owner'] == 'K' else backend
        args = [read(a, arrays) for a in call['args']]
        kwargs = {k: read(a, arrays) for k, a in call['kwargs'].items()}
        if 'schedule' in kwargs:
            kwargs['schedule'] = {int(k): v for k, v in kwargs['schedule'].items()}
        value = getattr(owner, call['function'])(*args, **kwargs)
        for i, tensor in enumerate(value if isinstance(value, (list, tuple)) else [value]):
            results['%s/%d' % (name, i)] = K.eval(K.cast(tensor, 'float32'))
    results['sinusoidal'] = K.eval(backend.Sinusoidal()((7, 6)))
    results['layers'] = json.dumps(searched(backend, keras))
    np.savez(out, **results)


if __name__ == '__main__':
    main(*sys.argv[1:])
