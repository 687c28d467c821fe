"""Counts of several outcomes that add up over texts: what the reports of alignment share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields


class Tally:
    """Base of dataclasses whose fields are all counts. Those of one class add up, by `+` and by `sum`."""

    def counts(self):
        """Returns {field: count}."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def told(self, names: Iterable[str]) -> str:
        """Returns those of the named counts that are not 0, such as '2 absent, 1 beyond window', or ''."""
        return ', '.join('%d %s' % (getattr(self, name), name.replace('_', ' '))
                         for name in names if getattr(self, name))

    def __add__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return type(self)(**{name: count + getattr(other, name) for name, count in self.counts().items()})

    def __radd__(self, other):
        # sum() starts from 0
        return self if other == 0 else NotImplemented
