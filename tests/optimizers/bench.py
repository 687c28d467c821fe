"""Three bare weights and their gradients, for optimizers alone: no model, no compilation.

The gradient of a weight w at batch t is a_t · (w - c), that of the loss ½ Σ a_t (w - c)². All optimizers of a `Bench` run
in one graph on TF 1.15, each with weights of its own; on Keras 3 each is applied to the gradients step by step.
"""

import numpy as np

from gplinker_kit.backend import K, keras, ops
from tests.helpers import STACK
from tests.optimizer_oracles import Twin

SHAPES = {'Embedding/embeddings': (6, 4), 'Dense/kernel': (4, 3), 'Norm/gamma': (3,)}
NAMES = list(SHAPES)


def start(seed=0):
    random = np.random.RandomState(seed)
    return [random.uniform(-1, 1, shape).astype('float32') for shape in SHAPES.values()]


def pulls(count, seed=1):
    """Returns count lists of a_t; some rows of the table are zero, and the last one always is."""
    random = np.random.RandomState(seed)
    drawn = [[random.uniform(0.2, 1, shape).astype('float32') for shape in SHAPES.values()] for _ in range(count)]
    for table, _, _ in drawn:
        table[random.rand(len(table)) < 0.5] = 0.0
        table[-1] = 0.0
    return drawn


TARGETS = start(seed=2)


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


def expected(twin, factors):
    """Returns the weights of `twin` after each batch, and after flushing."""
    weights, passed = [w.astype('float64') for w in start()], []
    for each in factors:
        weights = twin.step(weights, [a * (w - c) for a, w, c in zip(each, weights, TARGETS)])
        passed.append(weights)
    return passed, twin.flush(weights)


def twin(base, rate, extensions, **options):
    return Twin(base, NAMES, rate, extensions, **options)
