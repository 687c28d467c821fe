"""What the model says of one text, window by window: the entities that it found, and scores of links between them."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.policy import Thresholds
from gplinker_kit.events.reading import check_offsets
from gplinker_kit.events.windows import has_a_say, inner_ranges
from gplinker_kit.relations.schema import OBJECT, SUBJECT
from gplinker_kit.relations.scores import block, crop, spans_over, tokens_of

MAX_ENTITIES = 256

View = namedtuple('View', 'first last label tokens characters logit starts heads ends tails truncated')
View.__doc__ = """What one window of a text shows, whose content are the tokens first … last of the whole text.

label (k,), tokens (k, 2), characters (k, 2), logit (k,): the entities that were found; tokens and characters are those
of the whole text. heads: link scores between the tokens `starts` (ascending), at which entities begin; tails: between
the tokens `ends`; both packed or dense, as they came. truncated: whether `max_entities` was reached.
"""


def read_view(text, first, offsets, scores, schema, thresholds=None, max_entities=MAX_ENTITIES):
    """Finds the entities of a window, and keeps the link scores of their tokens alone.

    Arguments: first: int, the token of the whole text that the window's token 0 stands for. Others: as
        `decoder.decode`; `offsets` are characters of the whole text.
    Returns:
        View, or None for a window without a token.
    Raises:
        ValueError: as `decode`, but for the link scores, which `Reading` looks at where it reads them.
    """
    thresholds = Thresholds() if thresholds is None else thresholds
    entities, heads, tails = scores
    sizes = [tokens_of(part, labels, name) for part, labels, name in zip(
        scores, (2, len(schema), len(schema)), ('entities', 'heads', 'tails'))]
    if len(set(sizes)) > 1:
        raise ValueError('entities, heads and tails must have scores for the same number of tokens, got %s'
                         % ', '.join(map(str, sizes)))
    spans, valid = check_offsets(offsets, text, sizes[0])
    found = spans_over(entities, 2, valid, thresholds.arguments, max_entities, 'entities')
    shown = np.flatnonzero(valid)
    if not len(shown):
        return None
    starts, ends = np.unique(found.start), np.unique(found.end)
    return View(
        first + int(shown[0]), first + int(shown[-1]), found.label, np.stack([found.start, found.end], 1) + first,
        np.stack([spans[found.start, 0], spans[found.end, 1]], 1), found.score,
        starts + first, crop(heads, len(schema), starts, 'heads'), ends + first,
        crop(tails, len(schema), ends, 'tails'), found.truncated)


class Reading:
    """The entities of one text and the links between them, from all its windows.

    An entity's logit is the best over the windows that found it. A window that was cut right before or behind a span
    may take the visible part of a word for the whole: it has no say about that span where another window shows it with
    its surroundings. A link is read in every window that found both its entities; the one with the best margin counts.

    Arguments:
        views: list of View, in the order of their windows. schema: Schema. thresholds: `events.Thresholds`.
    Attributes:
        entities: {SUBJECT: …, OBJECT: …}, each (tokens (k, 2), characters (k, 2), logits (k,)), sorted by tokens.
    Raises:
        ValueError: thresholds of links of the wrong number.
    """

    def __init__(self, views, schema, thresholds):
        self.views, self.schema = views, schema
        self.thresholds = [_threshold(getattr(thresholds, name), len(schema), name) for name in ('heads', 'tails')]
        inner, self.entities, self._places = inner_ranges([view[:2] for view in views]) if views else [], {}, {}
        for label in (SUBJECT, OBJECT):
            found = {}  # tokens: (characters, logit)
            for view, own in zip(views, inner):
                for row in np.flatnonzero(view.label == label).tolist():
                    start, end = view.tokens[row].tolist()
                    if has_a_say(start, end, own, inner):
                        best = max(found.get((start, end), (None, -np.inf))[1], float(view.logit[row]))
                        found[start, end] = view.characters[row].tolist(), best
            spans = sorted(found)
            self.entities[label] = (np.array(spans, np.int64).reshape(-1, 2), [found[span][0] for span in spans],
                                    [found[span][1] for span in spans])
            self._places[label] = {span: place for place, span in enumerate(spans)}

    def links(self, numbers, source):
        """Returns (margin, score), (len(numbers), k, m), of entities of the label `source` with objects.

        A link is there where its margin is above 0. Both are −inf where no window found both entities.
        """
        shape = len(numbers), len(self._places[source]), len(self._places[OBJECT])
        margin, score = np.full(shape, -np.inf), np.full(shape, -np.inf, np.float32)
        for view in self.views:
            (here, sources), (there, targets) = (self._seen(view, label) for label in (source, OBJECT))
            sides = ('heads', view.heads, view.starts), ('tails', view.tails, view.ends)
            margins, scores = [], []
            for side, (name, cells, tokens) in enumerate(sides):
                rows, columns = (np.searchsorted(tokens, spans[:, side]) for spans in (sources, targets))
                scores.append(block(cells, len(self.schema), numbers, rows, columns, name))
                margins.append(scores[-1].astype(np.float64) - self.thresholds[side][numbers][:, None, None])
            own, cell = np.minimum(*margins), np.ix_(range(len(numbers)), here, there)
            better = own > margin[cell]
            margin[cell] = np.where(better, own, margin[cell])
            score[cell] = np.where(better, np.minimum(*scores), score[cell])
        return margin, score

    def _seen(self, view, label):
        """Returns the places among `entities` of what a view found, and their tokens."""
        spans = [tuple(span) for span in view.tokens[view.label == label].tolist()]
        spans = [span for span in spans if span in self._places[label]]
        return [self._places[label][span] for span in spans], np.array(spans, np.int64).reshape(-1, 2)


def _threshold(value, labels, name):
    value = np.asarray(value, np.float32)
    if value.shape not in ((), (labels,)):
        raise ValueError('the threshold of %s must be one number or %d, one a link of the schema, got %d numbers'
                         % (name, labels, value.size))
    return np.broadcast_to(value, (labels,)).astype(np.float64)
