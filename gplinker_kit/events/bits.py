"""Sets of small numbers as the bits of an integer."""

from __future__ import annotations

from functools import lru_cache


def mask_of(numbers):
    """Returns the integer in which the bits of some numbers are set."""
    mask = 0
    for number in numbers:
        mask |= 1 << int(number)
    return mask


def members(mask):
    """Yields the positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def tuples(masks, size):
    """Returns the members of each of many masks below 1 << size as an ascending tuple; a byte is looked up at once."""
    tables = [_tuples_of_byte(at) for at in range(-(-size // 8))]
    found = []
    for mask in masks:
        held = ()
        for table, byte in zip(tables, mask.to_bytes(len(tables), 'little')):
            held += table[byte]
        found.append(held)
    return found


@lru_cache(maxsize=None)
def _tuples_of_byte(at):
    return [tuple(8 * at + bit for bit in members(byte)) for byte in range(256)]
