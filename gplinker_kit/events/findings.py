"""What was found in files, grouped by kind, as a report that a person can act on."""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.errors import hint

ERROR, WARNING, NOTE = LEVELS = 'error', 'warning', 'note'

Kind = namedtuple('Kind', 'name level title advice')
Kind.__doc__ = """One kind of finding: `level` is one of LEVELS, `title` says what is wrong, `advice` what to do."""

Finding = namedtuple('Finding', 'kind message path line')
Finding.__doc__ = """One place: `kind` is the name of a Kind; `path` and `line` may be None."""


class Findings:
    """Collects findings of known kinds.

    Arguments:
        kinds: iterable of Kind, the most serious first: the order of the report, below that of LEVELS.
    Raises:
        ValueError: a kind of an unknown level.
    """

    def __init__(self, kinds):
        self._kinds, self._found = {}, {}
        for kind in sorted(kinds, key=lambda kind: LEVELS.index(kind.level)):
            self._kinds[kind.name], self._found[kind.name] = kind, []

    def add(self, kind, message, path=None, line=None):
        """Adds one finding. Raises ValueError for an unknown kind, naming the nearest."""
        if kind not in self._kinds:
            raise ValueError('unknown kind of finding %r.%s' % (kind, hint(kind, self._kinds)))
        self._found[kind].append(Finding(kind, message, path, line))

    def of(self, kind):
        """Returns the list of findings of a kind, in the order in which they were added."""
        return list(self._found[kind])

    def groups(self, level=None):
        """Returns [(Kind, findings)] of the kinds that were found, of one level or of all, the most serious first."""
        return [(kind, self._found[name]) for name, kind in self._kinds.items()
                if self._found[name] and level in (None, kind.level)]

    def count(self, level):
        """Returns how many findings there are of a level."""
        return sum(len(found) for _, found in self.groups(level))

    def as_dicts(self):
        """Returns all findings as dicts, ready for JSON, in the order of the report."""
        return [dict({'level': kind.level}, **finding._asdict()) for kind, found in self.groups() for finding in found]

    def report(self, show=5):
        """Returns the report as text.

        Arguments:
            show: int, places that are listed of each kind; None for all.
        """
        lines = []
        for level in LEVELS:
            groups = self.groups(level)
            if not groups:
                continue
            lines += ['', '%ss: %s' % (level, format(self.count(level), ','))]
            for kind, found in groups:
                lines += ['', '  %s: %s' % (kind.title, format(len(found), ',')), '    -> %s' % kind.advice]
                shown = found if show is None else found[:show]
                lines += ['    %s%s' % (_place(finding), finding.message) for finding in shown]
                if len(shown) < len(found):
                    lines.append('    … and %s more' % format(len(found) - len(shown), ','))
        return '\n'.join(lines[1:])

    def __len__(self):
        return sum(map(len, self._found.values()))


def _place(finding):
    if finding.path is None:
        return ''
    return '%s: ' % finding.path if finding.line is None else '%s:%d: ' % (finding.path, finding.line)
