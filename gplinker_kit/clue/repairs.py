"""What is mended in CLUE's own files: ids that repeat or are missing, and words that do not stand where it is said."""

from __future__ import annotations


def nearest_start(text, word, start):
    """Returns `start` where `word` stands there, else the start of its nearest occurrence, None where it has none."""
    if start >= 0 and text.startswith(word, start):
        return start
    before, behind = text.rfind(word, 0, max(start, 0) + len(word)), text.find(word, max(start, 0))
    places = [place for place in (before, behind) if place >= 0]
    return min(places, key=lambda place: abs(place - start), default=None)


def identify(records, labeled):
    """Returns the id of each record: its `id`; where not all have one, its `idx`; else its number, from 0.

    Where ids of a labeled file repeat, as the `idx` of CLUEWSC2020 does, and where an `idx` repeats, all records are
    numbered.

    Raises:
        DataError: an `id` that comes twice in a file without labels: its predictions could not be told apart.
    """
    for key in ('id', 'idx'):
        if not records or not all(isinstance(record.value, dict) and key in record.value for record in records):
            continue
        found = {}
        for record in records:
            value = record.get(key, (str, int), 'a string or an integer')
            if str(value) in found:
                if key == 'id' and not labeled:
                    raise record.error('the id %r is on line %d already; each example needs its own'
                                       % (value, found[str(value)].line))
                break
            found[str(value)] = record
        else:
            return [record.value[key] for record in records]
    return list(range(len(records)))
