"""A model folder: whole versions under `versions/N/`, and pointers, small files that each name the one to read.

`current` is the pointer that readers follow unless told otherwise; `best-argument` and `best-event` name the versions
of a training with the best strict argument F1 and the best strict event F1 on its dev sentences. A version is written
beside the others and given its name when it is complete; pointers are replaced last, each in one step. A reader
therefore sees a whole version, the old or the new one, whenever the writer stops. A version that a pointer names is
never removed.
"""

import contextlib
import os
import re
import shutil
import tempfile

from gplinker_kit.errors import DataError, hint
from gplinker_kit.files import atomic_write

POINTER = 'current'
POINTERS = (POINTER, 'best-argument', 'best-event')
DRAFT = '.draft-'
NUMBER = re.compile(r'[0-9]{1,18}\Z')
MOST_BYTES = 64  # of a pointer


def _is_number(name):
    """Whether a name is a version's: ASCII digits, as `str.isdigit` also takes '²', which is no int."""
    return NUMBER.match(name) is not None


def _read_pointer(path):
    """Returns the text of a pointer, of a longer file its beginning; OSErrors are the caller's."""
    with open(path, 'rb') as stream:
        return stream.read(MOST_BYTES).decode('utf-8', 'replace').strip()


def versions(folder):
    """Returns the numbers of the complete versions, ascending."""
    try:
        names = os.listdir(os.path.join(folder, 'versions'))
    except OSError:
        return []
    return sorted(int(name) for name in names if _is_number(name))


def pointed(folder):
    """Returns {pointer: version number} of the pointers that there are, without looking for their versions."""
    found = {}
    for which in POINTERS:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            name = _read_pointer(os.path.join(folder, which))
            if _is_number(name):
                found[which] = int(name)
    return found


def current_version(folder, which=POINTER):
    """Returns the path of the version to read.

    Arguments:
        folder: str or path. which: the pointer to follow, one of `POINTERS`.
    Raises:
        ValueError: another name than a pointer's. DataError: no such folder, no such pointer in it, or a pointer to a
            version that is not there.
    """
    check_pointers([which])
    folder = os.fspath(folder)
    pointer = os.path.join(folder, which)
    if not os.path.isdir(folder):
        raise DataError('no such model folder', folder)
    try:
        name = _read_pointer(pointer)
    except IsADirectoryError:
        raise DataError('expected a file with the number of a version, got a folder', pointer) from None
    except FileNotFoundError:
        if which != POINTER and POINTER in pointed(folder):
            raise DataError('the model folder has no version %r: it was not trained with dev sentences, or none was '
                            'right on them' % which, folder) from None
        found = ', '.join(sorted(os.listdir(folder))[:8]) or 'nothing'
        raise DataError(
            'not a model folder of `gplinker train`: the file %r is missing (found: %s)' % (POINTER, found), folder
        ) from None
    path = os.path.join(folder, 'versions', name)
    if not _is_number(name) or not os.path.isdir(path):
        known = ', '.join(map(str, versions(folder))) or 'none'
        raise DataError('points to version %r, which is not there (complete versions: %s)' % (name, known), pointer)
    return path


def newest_version(folder):
    """Returns the path of the version with the highest number, the one written last; there must be one."""
    return os.path.join(os.fspath(folder), 'versions', str(versions(folder)[-1]))


def require_files(version, names):
    """Raises a DataError that lists the files of `names` which a version lacks."""
    missing = [name for name in names if not os.path.isfile(os.path.join(version, name))]
    if missing:
        raise DataError('half a model folder: missing %s' % ', '.join(missing), version)


def check_pointers(names):
    """Raises a ValueError for a name that is no pointer's."""
    for name in names:
        if name not in POINTERS:
            raise ValueError('unknown version %r.%s' % (name, hint(name, POINTERS)))


@contextlib.contextmanager
def new_version(folder, keep=2, protect=(), pointers=(POINTER,)):
    """Yields a folder to write a new version into; on success the `pointers` name it.

    The newest `keep` versions stay, those that any pointer names, and those whose numbers are in `protect`. A block
    that raises leaves everything as it was.
    """
    check_pointers(pointers)
    folder = os.fspath(folder)
    home = os.path.join(folder, 'versions')
    os.makedirs(home, exist_ok=True)
    for name in os.listdir(home):
        if name.startswith(DRAFT):  # of a writer that was killed
            shutil.rmtree(os.path.join(home, name), ignore_errors=True)
    draft = tempfile.mkdtemp(prefix=DRAFT, dir=home)
    try:
        yield draft
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, 0o777 & ~umask)
        number = (versions(folder) or [0])[-1] + 1
        os.rename(draft, os.path.join(home, str(number)))
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    for which in sorted(pointers, key=POINTERS.index, reverse=True):  # `current` last
        with atomic_write(os.path.join(folder, which)) as stream:
            stream.write('%d\n' % number)
    prune(folder, keep, protect)


def drop_pointers(folder, names):
    """Removes pointers, all but `current`; the versions that they name stay until the next one is written."""
    check_pointers(names)
    for which in names:
        if which != POINTER:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, which))


def prune(folder, keep=2, protect=()):
    """Removes versions: all but the newest `keep`, those that a pointer names, and the numbers in `protect`."""
    for old in set(versions(folder)[:-keep]) - set(protect) - set(pointed(folder).values()):
        # A name that is no number first: a writer killed here leaves no half of a version behind.
        path = os.path.join(os.fspath(folder), 'versions', str(old))
        grave = os.path.join(os.path.dirname(path), '%sof-%d' % (DRAFT, old))
        with contextlib.suppress(OSError):
            os.rename(path, grave)
            shutil.rmtree(grave, ignore_errors=True)
