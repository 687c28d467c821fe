"""A model folder: whole versions under `versions/N/`, and the file `current` that names the one to read.

A version is written beside the others and given its name when it is complete; `current` is replaced last. A reader
therefore sees a whole version, the old or the new one, whenever the writer stops.
"""

import contextlib
import os
import shutil
import tempfile

from gplinker_kit.errors import DataError
from gplinker_kit.files import atomic_write

POINTER = 'current'
DRAFT = '.draft-'


def versions(folder):
    """Returns the numbers of the complete versions, ascending."""
    try:
        names = os.listdir(os.path.join(folder, 'versions'))
    except OSError:
        return []
    return sorted(int(name) for name in names if name.isdigit())


def current_version(folder):
    """Returns the path of the version to read.

    Raises:
        DataError: no such folder, no pointer, or a pointer to a version that is not there.
    """
    folder = os.fspath(folder)
    pointer = os.path.join(folder, POINTER)
    if not os.path.isdir(folder):
        raise DataError('no such model folder', folder)
    try:
        with open(pointer, encoding='utf-8') as stream:
            name = stream.read().strip()
    except FileNotFoundError:
        found = ', '.join(sorted(os.listdir(folder))[:8]) or 'nothing'
        raise DataError(
            'not a model folder of `gplinker train`: the file %r is missing (found: %s)' % (POINTER, found), folder
        ) from None
    path = os.path.join(folder, 'versions', name)
    if not name.isdigit() or not os.path.isdir(path):
        known = ', '.join(map(str, versions(folder))) or 'none'
        raise DataError('points to version %r, which is not there (complete versions: %s)' % (name, known), pointer)
    return path


def require_files(version, names):
    """Raises a DataError that lists the files of `names` which a version lacks."""
    missing = [name for name in names if not os.path.isfile(os.path.join(version, name))]
    if missing:
        raise DataError('half a model folder: missing %s' % ', '.join(missing), version)


@contextlib.contextmanager
def new_version(folder, keep=2, protect=()):
    """Yields a folder to write a new version into; on success it becomes the current one.

    The newest `keep` versions stay, and those whose numbers are in `protect`. A block that raises leaves everything as
    it was.
    """
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
    with atomic_write(os.path.join(folder, POINTER)) as stream:
        stream.write('%d\n' % number)
    for old in set(versions(folder)[:-keep]) - set(protect):
        shutil.rmtree(os.path.join(home, str(old)), ignore_errors=True)
