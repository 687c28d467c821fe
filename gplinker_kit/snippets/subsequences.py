"""What two sequences have in common."""

import numpy as np


def longest_common_substring(source, target):
    """Returns `(length, (start, end, start, end))` of the longest slice that is both in `source` and in `target`.

    Of several, the one that ends first in `source`, and then in `target`. The sequences are strings, or lists of
    anything that can be compared. Takes time in proportion to the number of pairs of equal items.

    >>> longest_common_substring('event extraction', 'traction')
    (8, (8, 16, 0, 8))
    """
    source, target = (numbers.tolist() for numbers in _numbered(source, target))
    places = {}
    for place, item in enumerate(target, 1):
        places.setdefault(item, []).append(place)
    best, span = 0, (0, 0, 0, 0)
    lengths = {}  # place in `target` -> length of the common slice that ends there and at the item before
    for end, item in enumerate(source, 1):
        lengths = {place: lengths.get(place - 1, 0) + 1 for place in places.get(item, ())}
        for place, length in lengths.items():
            if length > best:
                best, span = length, (end - length, end, place - length, place)
    return best, span


def longest_common_subsequence(source, target):
    """Returns `(length, pairs)` of a longest subsequence of both: pairs of indices, ascending.

    Of several, the one that is found from the end, leaving out an item of `source` first where both will do. Takes time
    and memory (4 bytes) in proportion to the product of the lengths, a row of numpy's at a time.
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
