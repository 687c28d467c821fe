"""The history of a training for other programs: a CSV file, and TensorBoard."""

from __future__ import annotations

import csv
import numbers

from gplinker_kit.files import atomic_write


def flat(entry):
    """Returns {name: number} of an entry of the history; what is nested gets names such as 'dev/strict/event/f1'."""
    found = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            found.update(('%s/%s' % (name, inner), number) for inner, number in flat(value).items())
        elif isinstance(value, numbers.Real) and not isinstance(value, bool):
            found[name] = value
    return found


class CSVLog:
    """A CSV file with one row an epoch, written anew each time: a training that resumes leaves no row twice.

    Arguments: path: str. The header is the union of all rows' names, in the order of their coming.
    """

    def __init__(self, path):
        self.path = path

    def write(self, history):
        rows = [flat({name: value for name, value in entry.items() if name != 'groups'}) for entry in history]
        names = list(dict.fromkeys(name for row in rows for name in row))
        with atomic_write(self.path) as stream:
            writer = csv.DictWriter(stream, names, lineterminator='\n')
            writer.writeheader()
            writer.writerows(rows)

    def close(self):
        """Does nothing: the file is whole after each `write`."""


class TensorBoardLog:
    """Event files that TensorBoard shows, one scalar a number and epoch; written by tensorboardX on every stack.

    What was written is in the files some seconds later, and when it is closed.

    Arguments: folder: str, of the event files.
    Raises: ImportError that names the extra where tensorboardX is not installed.
    """

    def __init__(self, folder):
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ImportError("TensorBoard logs need tensorboardX: pip install 'gplinker_kit[tensorboard]'") from error
        self._make, self.folder, self._writer = SummaryWriter, folder, None

    def write(self, history):
        """Adds the last entry; what an earlier process wrote of later epochs is no longer shown."""
        entry = history[-1]
        if self._writer is None:
            self._writer = self._make(self.folder, purge_step=entry['epoch'], flush_secs=10)
        for name, number in flat(entry).items():
            if name != 'epoch':
                self._writer.add_scalar(name, number, entry['epoch'])

    def close(self):
        """Waits until all is in the files."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
