"""A sentence and the entities in it, of several types: cluener."""

from __future__ import annotations

import numpy as np

from gplinker_kit.clue.decoding import dense_cells, entities_of
from gplinker_kit.clue.span_features import entity_features
from gplinker_kit.errors import hint
from gplinker_kit.events.scores import positives
from gplinker_kit.layers import EfficientGlobalPointer, GlobalPointer
from gplinker_kit.losses import factorised_pointer_crossentropy, sparse_pointer_crossentropy
from gplinker_kit.tasks.spans import check_size, item_length, item_rows, padded_cells
from gplinker_kit.tasks.tagged_entities import CRF

POINTERS = ('efficient', 'full')


class Entities:
    """A pointer with a label for each type; an entity is a cell whose score is positive.

    Options: pointer: 'efficient', EfficientGlobalPointer in packed form, or 'full', GlobalPointer. head_size: of it.
    """

    OPTIONS = {'pointer': 'efficient', 'head_size': 64}
    heads, unordered = ('entities',), ()
    length, rows = staticmethod(item_length), staticmethod(item_rows)

    def __init__(self, task, options):
        self.task, self.types, self.pointer = task, task.labels, options['pointer']
        self.gold_labels, self.head_size = (len(task.labels),), check_size('head_size', options['head_size'])
        if self.pointer not in POINTERS:
            raise ValueError('unknown pointer %r.%s' % (self.pointer, hint(self.pointer, POINTERS + (CRF,))))

    def outputs(self, hidden, initializer):
        """Hidden states (b, n, e) -> packed scores (b, n, n + 2h), or dense ones (b, h, n, n)."""
        size = {'heads': len(self.types), 'head_size': self.head_size, 'kernel_initializer': initializer}
        if self.pointer == 'efficient':
            return EfficientGlobalPointer(packed=True, name='Entity-Pointer', **size)(hidden)
        return GlobalPointer(name='Entity-Pointer', **size)(hidden)

    def loss(self):
        if self.pointer == 'efficient':
            return factorised_pointer_crossentropy(len(self.types))
        return sparse_pointer_crossentropy()

    def items(self, examples, tokenizer, max_length):
        """Returns a SpanRow an example, and what became of the entities."""
        features = entity_features(examples, tokenizer, max_length, self.types)
        return features.rows, features.report.describe('entities')

    def targets(self, items, width):
        """(b, G, 3), for dense scores (b, 1, G, 3): label, first and last token, padded with -1."""
        cells = padded_cells(items)
        return cells if self.pointer == 'efficient' else cells[:, None]

    def read(self, items, scores):
        """Returns the entities of each sentence."""
        return [entities_of(self._cells(item, one), item, self.types) for item, one in zip(items, scores)]

    def predictions(self, examples, items, readings):
        """Returns a list of Entity an example."""
        return readings

    def _cells(self, item, scores):
        if self.pointer == 'full':
            return dense_cells(scores)
        at = np.arange(len(scores))
        valid = (at >= item.first) & (at < item.first + len(item.offsets))
        cells = positives(scores, len(self.types), valid, name='entity')
        return np.stack([cells.label, cells.start, cells.end], axis=1)
