"""Named errors, and the sentence that says which name was probably meant."""

import difflib

LONGEST_NAME = 128  # in characters; nobody mistypes a longer one, and comparing it takes the square of its length
MOST_CELLS = 4000000  # of all comparisons for one name, length times length: at worst a second


class DataError(ValueError):
    """A file's content is wrong. The text starts with `file:line:` where there is a line; `message` is the rest."""

    def __init__(self, message, path=None, line=None):
        self.message, self.path, self.line = message, path, line
        place = ''
        if path is not None:
            place = '%s: ' % path if line is None else '%s:%d: ' % (path, line)
        super().__init__(place + message)


class CheckpointError(ValueError):
    """A checkpoint is missing, broken, or does not fit the model."""


def nearest(name, choices):
    """Returns the choice closest to `name`, or None where nothing is close.

    Names may come from hostile files: those of more than `LONGEST_NAME` characters are close to none, and of very many
    choices the first ones are looked at.
    """
    name, cells, compared = str(name), 0, []
    if len(name) > LONGEST_NAME:
        return None
    for choice in map(str, choices):
        if len(choice) <= LONGEST_NAME:
            cells += len(name) * len(choice)
            if cells > MOST_CELLS:
                break
            compared.append(choice)
    matches = difflib.get_close_matches(name, compared, n=1, cutoff=0.6)
    return matches[0] if matches else None


def hint(name, choices, show=12):
    """Returns ` Did you mean 'x'?`, or at most `show` known names where nothing is close; starts with a space."""
    choices = [str(c) for c in choices]
    close = nearest(name, choices)
    if close is not None:
        return ' Did you mean %r?' % close
    if not choices or not show:
        return ''
    listed = ', '.join(repr(c if len(c) <= LONGEST_NAME else c[:LONGEST_NAME] + '…') for c in choices[:show])
    more = ', … (%d in all)' % len(choices) if len(choices) > show else ''
    return ' Known: %s%s.' % (listed, more)


def listed(names, most=4):
    """Returns `a, b, c, d, …`: at most `most` names, and whether there are more."""
    return ', '.join(names[:most]) + (', …' if len(names) > most else '')


def check_keywords(given, known, owner):
    """Raises a ValueError naming the first keyword of `given` that `owner` does not know."""
    for name in given:
        if name not in known:
            raise ValueError('%s got an unknown keyword argument %r.%s' % (owner, name, hint(name, known)))
