"""Optimizers of the bare weights of `optimizer_oracles.bare`: no model, no compilation.

All optimizers of a `Bench` run in one graph on TF 1.15, each with weights of its own; on Keras 3 each is applied to the
gradients step by step.
"""

from gplinker_kit.backend import K, keras, ops
from tests.helpers import STACK
from tests.optimizer_oracles.bare import NAMES, SHAPES, TARGETS, start


class Bench:
    """Trains `optimizers` {name: optimizer}; `weights[name]` are their variables."""

    def __init__(self, optimizers):
        self.optimizers = optimizers
        self.weights = {name: _variables() for name in optimizers}
        if STACK == 'keras3':
            for name, optimizer in optimizers.items():
                optimizer.build(self.weights[name])
            return
        factors = [K.placeholder(shape) for shape in SHAPES.values()]
        updates = []
        for name, optimizer in optimizers.items():
            terms = [K.sum(a * K.square(w - c)) for a, w, c in zip(factors, self.weights[name], TARGETS)]
            updates += optimizer.get_updates(0.5 * (terms[0] + terms[1] + terms[2]), self.weights[name])
        self._train = K.function(factors, [K.sum(factors[2])], updates=updates)

    def step(self, factors):
        if STACK != 'keras3':
            self._train(factors)
            return
        for name, optimizer in self.optimizers.items():
            gradients = [a * (w - c) for a, w, c in zip(factors, self.read(name), TARGETS)]
            optimizer.apply([ops.convert_to_tensor(g) for g in gradients], self.weights[name])

    def read(self, name):
        return self.read_all()[name] if STACK != 'keras3' else self.optimizers[name].read(self.weights[name])

    def read_all(self):
        """Returns {name: list of arrays}."""
        if STACK == 'keras3':
            return {name: self.read(name) for name in self.optimizers}
        flat = K.batch_get_value([w for weights in self.weights.values() for w in weights])
        return {name: flat[3 * k : 3 * k + 3] for k, name in enumerate(self.weights)}


def _variables():
    made = []
    for name, value in zip(NAMES, start()):
        if STACK == 'keras3':
            layer, own = name.split('/')
            with keras.name_scope(layer):
                made.append(keras.Variable(value, name=own))
        else:
            made.append(K.variable(value, name=name))
    return made
