"""Texts of unequal lengths packed into rows of one length, several a row, so that hardly any padding is left.

    packed = pack_sequences(token_ids, 512)
    model = build_transformer_model(..., packed=True)
    hidden = model.predict([packed.tokens, 0 * packed.tokens, packed.documents])
    of_each_text = packed.packing.split(hidden)

numpy only. Sources: Krell et al., 2021, "Efficient Sequence Packing without Cross-contamination" (arXiv:2107.02027);
Dósa, 2007, "The Tight Bound of First Fit Decreasing Bin-Packing Algorithm Is FFD(I) ≤ 11/9 OPT(I) + 6/9".
"""

from collections import namedtuple

import numpy as np

Packed = namedtuple('Packed', 'tokens segments positions documents packing')
Packed.__doc__ = """Packed texts: int32 arrays (rows, length), 0 where there is no token, and their `Packing`.

`positions` begin with 0 at each text, `documents` number the texts of a row from 1. `segments` may be None.
"""


class Packing:
    """Which place each text has in which row; made by `pack_lengths`.

    Attributes: length: int, of a row. count: int, rows. lengths, rows, starts: integers (texts,): the tokens of a text,
        its row, and the place in it where it begins.
    """

    def __init__(self, length, count, lengths, rows, starts):
        self.length, self.count, self.lengths, self.rows, self.starts = length, count, lengths, rows, starts

    def fill(self, sequences, padding=0, dtype='int32'):
        """Returns one value a token, given as one sequence a text, as an array (count, length).

        Raises: ValueError for another number of texts, or one of another length (its number is told).
        """
        lengths = np.fromiter(map(len, sequences), 'int64', len(sequences))
        if len(lengths) != len(self.lengths):
            raise ValueError('sequences: expected %d, one a text, got %d' % (len(self.lengths), len(lengths)))
        wrong = np.flatnonzero(lengths != self.lengths)
        if len(wrong):
            raise ValueError('sequences: text %d has %d tokens in the packing, got a sequence of %d' % (
                wrong[0], self.lengths[wrong[0]], lengths[wrong[0]]))
        gap = np.full(self.length, padding, dtype)
        pieces, sizes = self._pieces()
        flat = [gap[:size] if text < 0 else sequences[text] for text, size in zip(pieces.tolist(), sizes.tolist())]
        return np.concatenate(flat + [gap[:0]]).astype(dtype).reshape(self.count, self.length)

    def documents(self):
        """Returns int32 (count, length): the texts of a row are numbered from 1, in their order; 0 is padding."""
        pieces, sizes = self._pieces()
        numbers = np.where(pieces < 0, 0, _counted(1 + np.bincount(self.rows, minlength=self.count)) + 1)
        return np.repeat(numbers.astype('int32'), sizes).reshape(self.count, self.length)

    def positions(self):
        """Returns int32 (count, length): the place of a token in its text, from 0; 0 where there is none."""
        pieces, sizes = self._pieces()
        places = np.arange(self.length, dtype='int32')
        begins = np.append(self.starts, self.length).astype('int32')[pieces]  # the last one is that of the gaps
        return np.maximum(places - np.repeat(begins, sizes).reshape(self.count, self.length), 0)

    def split(self, values):
        """Returns the part of each text, (its length, …), of an array (count, length, …): the way back."""
        if np.shape(values)[:2] != (self.count, self.length):
            raise ValueError('values: expected an array (%d, %d, …), got shape %s' % (
                self.count, self.length, np.shape(values)))
        return [values[row, start:start + length] for row, start, length in zip(self.rows, self.starts, self.lengths)]

    def _pieces(self):
        """Returns what the rows hold, one after another: (text numbers, sizes); a row ends in a gap, number -1."""
        order = np.lexsort((self.starts, self.rows))
        ends = np.searchsorted(self.rows[order], np.arange(self.count), side='right')
        gaps = self.length - np.bincount(self.rows, self.lengths, self.count).astype('int64')
        return np.insert(order, ends, -1), np.insert(self.lengths[order], ends, gaps)


def _counted(lengths):
    """0 … n - 1 for each n of `lengths`, one after another."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def pack_lengths(lengths, length):
    """Finds places for texts in as few rows as first-fit decreasing needs: at most 11/9 of the least number, plus 2/3.

    The texts, longest first, go each into the first row that has room. Those of one length are placed together, which
    gives the same rows and costs one pass over them: a million texts of up to 512 tokens take a second or two.

    Arguments: lengths: tokens of each text, whole numbers of at least 1. length: int, of a row.
    Returns: Packing; the longest texts are in the first rows: shuffle the rows before a training.
    Raises: ValueError for a text that is empty, or longer than a row, and for lengths that are no whole numbers.
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or len(lengths) and lengths.dtype.kind not in 'iu':
        raise ValueError('lengths: expected one whole number a text, got %s of shape %s' % (
            lengths.dtype, lengths.shape))
    lengths = lengths.astype('int64')
    wrong = np.flatnonzero((lengths < 1) | (lengths > length))
    if len(wrong):
        raise ValueError('text %d has %d tokens, a row takes 1 to %d: cut long texts and leave empty ones out' % (
            wrong[0], lengths[wrong[0]], length))
    rows, starts = np.empty_like(lengths), np.empty_like(lengths)
    order = np.argsort(-lengths, kind='stable')
    free, used, done = np.full(len(lengths), length, 'int64'), 0, 0
    sizes, counts = np.unique(lengths, return_counts=True)
    for size, count in zip(sizes[::-1], counts[::-1]):
        # How many of this size each row takes in turn: first those that are begun, then new ones.
        room = free[:used] // size
        taken = np.minimum(np.cumsum(room), count)
        left = count - (taken[-1] if used else 0)
        new = -(-left // (length // size))
        ends = np.concatenate([taken, count - left + np.minimum(np.arange(1, new + 1) * (length // size), left)])
        used += new
        takes = np.diff(np.concatenate([[0], ends]))
        members, done = order[done:done + count], done + count
        rows[members] = np.repeat(np.arange(used), takes)
        starts[members] = length - free[rows[members]] + size * _counted(takes)
        free[:used] -= size * takes
    return Packing(length, int(used), lengths, rows, starts)


def pack_sequences(tokens, length, segments=None):
    """Packs texts into rows of `length` tokens.

    Arguments: tokens: list of sequences of token ids. length: int. segments: list of sequences of as many segment ids,
        or None.
    Returns: Packed.
    Raises: ValueError as `pack_lengths` and `Packing.fill`.
    """
    packing = pack_lengths(np.fromiter(map(len, tokens), 'int64', len(tokens)), length)
    filled = None if segments is None else packing.fill(segments)
    return Packed(packing.fill(tokens), filled, packing.positions(), packing.documents(), packing)
