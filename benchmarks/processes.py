"""A variant of a benchmark: a generator function, run in a process of its own that measures when it is asked to.

A variant takes one dict of options. It prepares, warms up and yields a dict of facts; then every `yield` of a number is
one measurement, made when the parent asks for it. A module of variants ends with `serve({name: variant})`, and the
parent runs it as `python -m MODULE NAME OPTIONS`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Switches of Keras and bert4keras that belong to the parent's stack, and what TensorFlow 2 leaves for its children.
FOREIGN = ('TF_KERAS', 'KERAS_BACKEND', 'TF2_BEHAVIOR', 'RECOMPUTE')


def serve(variants, argv=None):
    """Runs the variant that the command line names: facts first, then a number for each line of standard input."""
    name, options = sys.argv[1:3] if argv is None else argv
    # Libraries print; what they print must not reach the parent as a measurement.
    sys.stdout.flush()
    channel = os.fdopen(os.dup(1), 'w', encoding='utf-8')
    os.dup2(2, 1)
    for value in variants[name](json.loads(options)):
        channel.write(json.dumps(value) + '\n')
        channel.flush()
        if not sys.stdin.readline():
            return


def timed(run, facts, clock=time.perf_counter):
    """The course of a variant that times a function: two calls to warm up, its facts, then the seconds of each call.

    facts: function without arguments, called after the warm-up, since memory is measured then. clock: function that
    returns seconds.
    """
    run()
    run()
    yield facts()
    while True:
        started = clock()
        run()
        yield clock() - started


def environment_of(kind, pythons):
    """Returns (python, environment variables) for a variant; the peer's sees no switch of our stack."""
    env = {key: value for key, value in os.environ.items() if kind == 'ours' or key not in FOREIGN}
    env.update(PYTHONPATH=ROOT, PYTHONUNBUFFERED='1')
    env.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    env.setdefault('CUDA_VISIBLE_DEVICES', '')
    return pythons[kind], env


class VariantError(Exception):
    """A variant ended, hung or answered nonsense; the message holds the end of what it wrote to standard error."""


@dataclass(frozen=True)
class Variant:
    """module: what `python -m` runs. name: the variant in it. python: 'ours' or 'peer', whose Python runs it."""

    module: str
    name: str
    python: str = 'ours'


class Process:
    """A running variant; a context manager that ends it.

    Attributes: facts, the dict that it yielded first.
    Raises: VariantError, whatever goes wrong.
    """

    def __init__(self, variant, options, pythons, timeout=1200):
        self.variant, self.timeout = variant, timeout
        python, env = environment_of(variant.python, pythons)
        self.errors = tempfile.TemporaryFile()
        command = [python, '-W', 'ignore', '-m', variant.module, variant.name, json.dumps(options)]
        try:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                text=True, encoding='utf-8',
            )
        except OSError as error:
            self.errors.close()
            raise VariantError('%s cannot be run: %s' % (python, error)) from error
        try:
            self.facts = self._answer(dict)
        except BaseException:
            self.__exit__()
            raise

    def measure(self):
        """Returns the next number."""
        with contextlib.suppress(OSError):  # it has ended; the answer says how
            self.process.stdin.write('\n')
            self.process.stdin.flush()
        return float(self._answer((int, float)))

    def _answer(self, kind):
        timer = threading.Timer(self.timeout, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        hung = not timer.is_alive()
        timer.cancel()
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, kind) and not isinstance(value, bool) and value == value:
            return value
        if not line:  # its output is closed: it is about to end, and its own status says more than being killed
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.process.kill()
        status = self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().decode('utf-8', 'replace').strip()[-2000:]
        how = 'gave no answer for %d s' % self.timeout if hung else 'ended with status %d' % status
        if line:
            how = 'answered %r' % line.strip()[:200]
        raise VariantError('variant %s of %s %s:\n%s' % (self.variant.name, self.variant.module, how, said))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        with contextlib.suppress(OSError):
            self.process.stdin.close()  # the end of its input is the end of a variant
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
