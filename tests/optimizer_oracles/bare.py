"""Three bare weights whose gradients at batch t are a_t · (w - c), those of the loss ½ Σ a_t (w - c)²."""

import numpy as np

from tests.optimizer_oracles.twin import Twin

SHAPES = {'Embedding/embeddings': (6, 4), 'Dense/kernel': (4, 3), 'Norm/gamma': (3,)}
NAMES = list(SHAPES)


def start(seed=0):
    """Returns the weights before the training."""
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


def expected(twin, factors):
    """Returns the weights of `twin` after each batch, and after flushing."""
    weights, passed = [w.astype('float64') for w in start()], []
    for each in factors:
        weights = twin.step(weights, [a * (w - c) for a, w, c in zip(each, weights, TARGETS)])
        passed.append(weights)
    return passed, twin.flush(weights)


def bare_twin(base, rate, extensions, **options):
    """Returns the `Twin` of an optimizer of these weights."""
    return Twin(base, NAMES, rate, extensions, **options)
