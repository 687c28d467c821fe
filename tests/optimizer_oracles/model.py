"""A small model whose gradients are written out by hand."""

import numpy as np


class TinyModel:
    """ids (b, n) -> mean of embedding rows -> linear map with bias -> mean squared error.

    weights: table (v, e), kernel (e, d), bias (d,). Ids repeat within a batch.
    """

    def __init__(self, seed=0, vocabulary=7, width=4, outputs=3):
        random = np.random.RandomState(seed)
        shapes = [(vocabulary, width), (width, outputs), (outputs,)]
        self.weights = [random.uniform(-1, 1, shape).astype('float32').astype('float64') for shape in shapes]

    def gradients(self, ids, targets, weights=None):
        table, kernel, bias = self.weights if weights is None else weights
        hidden = table[ids].mean(axis=1)
        error = 2.0 * (hidden @ kernel + bias - targets) / targets.size
        at_table = np.zeros_like(table)
        np.add.at(at_table, ids, np.repeat((error @ kernel.T)[:, None] / ids.shape[1], ids.shape[1], axis=1))
        return [at_table, hidden.T @ error, error.sum(axis=0)]

    def train(self, optimizer, batches, process=None):
        """Runs one update a batch; `process` maps gradients to gradients."""
        for ids, targets in batches:
            found = self.gradients(ids, targets)
            self.weights = optimizer.update(self.weights, process(found) if process else found)
        return self.weights


def batches(count, seed=1, vocabulary=7, outputs=3, size=5, length=6):
    """Returns a list of (ids int32 (b, n), targets float32 (b, d)); the last id never occurs."""
    random = np.random.RandomState(seed)
    drawn = []
    for _ in range(count):
        ids = random.randint(0, vocabulary - 1, (size, length)).astype('int32')
        drawn.append((ids, random.normal(size=(size, outputs)).astype('float32')))
    return drawn
