"""Where one curve falls below another, both of measurements by length."""

from __future__ import annotations

import math


def crossover(one, other):
    """The length from which on `one` is below `other`, both {length: number}.

    Between two lengths the logarithms run straight. Returns: the length; the shortest common one where `one` is below
    from the start; None where it is not below at the longest common one.
    """
    lengths = sorted(set(one) & set(other))
    gaps = [math.log(one[length]) - math.log(other[length]) for length in lengths]
    if not gaps or gaps[-1] >= 0:
        return None
    last = max((k for k, gap in enumerate(gaps) if gap >= 0), default=None)
    if last is None:
        return float(lengths[0])
    share = gaps[last] / (gaps[last] - gaps[last + 1])
    return math.exp((1 - share) * math.log(lengths[last]) + share * math.log(lengths[last + 1]))


def told_crossover(one, other):
    """`crossover` as a person reads it; nothing where there is nothing to compare."""
    lengths = sorted(set(one) & set(other))
    found = crossover(one, other)
    if not lengths:
        return ''
    if found is None:
        return 'above %d' % lengths[-1]
    return 'below %d' % lengths[0] if found == lengths[0] else '%d' % (round(found / 10.0) * 10)
