"""What two sequences have in common, in numpy one row of the table at a time."""

import numpy as np


def longest_common_substring(source, target):
    """Returns `(length, (start, end, start, end))` of the longest slice that is both in `source` and in `target`.

    Of several, the one that ends first in `source`, and then in `target`. The sequences are strings, or lists of
    anything that can be compared. Takes time in proportion to the product of the lengths.
    """
    source, target = _numbered(source, target)
    best, span = 0, (0, 0, 0, 0)
    row = np.zeros(len(target) + 1, 'int32')  # the length of the common slice that ends at each place
    for end, item in enumerate(source, 1):
        row[1:] = np.where(target == item, row[:-1] + 1, 0)
        place = int(row.argmax())
        if row[place] > best:
            best = int(row[place])
            span = (end - best, end, place - best, place)
    return best, span


def longest_common_subsequence(source, target):
    """Returns `(length, pairs)` of a longest subsequence of both: pairs of indices, ascending.

    Of several, the one that is found from the end, leaving out an item of `source` first where both will do. Takes time
    and memory (4 bytes) in proportion to the product of the lengths.
    """
    source, target = _numbered(source, target)
    # Entry [i, j]: the length for the first i and j items.
    table = np.zeros((len(source) + 1, len(target) + 1), 'int32')
    for number, item in enumerate(source):
        above = table[number]
        row = np.where(target == item, above[:-1] + 1, above[1:])
        np.maximum.accumulate(row, out=table[number + 1, 1:])
    pairs, i, j = [], len(source), len(target)
    while len(pairs) < table[-1, -1]:
        if source[i - 1] == target[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif table[i, j - 1] > table[i - 1, j]:
            j -= 1
        else:
            i -= 1
    return len(pairs), pairs[::-1]


def _numbered(source, target):
    """Returns both sequences as arrays of whole numbers that are equal where the items are."""
    items = list(source) + list(target)
    try:
        known = {}
        numbers = [known.setdefault(item, len(known)) for item in items]
    except TypeError:  # lists and the like cannot be looked up
        known, numbers = [], []
        for item in items:
            if item not in known:
                known.append(item)
            numbers.append(known.index(item))
    numbers = np.array(numbers, 'int64')
    return numbers[:len(source)], numbers[len(source):]
