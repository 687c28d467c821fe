"""Texts from files that are read where they lie, in an order that a seed gives, from any place on. numpy only.

The files are cut into blocks of about a megabyte. For each epoch the blocks are shuffled, and then the lines of every
16 blocks among each other: no index of the lines is needed, no more than those blocks are held, and three numbers say
where a training is.
"""

from __future__ import annotations

import os
from collections import namedtuple

import numpy as np

from gplinker_kit.errors import DataError
from gplinker_kit.files import parse_object

Place = namedtuple('Place', 'epoch group line')
Place.__doc__ = """Where a stream is: before line `line` of the shuffled lines of group `group` of blocks, from 0."""
BEGINNING = Place(0, 0, 0)
OBJECTS = ('.json', '.jsonl')


class TextStream:
    """Texts without an end, shuffled anew in each epoch.

    Arguments:
        paths: list of files: text with a text a line, or for .jsonl and .json JSON objects, one a line. seed: int.
        field: key of the text in an object. block: bytes of a block, about. group: blocks that are shuffled together.
    Raises: DataError for a file that cannot be read or is empty, and, with file and line, for what is not UTF-8 or no
        JSON object with such a text.
    """

    def __init__(self, paths, seed=0, field='text', block=1 << 20, group=16):
        self.paths, self.seed, self.field = [os.fspath(path) for path in paths], seed, field
        self.sizes, self.group, self._blocks = [], group, []
        if not self.paths:
            raise ValueError('paths: expected at least one file')
        for number, path in enumerate(self.paths):
            if not os.path.isfile(path):
                raise DataError('no such file' if not os.path.exists(path) else 'expected a file, got a folder', path)
            size = os.path.getsize(path)
            if not size:
                raise DataError('the file is empty; expected a text a line', path)
            self.sizes.append(size)
            self._blocks += [(number, start, min(start + block, size)) for start in range(0, size, block)]

    def texts(self, place=BEGINNING):
        """Yields (text, the Place behind it), from a Place on; blank lines are left out."""
        epoch, first_group, first_line = place
        whole = tuple(place[1:]) == (0, 0)
        while True:
            found = False
            order = np.random.RandomState([self.seed, epoch]).permutation(len(self._blocks))
            parts = [order[at : at + self.group] for at in range(0, len(order), self.group)]
            for group in range(first_group, len(parts)):
                lines = [item for number in parts[group] for item in self._lines(*self._blocks[number])]
                shuffled = np.random.RandomState([self.seed, epoch, group + 1]).permutation(len(lines))
                for line in range(first_line, len(lines)):
                    text = self._text(*lines[shuffled[line]])
                    if text:
                        found = True
                        yield text, Place(epoch, group, line + 1)
                first_line = 0
            if whole and not found:
                raise DataError('there is no text in it, only blank lines', self.paths[0])
            epoch, first_group, whole = epoch + 1, 0, True

    def about(self):
        """What must be the same where a training goes on."""
        return {'files': [list(pair) for pair in zip(self.paths, self.sizes)], 'seed': self.seed}

    def _lines(self, number, start, stop):
        """[(number of the file, place, bytes)] of the lines that begin in a block."""
        found = []
        with open(self.paths[number], 'rb') as stream:
            at = start
            if start:
                stream.seek(start - 1)
                at = start - 1 + len(stream.readline())
            while at < stop:
                line = stream.readline()
                found.append((number, at, line))
                at += len(line)
        return found

    def _text(self, number, at, line):
        path = self.paths[number]
        try:
            text = line.decode('utf-8-sig' if at == 0 else 'utf-8').strip()
        except UnicodeDecodeError as error:
            raise DataError('not UTF-8 text (%s)' % error, path, self._number(path, at)) from None
        if not text or not path.endswith(OBJECTS):
            return text
        try:
            value = parse_object(text, path, None)
        except DataError:
            value = parse_object(text, path, self._number(path, at))  # counting lines takes time
        if not isinstance(value.get(self.field), str):
            raise DataError('expected an object with a text under %r, it has %s' % (
                self.field, ', '.join(map(repr, value)) or 'no keys'), path, self._number(path, at))
        return value[self.field].strip()

    @staticmethod
    def _number(path, at):
        """The number of the line that begins at a byte."""
        count, left = 1, at
        with open(path, 'rb') as stream:
            while left > 0:
                part = stream.read(min(left, 1 << 24))
                count, left = count + part.count(b'\n'), left - len(part)
        return count
