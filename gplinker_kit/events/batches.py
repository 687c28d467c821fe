"""Batches of texts of similar length. numpy only."""

from __future__ import annotations

import numpy as np

from gplinker_kit.events.labels import pad_targets

GOLD_MULTIPLE = 32
CALL = 128


def length_batches(lengths, batch_size, random, multiple=16, longest=None, tokens=None):
    """Shuffles texts into batches whose members are padded to about the same length.

    Texts are dealt, in random order, into buckets by their length rounded up to `multiple`. What does not fill a batch
    moves into the next wider bucket; the very last batch is filled up with texts drawn again, so that every batch of a
    width has the same height: JAX and XLA compile a program for each shape.

    Arguments:
        lengths: b integers, tokens a text. batch_size: int. random: numpy RandomState.
        longest: int or None, bound of the rounded lengths. tokens: int or None, a budget: as many texts a batch as it
        holds at their width, padding included, though not more than `batch_size` and not less than one.
    Returns:
        list of pairs (indices, width), ceil(b / batch_size) of them without a budget, in random order; each text is in
        it once (the fill of the last batch apart). How many there are does not depend on `random`.
    """
    lengths = np.asarray(lengths)
    if not len(lengths):
        raise ValueError('lengths is empty; expected one number a text')
    widths = -(-lengths // multiple) * multiple
    if longest is not None:
        widths = np.minimum(widths, longest)
    order = random.permutation(len(lengths))
    batches, left = [], []
    for width in np.unique(widths):
        bucket = left + [i for i in order if widths[i] == width]
        height = batch_size if tokens is None else max(1, min(batch_size, int(tokens // width)))
        full = len(bucket) - len(bucket) % height
        batches.extend((bucket[at:at + height], int(width)) for at in range(0, full, height))
        left = bucket[full:]
    if left:
        fill = random.choice(len(lengths), height - len(left), replace=len(lengths) < height)
        members = left + fill.tolist()
        batches.append((members, int(widths[members].max())))
    random.shuffle(batches)
    return batches


def cut_batches(lengths, batch_size, call=CALL):
    """Cuts texts, the longest first, into those batches that cost least to predict.

    A batch costs as many tokens as it has with its padding, and for the call as much as `call` tokens, which is 50 to
    200 with encoders of 128 to 256 units on a CPU. Of 1,000 texts in batches of 32 about 5% of what is computed is
    padding, of 100 texts 30%: what is cut off here.

    Arguments: lengths: b integers, descending. batch_size: int, most texts of a batch. call: number above 0.
    Returns: list of pairs (begin, end), one after the other.
    """
    lengths = np.asarray(lengths, np.int64)
    count = len(lengths)
    # Of the texts from each one on: what they cost, and where the first of their batches ends.
    cost, end = np.zeros(count + 1), np.zeros(count, np.int64)
    heights = np.arange(1, batch_size + 1)
    for begin in range(count - 1, -1, -1):
        rest = cost[begin + 1:begin + 1 + batch_size]
        costs = lengths[begin] * heights[:len(rest)] + rest
        best = int(costs.argmin())
        cost[begin], end[begin] = costs[best] + call, begin + 1 + best
    batches, begin = [], 0
    while begin < count:
        batches.append((begin, int(end[begin])))
        begin = batches[-1][1]
    return batches


def bucket_length(length, multiple, longest):
    """Rounds a length up to a multiple, but not beyond `longest`."""
    return min(-(-length // multiple) * multiple, longest)


def bucket_batch(rows, batch_size):
    """Rounds a number of rows up to a power of two, but not beyond `batch_size`."""
    return min(1 << (rows - 1).bit_length(), batch_size)


def pad_batch(rows, width, height):
    """Stacks lists of integers into an int32 array (height, width), 0-padded; copies of the last row fill it up."""
    batch = np.zeros((height, width), np.int32)
    for number in range(height):
        row = rows[min(number, len(rows) - 1)]
        batch[number, :len(row)] = row
    return batch


def pad_inputs(items, width, height=None):
    """Returns [token ids, segment ids], see `pad_batch`, of items that begin with them; `height` as many by default."""
    height = len(items) if height is None else height
    return [pad_batch([item[part] for item in items], width, height) for part in (0, 1)]


def bucketed_batches(items, batch_size, multiple, longest):
    """Yields (numbers of the items, inputs of `pad_inputs`) of batches of few shapes, the longest items first.

    What does not fit in memory fails at once. Copies of the last item may fill a batch up.
    """
    order = sorted(range(len(items)), key=lambda k: -len(items[k][0]))
    for begin in range(0, len(items), batch_size):
        members = order[begin:begin + batch_size]
        width = bucket_length(len(items[members[0]][0]), multiple, longest)
        yield members, pad_inputs([items[k] for k in members], width, bucket_batch(len(members), batch_size))


def make_batch(items, width, gold_multiple=GOLD_MULTIPLE):
    """Pads encoded texts into arrays.

    Arguments: items: list of (token ids, segment ids, Targets or SoftTargets); width: int; gold_multiple: the numbers
        of golds are rounded up to this times a power of two.
    Returns: ([token ids (b, width), segment ids (b, width)], [arguments, heads, tails]): int32 (b, G, 3), or of
        SoftTargets float32 (b, G, 5), as `pad_targets` makes them.
    """
    targets = [item[2] for item in items]
    golds = [
        pad_targets([getattr(target, name) for target in targets], gold_multiple)
        for name in ('arguments', 'heads', 'tails')
    ]
    return pad_inputs(items, width), golds
