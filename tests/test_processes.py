"""What only the first of several processes does, with two threads in the place of processes and no network."""

import os
import threading

import numpy as np
import pytest
from safetensors.numpy import load_file

from gplinker_kit import fitting, processes, resumption, training
from gplinker_kit.backend import distribution, messages, workers
from gplinker_kit.backend.workers_base import Workers
from gplinker_kit.model_folder import current_version, pointed
from gplinker_kit.recipe import Recipe
from gplinker_kit.state_file import read_facts
from tests.corpus import sentences, tiny_gplinker
from tests.endless_training import Network, StandIn

EXAMPLES, STEPS = sentences(20)[1], 4  # an epoch
RECIPE = Recipe(epochs=3, batch_size=5, ema=0.9, exchange=0.5)


class Team:
    """Two threads that tell each other values, as the processes of `workers_horovod` do."""

    def __init__(self):
        self.barrier, self.values = threading.Barrier(2, timeout=100), [None, None]

    def exchange(self, rank, value):
        self.values[rank] = messages.dumps(value)
        self.barrier.wait()
        found = list(self.values)
        self.barrier.wait()
        return [messages.loads(each) for each in found]


class Member(Workers):
    """A thread of a Team."""

    name, processes, parts = 'threads', 2, 2

    def __init__(self, team, rank):
        self.team, self.rank = team, rank

    def any(self, flag):
        return any(self.gather(flag))

    def wait(self):
        self.gather(None)

    def gather(self, value):
        return self.team.exchange(self.rank, value)

    def from_chief(self, compute):
        return self.gather(compute() if self.chief else None)[0]


class OfThread(threading.local):
    """Stands in the place of the list that holds the present workers: each thread has its own."""

    member = Workers()

    def __getitem__(self, place):
        return self.member


class Asked:
    """Stands for an Interruption, which catches no signal in a thread."""

    asked = None

    def __init__(self, log):
        ASKED[workers().rank] = self

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        """Nothing was caught."""

    at_once = __enter__


ASKED = {}


@pytest.fixture
def together(monkeypatch):
    """function(work) -> [what work(rank) returned or raised in each of two threads]."""
    monkeypatch.setattr(distribution, '_NOW', OfThread())

    def run(work):
        team, results = Team(), [None, None]

        def thread(rank):
            distribution._NOW.member = Member(team, rank)
            try:
                results[rank] = work(rank)
            except BaseException as error:
                results[rank] = error
                if not isinstance(error, (KeyboardInterrupt, ValueError)):  # which both raise
                    team.barrier.abort()

        threads = [threading.Thread(target=thread, args=(rank,)) for rank in (0, 1)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        return results

    return run


def test_the_workers_of_a_thread(together):
    assert together(lambda rank: (workers().rank, workers().chief)) == [(0, True), (1, False)]
    assert workers().processes == 1


def test_texts_are_extracted_in_shares(together):
    texts, asked = list('abcdefg'), [None, None]

    def work(rank):
        def extract(share):
            asked[rank] = share
            return [text.upper() for text in share]

        return processes.extract_in_shares(extract, texts)

    assert together(work) == [list('ABCDEFG')] * 2 and asked == [list('aceg'), list('bdf')]
    assert processes.extract_in_shares(list, texts) == texts


def test_processes_that_are_about_to_train_different_things(together):
    results = together(lambda rank: processes.check_alike({'recipe': 1, 'dev': rank, 'train': 'x' * (1 + rank)}))
    assert [str(error) for error in results] == [
        'process 1 of the training differs from the first in: dev, train; give all of them the same options and files'
    ] * 2
    assert together(lambda rank: processes.check_alike({'recipe': 1})) == [None, None]


@pytest.mark.once
def test_only_the_first_process_writes_and_logs(together, tmp_path, monkeypatch):
    """The second one is asked to stop: both do after that step, with the state of the first, from which both go on."""
    monkeypatch.setattr(training, 'Interruption', Asked)
    monkeypatch.setattr(resumption, 'read_state', Network.state)
    monkeypatch.setattr(resumption, 'write_state', Network.restore)
    start, step = str(tmp_path / 'start'), fitting.train_step
    tiny_gplinker(sentences(20)[0]).save(start)
    building = threading.Lock()

    def run(name, stop=None, noise=0, **options):
        """Returns [(GPLinker, log lines, number of steps) or what was raised, for each process]."""
        done, seen = [0, 0], [None, None]

        def counted(model, inputs, targets):
            rank = workers().rank
            loss = step(model, inputs, targets)
            done[rank] += 1
            if done[rank] == stop and rank == 1:
                ASKED[1].asked = 'SIGTERM'
            return loss

        def work(rank):
            folder, lines = str(tmp_path / name / str(rank)), []
            with building:
                gplinker = StandIn(current_version(start))
            if rank:  # of its own, until it gets those of the first
                gplinker.model.set_weights([weight + noise for weight in gplinker.model.get_weights()])
            seen[rank] = lines, done
            training.train(gplinker, EXAMPLES, EXAMPLES[:3], RECIPE, save_to=folder, log=lines.append, tune=None,
                           state_every=1e9, logs=[History(folder)], **options)
            return gplinker

        monkeypatch.setattr(fitting, 'train_step', counted)
        return together(work), seen, str(tmp_path / name)

    (one, other), seen, whole = run('whole', noise=1.0)
    assert os.listdir(whole) == ['0'], 'the second process has written something'
    assert seen[0][0] and not seen[1][0] and seen[0][1] == [STEPS * RECIPE.epochs] * 2
    assert one.history == other.history and len(one.history) == RECIPE.epochs
    for mine, theirs in zip(one.model.get_weights(), other.model.get_weights()):
        np.testing.assert_array_equal(mine, theirs)

    results, seen, stopped = run('stopped', stop=STEPS + 2)
    assert [type(result) for result in results] == [KeyboardInterrupt] * 2 and seen[0][1] == [STEPS + 2] * 2
    assert os.listdir(stopped) == ['0'] and not seen[1][0]
    position = read_facts(os.path.join(stopped, '0'))['position']
    assert (position['epoch'], position['batches']) == (2, 2)
    results, seen, stopped = run('stopped', noise=1.0, resume=True)
    assert seen[0][1] == [STEPS * RECIPE.epochs - STEPS - 2] * 2 and os.listdir(stopped) == ['0']
    assert [entry['epoch'] for entry in results[1].history] == [1, 2, 3]
    for which in pointed(os.path.join(whole, '0')):
        first, second = (
            load_file(os.path.join(current_version(os.path.join(folder, '0'), which), 'weights.safetensors'))
            for folder in (whole, stopped))
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])

    results, seen, stopped = run('stopped', resume=True)
    assert seen[0][1] == [0, 0] and 'finished already' in seen[0][0][-1] and len(results[1].history) == RECIPE.epochs


class History:
    """A log that makes a file in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, history):
        with open(os.path.join(self.folder, 'log'), 'w') as stream:
            stream.write(str(len(history)))
