"""The engine atheris: libFuzzer chooses among cases by the lines of the package that they reach.

A process runs one target: atheris counts for a whole process, and libFuzzer never gives it back.
"""

import os
import random
import sys
import tempfile
import time

from fuzz import mutation, results, running
from fuzz.targets import NAMES

MOST_LENGTH = 1 << 16  # of a case


def import_atheris():
    """Returns the module. Raises: ImportError that says how to install it."""
    try:
        import atheris
    except ImportError as error:
        raise ImportError('--engine atheris needs the package atheris, which has wheels for Linux and for Python 3.11 '
                          'to 3.13: pip install atheris (%s)' % error) from error
    return atheris


class Run:
    """What libFuzzer calls with each case. `end` is called with the status at the end of the run.

    Arguments: options: of the command line. seeds: list of bytes, with which cases are spliced.
    """

    def __init__(self, target, name, options, seeds, folder, end):
        self.target, self.name, self.options, self.seeds = target, name, options, seeds
        self.folder, self.end = folder, end
        self.cases = self.refused = 0
        self.started, self.before = time.monotonic(), None

    def case(self, data):
        options = self.options
        refused, error = running.attempt(self.target, data, self.folder, options.limit)
        self.cases, self.refused = self.cases + 1, self.refused + refused
        if self.before is None:
            self.before = running.memory()
        seconds = time.monotonic() - self.started
        if error is None and running.memory() - self.before > running.most_growth(self.target):
            error = 'memory grew by %d MiB' % (running.memory() - self.before)
        enough = options.cases is not None and self.cases >= options.cases
        if error is None and not enough and (options.seconds is None or seconds < options.seconds):
            return
        result = running.Result(self.name, self.cases, seconds, self.refused, running.memory() - self.before,
                                running.memory(), error, data)
        row = results.row(result, options.seed)
        print(row, flush=True)
        if options.json:
            results.merge(options.json, [dict(row, target=self.name + ' (atheris)')], NAMES)
        if error is not None:
            print('%s\n%s' % (error, running.write_case(result, options.findings)), file=sys.stderr, flush=True)
        self.end(int(error is not None))

    def mutate(self, data, most, seed, libfuzzer):
        """Returns a changed case: by libFuzzer, or as the other engine does, which knows JSON."""
        source = random.Random(seed)
        if source.random() < 0.5:
            return libfuzzer(data, most)
        return mutation.mutate([data] + self.seeds[:3], source)[:most]


def run(name, options):
    """Runs a target until `options` are met; ends the process."""
    atheris = import_atheris()
    with atheris.instrument_imports(include=['gplinker_kit']):
        target = running.find_target(name)
        seeds = target.seeds()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(seeds):
            with open(os.path.join(corpus, '%06d' % number), 'wb') as stream:
                stream.write(data)
        one = Run(target, name, options, seeds, folder, os._exit)
        # Time and memory of a case are looked at by `Run`; libFuzzer's alarm would take the signal from it.
        atheris.Setup(
            ['fuzz', corpus, '-timeout=0', '-rss_limit_mb=0', '-seed=%d' % (options.seed + 1), '-verbosity=0',
             '-max_len=%d' % MOST_LENGTH, '-artifact_prefix=%s%s' % (options.findings, os.sep)],
            one.case, custom_mutator=lambda data, most, seed: one.mutate(data, most, seed, atheris.Mutate))
        os.makedirs(options.findings, exist_ok=True)
        atheris.Fuzz()
