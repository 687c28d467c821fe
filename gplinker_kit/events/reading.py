"""What the model says of one text, window by window: the spans that it found, and the scores of links between them."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.scores import crop, pair_scores, positives
from gplinker_kit.events.windows import has_a_say, inner_ranges

Node = namedtuple('Node', 'span tokens logits')
Node.__doc__ = """A span of one event type: characters (start, end), tokens (first, last), {label: logit}."""

Links = namedtuple('Links', 'linked score held')
Links.__doc__ = """Links between k nodes: `linked` bool and `score` float32, symmetric (k, k); `held` bool (windows, k).

`score` is −inf where no window holds both nodes. The diagonal is the link of a span with itself. `held` says which
windows hold which nodes, and is None where there is a single window.
"""

# The link scores of a window of tokens first .. last: heads at the tokens `starts`, tails at the tokens `ends`.
_View = namedtuple('_View', 'first last starts heads ends tails')


def check_offsets(offsets, text, n):
    """Returns int64 (n, 2) character spans and which tokens have one, after checking them against the text."""
    spans = np.zeros((n, 2), np.int64)
    if len(offsets) > n:
        raise ValueError('there are %d offsets but scores for %d tokens only' % (len(offsets), n))
    if len(offsets):
        try:
            spans[:len(offsets)] = offsets
        except OverflowError:
            raise ValueError('offsets must be within a text of %d characters, got some beyond 64 bits'
                             % len(text)) from None
    valid = spans[:, 1] > spans[:, 0]
    real = spans[valid]
    if len(real) and (real.min() < 0 or real.max() > len(text) or (np.diff(real, axis=0) < 0).any()):
        raise ValueError('offsets must be ascending (start, end) pairs within a text of %d characters, got %r'
                         % (len(text), [tuple(pair) for pair in spans.tolist()]))
    return spans, valid


def link_labels(heads, tails, schema):
    """Returns the number of labels of the link heads: 1, or that of the event types where links are typed.

    Arguments:
        heads, tails: packed arrays of the same shape, (..., n, n + 2) or (..., n, n + 2t), t = len(schema.event_types).
    Raises:
        ValueError: another shape.
    """
    shapes, types = [np.shape(heads), np.shape(tails)], len(schema.event_types)
    for name, shape in zip(('heads', 'tails'), shapes):
        if len(shape) < 2 or shape[-1] - shape[-2] not in (2, 2 * types):
            raise ValueError('%s must have the shape (n, n + 2), or (n, n + 2 * %d) for links of %d event types, got %s'
                             % (name, types, types, shape))
    if shapes[0] != shapes[1]:
        raise ValueError('heads and tails must have the same shape, got %s and %s' % tuple(shapes))
    return (shapes[0][-1] - shapes[0][-2]) // 2


def _places(tokens, wanted):
    """Returns the rows at which ascending `tokens` hold each of the wanted ones, and whether they do."""
    rows = np.minimum(np.searchsorted(tokens, wanted), len(tokens) - 1)
    return rows, tokens[rows] == wanted


class Reading:
    """Collects the windows of one text; a text that fits the model is a single window.

    A node is a span of characters. Its logit for a label is the best over the windows that see it. A window that was
    cut right before or behind a span does not see how the text goes on there, and may take the visible part of an
    argument for the whole: it has no say about that span where another window shows it with its surroundings. A link
    is read in every window that holds both nodes; the one with the best margin over its thresholds counts.

    Held in memory are the cells over their threshold, and, of the link scores, those between tokens at which a span
    was found. Which tokens these are is known once a window has come that no longer overlaps; until then the link
    scores of a window are held whole.

    Arguments:
        text: str. schema: Schema. thresholds: Thresholds. policy: Policy, of which `max_positives` is applied here.
    Attributes:
        windows: how many windows with a token were added. limits: set of the names of the bounds that were reached.
    """

    def __init__(self, text, schema, thresholds, policy):
        self.text = text
        self.schema = schema
        self.thresholds = thresholds
        self.policy = policy
        self.windows = 0
        self.limits = set()
        self._labels = self._link_thresholds = None  # of the link heads
        self._groups = {}  # {event type: {span: ({label: logit}, {tokens: best logit})}}
        self._starts, self._ends = set(), set()  # tokens of found spans
        self._edges = []  # (view, cell) of the spans that begin or end where their window does
        self._views, self._closed = [], 0
        self._latest = None  # first token and spans of the window before

    def add(self, first, offsets, packed):
        """Adds the next window.

        Arguments:
            first: int, the token of the whole text that the window's token 0 stands for. Windows come in ascending
                order.
            offsets: (start, end) character positions in the whole text, one pair a token, (0, 0) for [CLS], [SEP] and
                padding; at most n.
            packed: three arrays (arguments, heads, tails), as in `decode`.
        Raises:
            ValueError: as `decode`, and for windows out of order or that disagree on the place of a token.
        """
        arguments, heads, tails = packed
        spans, valid = check_offsets(offsets, self.text, len(arguments))
        labels = link_labels(heads, tails, self.schema)
        if len(heads) != len(arguments):
            raise ValueError('heads must have scores for %d tokens as arguments has, got %d'
                             % (len(arguments), len(heads)))
        if self._labels is None:
            self._labels, self._link_thresholds = labels, self.thresholds.of_links(labels)
        if labels != self._labels:
            raise ValueError('the link heads have %d labels in one window and %d in another' % (self._labels, labels))
        tokens = np.flatnonzero(valid)
        heads, tails = crop(heads, labels, tokens, 'heads'), crop(tails, labels, tokens, 'tails')
        found = positives(arguments, len(self.schema), valid, self.thresholds.arguments,
                          max_positives=self.policy.max_positives, name='arguments')
        if not len(tokens):
            return
        tokens += first
        self._follow(first, spans, tokens)
        if found.truncated:
            self.limits.add('max_positives')
        low, high = int(tokens[0]), int(tokens[-1])
        for label, start, end, score in zip(*(column.tolist() for column in found[:4])):
            cell = label, (int(spans[start, 0]), int(spans[end, 1])), (start + first, end + first), score
            self._starts.add(cell[2][0])
            self._ends.add(cell[2][1])
            if cell[2][0] == low or cell[2][1] == high:
                self._edges.append((self.windows, cell))
            else:
                self._take(*cell)
        self._close(low)
        self._views.append(_View(low, high, tokens, heads, tokens, tails))
        self.windows += 1

    def _take(self, label, span, place, score):
        group = self._groups.setdefault(self.schema.labels[label].event_type, {})
        logits, places = group.setdefault(span, ({}, {}))
        logits[label] = max(score, logits.get(label, score))
        places[place] = max(score, places.get(place, score))

    def _take_edges(self):
        """Takes the spans at the edges of windows, but for those that another window shows with their surroundings."""
        whole = inner_ranges([(view.first, view.last) for view in self._views])
        for number, cell in self._edges:
            if has_a_say(*cell[2], whole[number], whole):
                self._take(*cell)
        self._edges = []

    def _follow(self, first, spans, tokens):
        """Checks that a window stands behind the one before it, and gives the tokens of both the same characters."""
        if self._latest is not None:
            before, known, last = self._latest
            if first < before or tokens[-1] < last:
                raise ValueError('windows must ascend, but one of tokens %d to %d follows one of tokens %d to %d'
                                 % (first, tokens[-1], before, last))
            both = tokens[tokens <= last]
            mine, theirs = spans[both - first], known[both - before]
            differ = (mine != theirs).any(axis=1) & (theirs[:, 1] > theirs[:, 0])
            if differ.any():
                place = int(np.flatnonzero(differ)[0])
                raise ValueError('two windows give token %d the characters %s and %s'
                                 % (both[place], tuple(theirs[place].tolist()), tuple(mine[place].tolist())))
        self._latest = first, spans, int(tokens[-1])

    def _close(self, first):
        """Reduces the link scores of windows that end before token `first` to the tokens of found spans."""
        while self._closed < len(self._views) and self._views[self._closed].last < first:
            view = self._views[self._closed]
            starts, ends = ([row for row, token in enumerate(tokens.tolist()) if token in wanted]
                            for tokens, wanted in ((view.starts, self._starts), (view.ends, self._ends)))
            self._views[self._closed] = view._replace(
                starts=view.starts[starts], heads=crop(view.heads, self._labels, np.array(starts, np.int64)),
                ends=view.ends[ends], tails=crop(view.tails, self._labels, np.array(ends, np.int64)))
            self._closed += 1

    def nodes(self):
        """Yields (event type, [Node, ...]), types in schema order and nodes by their span.

        Several token spans can cover the same characters (one character split into tokens). They are one node, linked
        where the best of them is. More nodes than `max_nodes` allows are left out, the worst.
        """
        if self._edges:
            self._take_edges()
        most = self.policy.bound('max_nodes', self.windows)
        for event_type in self.schema.event_types:
            if event_type in self._groups:
                nodes = [Node(span, max(sorted(places), key=places.get), logits)
                         for span, (logits, places) in sorted(self._groups[event_type].items())]
                if most is not None and len(nodes) > most:
                    rank = sorted(range(len(nodes)), key=lambda k: (-max(nodes[k].logits.values()), k))
                    nodes = [nodes[k] for k in sorted(rank[:most])]
                    self.limits.add('max_nodes')
                yield event_type, nodes

    def links(self, event_type, nodes):
        """Returns the Links that the windows show between nodes of a type."""
        label = 0 if self._labels == 1 else self.schema.event_types.index(event_type)
        options = self._link_thresholds[label] + (self._labels, label)
        starts, ends = np.array([node.tokens for node in nodes], np.int64).reshape(-1, 2).T
        if self.windows == 1:
            view, = self._views
            found = pair_scores(view.heads, view.tails, np.searchsorted(view.starts, starts),
                                np.searchsorted(view.ends, ends), *options)
            return Links(found.margin > 0, found.score, None)
        held = np.zeros((self.windows, len(nodes)), bool)
        margin = np.full((len(nodes), len(nodes)), -np.inf)
        score = margin.astype(np.float32)
        for row, view in enumerate(self._views):
            if not len(view.starts) or not len(view.ends):
                continue
            (heads, starting), (tails, ending) = _places(view.starts, starts), _places(view.ends, ends)
            inside = np.flatnonzero(starting & ending)
            held[row, inside] = True
            found = pair_scores(view.heads, view.tails, heads[inside], tails[inside], *options)
            block = np.ix_(inside, inside)
            better = found.margin > margin[block]
            margin[block] = np.where(better, found.margin, margin[block])
            score[block] = np.where(better, found.score, score[block])
        return Links(margin > 0, score, held)
