"""Sets of small numbers as the bits of an integer."""


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
