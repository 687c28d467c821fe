"""`show`: events as a notebook shows them, and as a tree of lines where there is none."""

from __future__ import annotations

from typing import Any

from gplinker_kit.events.markup import events_html
from gplinker_kit.events.schema import Event
from gplinker_kit.events.tree import event_tree


class Shown:
    """What `show` returns: `str` and `repr` are the trees of `event_tree`, `_repr_html_` is for notebooks.

    Arguments: items: list of (text or None, tuple of Event, note or None).
    """

    def __init__(self, items: list[tuple[str | None, tuple[Event, ...], str | None]]) -> None:
        self.items = items

    def __repr__(self) -> str:
        return '\n\n'.join(
            event_tree(events, text) + ('' if note is None else '\n(%s)' % note) for text, events, note in self.items
        )

    def _repr_html_(self) -> str:
        return ''.join(events_html(*item) for item in self.items)


def show(results: Any, text: str | None = None) -> Shown:
    """Shows what was extracted, or gold: put it last in a notebook's cell, or print it.

    Arguments:
        results: an Extraction, an Example, an Event, or a list of them; events in a row are those of one text.
        text: str or None, the text of events, which do not hold it.
    Returns:
        Shown.
    Raises:
        ValueError: something else, or a `text` for results that have their own.
    """
    listed = list(results) if isinstance(results, (list, tuple)) else [results]
    items: list[Any] = []
    for result in listed:
        if isinstance(result, Event):
            if not items or items[-1][2] is not listed:
                items.append((text, [], listed))
            items[-1][1].append(result)
            continue
        if not hasattr(result, 'text') or not hasattr(result, 'events'):
            raise ValueError('results must be Extractions, Examples or Events, got %s' % type(result).__name__)
        if text is not None:
            raise ValueError('text goes with events; an object of %s has its own' % type(result).__name__)
        items.append((result.text, tuple(result.events or ()), limits_note(getattr(result, 'limits', ()))))
    return Shown([(own, tuple(events), None if note is listed else note) for own, events, note in items])


def limits_note(limits):
    """Returns what to say of the bounds that an extraction has met, or None."""
    return 'events may be missing: a bound was met (%s)' % ', '.join(limits) if limits else None
