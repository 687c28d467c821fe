"""The best path through a lattice of tags, of one text or of a batch. numpy only.

Notation: b batch, n length, k tags.

The search runs over the whole batch, longest texts first: at each step those that have not ended are the first rows, so
that no step computes anything for padding. Back pointers instead of paths keep the cost at n·k², where extending paths
by copying them costs n²·k more.
"""

import numpy as np


class ViterbiDecoder:
    """Finds the path y with the highest Σ nodes[t, y_t] + Σ trans[y_(t-1), y_t].

        decoder = ViterbiDecoder(K.eval(crf.trans), starts=[0], ends=[0])
        tags = decoder.decode(model.predict(x)[0])

    Arguments:
        trans: (k, k), [i, j] scores tag j after tag i; the attribute may be set anew after each epoch.
        starts, ends: the tags with which a path may start and end; None allows all.
    Raises: ValueError if `trans` is not square, or a start or an end is not a tag, or there are none.
    Of paths with the same score the one is taken that bert4keras takes: the lower tag, from the end backwards.
    """

    def __init__(self, trans, starts=None, ends=None):
        shape = np.shape(trans)
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError('ViterbiDecoder: trans must have the shape (k, k). Received: shape=%s' % (shape,))
        self.trans = trans
        self.num_labels = shape[0]
        self.non_starts = _others('starts', starts, self.num_labels)
        self.non_ends = _others('ends', ends, self.num_labels)

    def decode(self, nodes):
        """nodes (n, k) -> tags (n,), integers. `nodes` stays as it is.

        Raises: ValueError if `nodes` has another shape.
        """
        shape = np.shape(nodes)
        if len(shape) != 2 or shape[1] != self.num_labels:
            self._refuse('nodes', '(n, %d)' % self.num_labels, shape)
        return self._search(np.asarray(nodes)[None], np.array(shape[:1]))[0]

    def decode_batch(self, nodes, lengths=None):
        """nodes (b, n, k) -> a list of b arrays of tags, each as long as its text: what `decode` says of each.

        lengths: (b,) integers, or a mask (b, n), boolean or of 0 and 1, whose ones come first in each row. None takes
        rows of -inf at the end as padding: that is how the tagging layers mark it.
        Raises: ValueError if a shape is wrong, a length is not in 0..n, or a mask has a gap.
        """
        nodes = np.asarray(nodes)
        if nodes.ndim != 3 or nodes.shape[2] != self.num_labels:
            self._refuse('nodes', '(b, n, %d)' % self.num_labels, nodes.shape)
        return self._search(nodes, _read_lengths(lengths, nodes))

    def _search(self, nodes, lengths):
        trans = np.asarray(self.trans)
        if trans.shape != (self.num_labels, self.num_labels):
            self._refuse('trans', '(%d, %d)' % (self.num_labels, self.num_labels), trans.shape)
        order = np.argsort(-lengths, kind='stable')
        lengths = lengths[order]
        nodes = self._at_the_ends(nodes[order], lengths)
        k, places = self.num_labels, np.arange(nodes.shape[0] * self.num_labels)
        n = int(lengths[0]) if len(lengths) else 0
        alive = [int((lengths > t).sum()) for t in range(n)]
        # Sums run over the last axis, the tags before: [b, j, i].
        moves = np.ascontiguousarray(trans.T)
        scores = nodes[:, 0] if n else nodes[:, :0]
        back = np.zeros((n,) + scores.shape, dtype=np.intp)
        for t in range(1, n):
            rows = alive[t]
            sums = scores[:rows, None, :] + moves + nodes[:rows, t, :, None]
            best = sums.argmax(axis=-1, out=back[t, :rows])
            # What the last axis' max would say, without reading all of it again.
            scores[:rows].flat = sums.reshape(-1, k)[places[:rows * k], best.reshape(-1)]
        paths = np.zeros((len(lengths), n), dtype=np.intp)
        rows = np.arange(len(lengths))
        if n:
            last = scores.argmax(axis=-1)
            paths[rows, lengths - 1] = last
        for t in range(n - 1, 0, -1):
            here = rows[:alive[t]]
            paths[here, t - 1] = back[t, here, paths[here, t]]
        found = [None] * len(lengths)
        for row, place in enumerate(order):
            found[place] = paths[row, :lengths[row]]
        return found

    def _at_the_ends(self, nodes, lengths):
        """A floating copy of `nodes` without the tags that may not stand at the ends."""
        nodes = nodes.astype(np.result_type(nodes, np.asarray(self.trans), np.float32))
        rows = np.flatnonzero(lengths)
        if len(rows):
            nodes[:len(rows), 0][:, self.non_starts] = -np.inf
            nodes[rows[:, None], lengths[rows, None] - 1, self.non_ends] = -np.inf
        return nodes

    def _refuse(self, name, expected, shape):
        raise ValueError(
            '%s: %s must have the shape %s. Received: shape=%s' % (type(self).__name__, name, expected, tuple(shape))
        )


def _others(name, allowed, count):
    """The tags that are not allowed, a list; None allows all."""
    if allowed is None:
        return []
    allowed = [allowed] if isinstance(allowed, (int, np.integer)) else list(allowed)
    if not allowed:
        raise ValueError('ViterbiDecoder: %s must name at least one tag, or be None. Received: %r' % (name, allowed))
    for tag in allowed:
        if isinstance(tag, bool) or not isinstance(tag, (int, np.integer)) or not 0 <= tag < count:
            raise ValueError('ViterbiDecoder: %s must be tags in 0..%d. Received: %r' % (name, count - 1, tag))
    return [tag for tag in range(count) if tag not in allowed]


def _read_lengths(lengths, nodes):
    """Lengths or a mask or None -> (b,) integers."""
    b, n = nodes.shape[:2]
    if lengths is None:
        lengths = ~(nodes == -np.inf).all(axis=2)
        # A row of -inf in between is no padding.
        return np.where(lengths.any(axis=1), n - lengths[:, ::-1].argmax(axis=1), 0) if n else np.zeros(b, 'int64')
    lengths = np.asarray(lengths)
    if lengths.shape == (b, n) and lengths.ndim == 2:
        mask = lengths.astype(bool)
        if (mask[:, 1:] & ~mask[:, :-1]).any():
            raise ValueError('decode_batch: the real tokens of a mask must come first in each row')
        return mask.sum(axis=1)
    if lengths.shape != (b,) or (b and lengths.dtype.kind not in 'iu'):
        raise ValueError(
            'decode_batch: lengths must be %d integers, or a mask of the shape (%d, %d). Received: %s of the shape %s'
            % (b, b, n, lengths.dtype, lengths.shape)
        )
    if b and not (0 <= lengths.min() and lengths.max() <= n):
        raise ValueError('decode_batch: lengths must lie in 0..%d. Received: %s' % (n, lengths.tolist()))
    return lengths.astype('int64')
