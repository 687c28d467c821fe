"""Runs optimizers of bert4keras 0.11.5: `[TF_KERAS=1] python optimizers_peer.py CASES.json OUT.npz`.

CASES is {name: {`base` (a class name, or `SGD` of Keras), `options`, `extensions` (names, applied in this order)}}. The
weights and gradients are those of `optimizer_oracles.bare`. OUT holds `name/t/i`, weight i after batch t, and
`name/averaged/i` where there is a moving average.
"""

import json
import sys

import numpy as np
from bert4keras import __version__, optimizers
from bert4keras.backend import K, keras

from tests.conftest import silence
from tests.optimizer_oracles.bare import NAMES, SHAPES, TARGETS, pulls, start


def make(case):
    cls = keras.optimizers.SGD if case['base'] == 'SGD' else getattr(optimizers, case['base'])
    for name in case['extensions']:
        cls = getattr(optimizers, 'extend_with_' + name)(cls)
    return cls(**case['options'])


def main():
    if __version__ != '0.11.5':
        raise SystemExit('expected bert4keras 0.11.5, got %s' % __version__)
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    factors, updates, made, out = [K.placeholder(shape) for shape in SHAPES.values()], [], {}, {}
    for name, case in cases.items():
        weights = [K.variable(value, name=path) for path, value in zip(NAMES, start())]
        optimizer = make(case)
        terms = [K.sum(a * K.square(w - c)) for a, w, c in zip(factors, weights, TARGETS)]
        updates += optimizer.get_updates(0.5 * (terms[0] + terms[1] + terms[2]), weights)
        made[name] = (optimizer, weights)
    train = K.function(factors, [K.sum(factors[2])], updates=updates)
    for t, each in enumerate(pulls(20)):
        train(each)
        for name, (_, weights) in made.items():
            out.update(('%s/%d/%d' % (name, t, i), w) for i, w in enumerate(K.batch_get_value(weights)))
    for name, (optimizer, weights) in made.items():
        if hasattr(optimizer, 'apply_ema_weights'):
            optimizer.apply_ema_weights()
            out.update(('%s/averaged/%d' % (name, i), w) for i, w in enumerate(K.batch_get_value(weights)))
    np.savez(sys.argv[2], **out)


if __name__ == '__main__':
    with silence():
        main()
