"""`open`: Python's, with lines that can be asked for by number."""

import builtins
import io
import json
import operator
import os

import numpy as np

from gplinker_kit.files import atomic_write, read_json

_CHUNK = 1 << 24


def _line_starts(path, universal):
    """Returns the list of the bytes that begin a line; lines end in \\n, and also in \\r and \\r\\n if `universal`."""
    found, position, last = [], 0, b'\n'
    with builtins.open(path, 'rb') as stream:
        while True:
            text = stream.read(_CHUNK)
            if not text:
                return [start for part in found for start in part.tolist()]
            byte = np.frombuffer(text, 'uint8')
            before = np.frombuffer(last + text[:-1], 'uint8')
            starts = before == ord('\n')
            if universal:
                starts |= (before == ord('\r')) & (byte != ord('\n'))
            found.append(np.flatnonzero(starts) + position)
            position, last = position + len(text), text[-1:]


class open:
    """A file like the one that Python's `open` returns, whose lines can also be read by number.

        with open('corpus.txt', encoding='utf-8', indexable=True) as lines:
            print(len(lines), lines[1000])

    Arguments:
        name, mode, encoding, errors: as Python's.
        indexable: True: find where the lines begin, so that `len(file)` and `file[number]` work; a number below 0
            counts from the end. A path: the same, but read the places from that JSON file where it exists, else write
            it. The file must then not be changed. The encoding must be one that writes a line end as one byte, as
            UTF-8, GBK and Latin-1 do.

    Attributes: name, encoding, errors; file, Python's file object; offsets, list with the byte at which each line
    begins, for indexable files only.

    Raises: ValueError for an encoding that cannot be indexed or a JSON file that does not belong to the text.
    """

    def __init__(self, name, mode='r', encoding=None, errors='strict', indexable=False):
        self.name, self.encoding, self.errors = name, encoding, errors
        text = {} if 'b' in mode else {'encoding': encoding, 'errors': errors}
        self.file = builtins.open(name, mode, **text)
        self._binary = None  # a second reader for lines by number, which leaves the place of the first alone
        if indexable:
            path = os.fspath(indexable) if indexable is not True else None
            if path is not None and os.path.exists(path):
                self.offsets = self._read_offsets(path)
            else:
                self.create_indexes()
                if path is not None:
                    with atomic_write(path) as stream:
                        json.dump(self.offsets, stream)

    def create_indexes(self):
        """Finds the beginnings of the lines, and stores them in `offsets`."""
        if self._is_text():
            one, two = (text.encode(self.file.encoding) for text in ('\n', '\n\n'))
            if two[len(one):] != b'\n':  # a mark at the beginning of the file does no harm
                raise ValueError('indexable: a line end is more than one byte in the encoding %r' % self.file.encoding)
        self.offsets = _line_starts(self.name, self._is_text())

    def _is_text(self):
        return isinstance(self.file, io.TextIOBase)

    def _read_offsets(self, path):
        offsets, size = read_json(path), os.path.getsize(self.name)
        if not isinstance(offsets, list) or bool(offsets) != bool(size) or offsets and not 0 <= offsets[-1] < size:
            raise ValueError('indexable: %s is not the index of %s; delete it to have it made anew' % (path, self.name))
        return offsets

    def __getitem__(self, key):
        """Returns the line `key`, with its line end."""
        offsets = self._indexed()
        number = operator.index(key)
        if not -len(offsets) <= number < len(offsets):
            raise IndexError('there is no line %d in %s, which has %d' % (number, self.name, len(offsets)))
        number %= len(offsets)
        if self._binary is None:
            self._binary = builtins.open(self.name, 'rb')
        self._binary.seek(offsets[number])
        last = number + 1 == len(offsets)
        line = self._binary.read(-1 if last else offsets[number + 1] - offsets[number])
        if not self._is_text():
            return line
        text = line.decode(self.file.encoding, self.errors)
        body = text.rstrip('\r\n')
        return text if body == text else body + '\n'

    def __len__(self):
        """Returns the number of lines."""
        return len(self._indexed())

    def _indexed(self):
        try:
            return self.offsets
        except AttributeError:
            # A TypeError is what `len` of an iterator raises, so that DataGenerator takes the file for one.
            raise TypeError('%s was opened without indexable=True' % self.name) from None

    def __bool__(self):
        return True

    def __iter__(self):
        return iter(self.file)

    def __next__(self):
        return next(self.file)

    next = __next__

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.close()

    def __getattr__(self, attribute):
        # read, readline, readlines, write, flush, tell, seek and the rest of Python's file.
        if attribute in ('file', 'offsets'):
            raise AttributeError(attribute)
        return getattr(self.file, attribute)

    def seek(self, offset=0, whence=0):
        """Goes to a place that `tell` returned; to the beginning by default."""
        return self.file.seek(offset, whence)

    def close(self):
        """Closes the file."""
        self.file.close()
        if self._binary is not None:
            self._binary.close()
