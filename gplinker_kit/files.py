"""Reading with line numbers, and writing that never leaves half a file."""

import contextlib
import json
import os
import tempfile
import zipfile

from gplinker_kit.errors import DataError

MOST_LEVELS = 100  # of lists and objects in one another; Python's own bound depends on who calls
# A file of a kilobyte can announce, or unpack to, terabytes. More than this much is refused where it is also more than
# so many times what the file has; weights hardly shrink.
MOST_BYTES, MOST_RATIO = 64 * 1024 * 1024, 100
_TOO_DEEP = 'JSON of more than %d levels of lists and objects in one another' % MOST_LEVELS


@contextlib.contextmanager
def atomic_path(path):
    """Yields the name of a temporary file beside `path`, which is renamed onto `path` when the block succeeds.

    For libraries that write by name. A block that raises leaves `path` as it was. A link stays a link.
    """
    path = os.path.realpath(os.fspath(path))
    handle, temporary = tempfile.mkstemp(prefix='.' + os.path.basename(path) + '.', dir=os.path.dirname(path))
    os.close(handle)
    try:
        yield temporary
        handle = os.open(temporary, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def atomic_write(path, mode='w'):
    """Opens a temporary file beside `path` and renames it onto `path` when the block succeeds; see `atomic_path`.

    Text is UTF-8 with `\\n` line ends. A device or a pipe, which nothing can be renamed onto, is written directly.
    """
    text = {} if 'b' in mode else {'encoding': 'utf-8', 'newline': '\n'}
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        with open(path, mode, **text) as stream:
            yield stream
        return
    with atomic_path(path) as temporary, open(temporary, mode, **text) as stream:
        yield stream


def write_json(path, value):
    """Writes `value` as indented JSON, atomically."""
    with atomic_write(path) as stream:
        json.dump(value, stream, ensure_ascii=False, indent=2)
        stream.write('\n')


def write_archive(path, members):
    """Writes a zip archive, atomically; the same members always give the same bytes.

    members: {name: bytes}, in the order of the archive.
    """
    with atomic_write(path, 'wb') as stream, zipfile.ZipFile(stream, 'w') as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)  # dated 1980, not now
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(member, content)


def check_announced(what, count, size):
    """Raises a ValueError where `what` announces far more bytes (`count`) than a file of `size` bytes can stand for."""
    if count > max(MOST_BYTES, MOST_RATIO * size):
        raise ValueError('%s announces %d bytes, in a file of %d' % (what, count, size))


def _parsed(text, path, line=None, parse_constant=None):
    """Returns the value of a JSON text; DataError for a broken one, and for one that later code could not walk."""
    try:
        value = json.loads(text, parse_constant=parse_constant)
    except json.JSONDecodeError as error:
        place = error.lineno if line is None else line
        raise DataError('broken JSON, %s at column %d' % (error.msg, error.colno), path, place) from None
    except ValueError as error:  # an integer of thousands of digits; what `parse_constant` refuses
        raise DataError(str(error), path, line) from None
    except RecursionError:
        raise DataError(_TOO_DEEP, path, line) from None
    if text.count('[') + text.count('{') > MOST_LEVELS:
        level, below = [value] if isinstance(value, (dict, list)) else [], 0
        while level:
            below += 1
            if below > MOST_LEVELS:
                raise DataError(_TOO_DEEP, path, line)
            parts = [each.values() if isinstance(each, dict) else each for each in level]
            level = [each for part in parts for each in part if isinstance(each, (dict, list))]
    return value


def read_json(path):
    """Reads one JSON value; a DataError names file and line of what cannot be read."""
    try:
        with open(path, encoding='utf-8-sig') as stream:
            text = stream.read()
    except FileNotFoundError:
        raise DataError('no such file', path) from None
    except IsADirectoryError:
        raise DataError('expected a file, got a folder', path) from None
    except UnicodeDecodeError as error:
        raise DataError('not UTF-8 text (%s)' % error, path) from None
    return _parsed(text, path)


def read_object(path):
    """`read_json` of a file that must hold a JSON object; returns a dict."""
    return _an_object(read_json(path), path)


def _an_object(value, path, line=None):
    if not isinstance(value, dict):
        raise DataError('expected a JSON object, got %s' % type(value).__name__, path, line)
    return value


def parse_object(line, path, number, parse_constant=None):
    """Returns the JSON object that a line holds; `parse_constant` as in `json.loads`, its ValueError becomes ours.

    Raises:
        DataError: broken JSON, or JSON of another kind.
    """
    return _an_object(_parsed(line, path, number, parse_constant), path, number)


def read_json_lines(path):
    """Yields (line number, object) for each non-blank line of a JSON-lines file.

    Raises:
        DataError: no such file, not UTF-8, a line that is not JSON or not an object, or no line at all.
    """
    found = False
    try:
        with open(path, 'rb') as stream:
            for number, raw in enumerate(stream, 1):
                try:
                    line = raw.decode('utf-8-sig' if number == 1 else 'utf-8').strip()
                except UnicodeDecodeError as error:
                    raise DataError('not UTF-8 text (%s)' % error, path, number) from None
                if not line:
                    continue
                found = True
                yield number, parse_object(line, path, number)
    except FileNotFoundError:
        raise DataError('no such file', path) from None
    except IsADirectoryError:
        raise DataError('expected a file, got a folder', path) from None
    if not found:
        raise DataError('the file is empty; expected one JSON object a line', path)
