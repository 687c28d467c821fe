"""A training that is killed leaves the model folder as it was, or a whole new version; never half of one."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from gplinker_kit.gplinker import GPLinker
from gplinker_kit.model_folder import DRAFT, pointed, versions
from tests.corpus import ROOT, sentences, tiny_gplinker

ROUNDS = 8


@pytest.fixture
def trainer(tmp_path):
    """(the program that trains, the folder it trains into, which holds a model already)."""
    folder = str(tmp_path / 'model')
    tiny_gplinker(sentences(1)[0]).save(folder)
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-m', 'tests.endless_training', folder], cwd=ROOT, universal_newlines=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    yield process, folder
    process.kill()
    process.communicate()


def drafts(folder):
    return [name for name in os.listdir(os.path.join(folder, 'versions')) if name.startswith(DRAFT)]


def wait_for(condition, seconds=100):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, 'the training does nothing'
        time.sleep(0.0005)


def stop_while_writing(child, folder, old, generator):
    """Stops the process at a random moment while it writes a draft, one that is not among the `old`.

    A fast disk ends a draft before we look at it: then the process goes on, and the next look is a sooner one.
    """
    longest = 0.02
    while True:
        wait_for(lambda: set(drafts(folder)) - old)
        time.sleep(generator.uniform(0, longest))
        os.kill(child, signal.SIGSTOP)
        time.sleep(0.01)  # until it has stopped
        if set(drafts(folder)) - old:
            return
        os.kill(child, signal.SIGCONT)
        longest /= 2


def check(folder):
    """Loads what every pointer names."""
    pointers = {number: which for which, number in pointed(folder).items()}
    for which in pointers.values():
        gplinker = GPLinker.load(folder, which)
        scores = gplinker.predict(*(np.ones((1, 4), 'int32'),) * 2)
        assert all(np.isfinite(part).any() and not np.isnan(part).any() for part in scores)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_killed_at_random_moments(trainer):
    process, folder = trainer
    generator, halves, changed = random.Random(0), 0, 0
    for number in range(ROUNDS):
        before, old = pointed(folder), set(versions(folder))
        left = set(drafts(folder))
        process.stdin.write('go\n')
        process.stdin.flush()
        child = int(process.stdout.readline())
        if number % 2:  # some time after its first version
            wait_for(lambda old=old: set(versions(folder)) - old)
            time.sleep(generator.uniform(0, 0.5))
        else:  # while it writes one
            stop_while_writing(child, folder, left, generator)
        os.kill(child, signal.SIGKILL)
        assert process.stdout.readline() == 'dead\n'
        after = pointed(folder)
        assert after['current'] >= before['current'] and max(after.values()) <= max(versions(folder))
        check(folder)
        halves += bool(set(drafts(folder)) - left)
        changed += after != before
    assert halves >= ROUNDS // 2, 'every other round hit a version that was being written'
    assert changed >= 3, 'the trainings went on to write versions'
