"""Runs the cases of a target: what is refused, what is found, how long and how much memory it took."""

import contextlib
import faulthandler
import importlib
import mmap
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import namedtuple

from fuzz.mutation import mutate

SECONDS = 10.0  # of one case
MOST_GROWTH = 512  # MiB of a target

Result = namedtuple('Result', 'target cases seconds refused growth_mib peak_mib error case')
Result.__doc__ = """`error` is None, or the text of what was found, and `case` its bytes.

`growth_mib` is by how much the peak memory of the process rose after the first case, `peak_mib` that peak.
"""


class Hang(BaseException):
    """A case took too long. No Exception, or a reader could take it for a fault of its file."""


def find_target(name):
    """Returns the module of a target."""
    return importlib.import_module('fuzz.targets.' + name)


def case_of(seeds, name, seed, number):
    """Returns the bytes of case `number`, which depend on nothing else; the seeds come first as they are."""
    if number < len(seeds):
        return seeds[number]
    return mutate(seeds, random.Random('%s/%d/%d' % (name, seed, number)))


def memory():
    """Returns the peak memory of this process in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 * 1024.0 if sys.platform == 'darwin' else 1024.0)


def attempt(target, data, folder, limit=SECONDS):
    """Runs one case. Returns (refused, error); error is None or the text of what should not have been raised."""
    def stop(number, frame):
        raise Hang('more than %g seconds' % limit)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        target.run(data, folder)
        return False, None
    except KeyboardInterrupt:
        raise
    except ValueError as error:
        return (True, None) if str(error).strip() else (False, traceback.format_exc())
    except BaseException:  # panics of Rust are no Exception
        return False, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def numbered(path):
    """Yields a function that notes the number of a case in a file, which outlives a process that dies within the block.

    The file is removed at its end. It is mapped: a note takes less than a microsecond. path: None for no file.
    """
    if path is None:
        yield lambda number: None
        return
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'w+b') as stream:
        stream.write(b'%019d\n' % 0)
        stream.flush()
        with contextlib.closing(mmap.mmap(stream.fileno(), 20)) as place:
            def note(number):
                place[:19] = b'%019d' % number

            yield note
    os.unlink(path)


def most_growth(target):
    """Returns by how many MiB a target may make the process grow: MOST_GROWTH, its own or that of all."""
    return getattr(target, 'MOST_GROWTH', MOST_GROWTH)


def run_target(target, name, seed=0, cases=None, seconds=None, limit=SECONDS, notes=None):
    """Tries cases until there were so many, or so many seconds have passed, or something is found.

    A loop inside compiled code, which no signal reaches, ends the process with status 1 after four times `limit`.

    Arguments: notes: path of a file that tells the number of the case by which a process died, see `numbered`.
    """
    started, refused, number, error, data = time.monotonic(), 0, 0, None, b''
    armed, seeds = -limit, target.seeds()
    with tempfile.TemporaryDirectory() as home, numbered(notes) as note:
        attempt(target, seeds[0], home, limit)  # imports and tables are no growth
        before = memory()
        while error is None and (cases is None or number < cases):
            now = time.monotonic() - started
            if seconds is not None and now >= seconds:
                break
            if now - armed > limit:
                faulthandler.dump_traceback_later(4 * limit, exit=True, file=sys.__stderr__)
                armed = now
            note(number)
            data = case_of(seeds, name, seed, number)
            was_refused, error = attempt(target, data, home, limit)
            refused += was_refused
            number += 1
            if error is None and memory() - before > most_growth(target):
                error = 'memory grew by %d MiB' % (memory() - before)
        peak = memory()
    faulthandler.cancel_dump_traceback_later()
    return Result(name, number, time.monotonic() - started, refused, peak - before, peak, error,
                  None if error is None else data)


def write_case(result, folder):
    """Writes the case of a result that found something, and its error beside it; returns the path of the case."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, '%s-%d.case' % (result.target, result.cases - 1))
    with open(path, 'wb') as stream:
        stream.write(result.case)
    with open(path + '.txt', 'w', encoding='utf-8', errors='backslashreplace') as stream:
        stream.write(result.error)
    return path
