"""A training that is killed leaves the model folder as it was, or a whole new version; never half of one."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from gplinker_kit.gplinker import FILES, GPLinker
from gplinker_kit.model_folder import DRAFT, current_version, pointed, require_files, versions
from tests.corpus import ROOT, sentences, tiny_gplinker
from tests.killed_training import RECIPE, STEPS

ROUNDS = 8


@pytest.fixture
def trainer(tmp_path):
    """(the program that trains, the folder it trains into, which holds a model already)."""
    folder = str(tmp_path / 'model')
    tiny_gplinker(sentences(2)[0]).save(folder)
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


@pytest.mark.once
@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_a_training_ends_as_if_it_had_not_been_killed(tmp_path):
    """Twenty kills; and a folder that loads after each of them, once it has a version."""
    generator = random.Random(1)
    start, whole, killed = (str(tmp_path / name) for name in ('start', 'whole', 'killed'))
    os.mkdir(whole)
    os.mkdir(killed)
    tiny_gplinker(sentences(20)[0]).save(start)
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-m', 'tests.killed_training'], cwd=ROOT, universal_newlines=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )

    def begin(folder):
        process.stdin.write('%s %s\n' % (start, folder))
        process.stdin.flush()
        return int(process.stdout.readline())

    def steps_until_the_end():
        steps = 0
        for line in process.stdout:
            if line != 'step\n':
                return steps, line.strip()
            steps += 1

    try:
        begin(whole)
        assert steps_until_the_end() == (STEPS * RECIPE.epochs, 'done')
        for _ in range(20):
            child = begin(killed)
            for _ in range(generator.randint(1, 5)):
                assert process.stdout.readline() == 'step\n', 'it was through before it was killed'
            time.sleep(generator.uniform(0, 0.03))  # in a step, while its state or a version is written, or in between
            os.kill(child, signal.SIGKILL)
            assert steps_until_the_end()[1] == 'dead'
            if pointed(killed):
                require_whole(killed)
        begin(killed)
        steps, end = steps_until_the_end()
        assert end == 'done' and 0 < steps < STEPS * RECIPE.epochs
    finally:
        process.kill()
        process.communicate()
    assert sorted(pointed(whole)) == sorted(pointed(killed))
    for which in pointed(whole):
        one, two = (load_file(os.path.join(current_version(folder, which), 'weights.safetensors'))
                    for folder in (whole, killed))
        assert sorted(one) == sorted(two)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name])


def require_whole(folder):
    for which in pointed(folder):
        version = current_version(folder, which)
        require_files(version, FILES)
        load_file(os.path.join(version, 'weights.safetensors'))


@pytest.mark.once
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
