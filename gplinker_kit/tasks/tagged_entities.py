"""A sentence and the entities in it, as BIO tags by a conditional random field: cluener, to compare pointers with."""

from __future__ import annotations

import numbers

import numpy as np

from gplinker_kit.clue.decoding import entities_of
from gplinker_kit.clue.span_features import entity_features
from gplinker_kit.clue.tags import count_tags, from_tags, to_tags
from gplinker_kit.layers import ConditionalRandomField, Dense
from gplinker_kit.snippets import ViterbiDecoder
from gplinker_kit.tasks.spans import item_length, item_rows

CRF = 'crf'


class TaggedEntities:
    """A score for each token and tag, and one for each two tags in a row; the best path holds the entities.

    Entities that overlap cannot all be tagged: the first one is, of those the longest.

    Options: pointer: 'crf'. crf_rate: how many times further a step of Adam moves the scores of two tags in a row than
    other weights. A pretrained encoder's rate is too low for them (kexue.fm/archives/7196).
    """

    OPTIONS = {'pointer': CRF, 'crf_rate': 100}
    heads, gold_labels, unordered = ('tags',), (), ()
    length, rows = staticmethod(item_length), staticmethod(item_rows)

    def __init__(self, task, options):
        self.task, self.types, rate = task, task.labels, options['crf_rate']
        if isinstance(rate, bool) or not isinstance(rate, numbers.Real) or not rate > 0:
            raise ValueError('crf_rate must be a positive number, got %r' % (rate,))
        self.layer = ConditionalRandomField(lr_multiplier=rate, name='Entity-CRF')

    def outputs(self, hidden, initializer):
        """Hidden states (b, n, e) -> scores of tags (b, n, k), -inf where there is padding."""
        dense = Dense(count_tags(len(self.types)), kernel_initializer=initializer, name='Entity-Tags')
        return self.layer(dense(hidden))

    def loss(self):
        return self.layer.sparse_loss

    def items(self, examples, tokenizer, max_length):
        """Returns a SpanRow an example, and what became of the entities."""
        features = entity_features(examples, tokenizer, max_length, self.types)
        lost = sum(len(row.golds) - len(from_tags(self._tags(row, len(row.ids))))
                   for row in features.rows if row.golds is not None)
        words = features.report.describe('entities')
        return features.rows, words + ('; %d overlap another one and have no tags' % lost if lost else '')

    def targets(self, items, width):
        """(b, n, 1): the tags."""
        return np.stack([self._tags(item, width) for item in items])[:, :, None]

    def read(self, items, scores):
        """Returns the entities of each sentence. [CLS] and [SEP] are in none, so that paths begin and end outside."""
        trans, = self.layer.get_weights()
        decoder = ViterbiDecoder(trans * self.layer.lr_multiplier, starts=[0], ends=[0])
        paths = decoder.decode_batch(scores, [len(item.ids) for item in items])
        return [entities_of(from_tags(path), item, self.types) for item, path in zip(items, paths)]

    def predictions(self, examples, items, readings):
        """Returns a list of Entity an example."""
        return readings

    def _tags(self, item, width):
        return to_tags(item.golds.tolist(), width)
