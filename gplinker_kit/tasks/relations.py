"""A text and the triples in it: duie."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from gplinker_kit.errors import hint
from gplinker_kit.events.batches import GOLD_MULTIPLE
from gplinker_kit.events.labels import pad_targets
from gplinker_kit.events.occurrences import OCCURRENCES
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models.heads import relation_pointers
from gplinker_kit.relations.decoder import decode_views
from gplinker_kit.relations.features import relation_features
from gplinker_kit.relations.reading import read_view
from gplinker_kit.relations.schema import Example
from gplinker_kit.tasks.spans import check_size, item_length, item_rows


class Relations:
    """GPLinker's three pointers in packed form; a triple is what they link with positive scores.

    Options: occurrences: which mentions of a word are meant, 'first', 'nearest' or 'all', see `relations.align`.
    stride: tokens from one window of a long text to the next, or None for half of a window. head_size: of the pointers.
    """

    OPTIONS = {'occurrences': 'first', 'stride': None, 'head_size': 64}
    heads, unordered = ('entities', 'heads', 'tails'), ('heads', 'tails')
    length, rows = staticmethod(item_length), staticmethod(item_rows)

    def __init__(self, task, options):
        self.task, self.schema, self.occurrences = task, task.schema, options['occurrences']
        if self.occurrences not in OCCURRENCES:
            raise ValueError('unknown occurrences %r.%s' % (self.occurrences, hint(self.occurrences, OCCURRENCES)))
        self.stride = None if options['stride'] is None else check_size('stride', options['stride'])
        self.head_size = check_size('head_size', options['head_size'])
        self.gold_labels = (2, len(self.schema), len(self.schema))

    def outputs(self, hidden, initializer):
        """Hidden states (b, n, e) -> see `relation_pointers`. The pointers begin as published, not by `initializer`."""
        return relation_pointers(hidden, len(self.schema), self.head_size)

    def loss(self):
        entities, links, _ = self.gold_labels
        return [factorised_pointer_crossentropy(entities)] + [
            factorised_pointer_crossentropy(links, triangle=False) for _ in range(2)]

    def items(self, examples, tokenizer, max_length):
        """Returns a RelationRow a window, and what became of the triples. examples: list of Example or of texts."""
        examples = [Example(example) if isinstance(example, str) else example for example in examples]
        features = relation_features(examples, tokenizer, self.schema, max_length, self.stride, self.occurrences)
        words = '%d windows; ' % len(features.rows) if len(features.rows) > len(examples) else ''
        return features.rows, words + str(features.report)

    def targets(self, items, width):
        """[entities, heads, tails], each (b, G, 3): label, first and second token of a cell, padded with -1."""
        return [pad_targets([getattr(item.golds, name) for item in items], GOLD_MULTIPLE)
                for name in ('arguments', 'heads', 'tails')]

    def read(self, items, scores):
        """Returns of each item the View, or the Extraction where it is the only window of its text."""
        found = []
        for item, packed in zip(items, zip(*scores)):
            view = read_view(item.text, item.first, item.offsets, packed, self.schema)
            found.append(view if item.windows > 1 else decode_views(item.text, [view], self.schema))
        return found

    def predictions(self, examples, items, readings):
        """Returns an Extraction an example."""
        found, readings = [], iter(readings)
        for _, rows in groupby(items, attrgetter('example')):
            rows = list(rows)
            views = [next(readings) for _ in rows]
            found.append(views[0] if len(rows) == 1 else decode_views(rows[0].text, views, self.schema))
        return found
