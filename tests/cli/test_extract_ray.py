"""gplinker extract --engine ray: one run with Ray itself, and what is refused without it."""

import glob
import os
import signal
import sys
import threading
import time

import pytest

from gplinker_kit.bulk import in_turn, ray_pool
from gplinker_kit.cli import main
from tests.bulk.stand_in import texts as numbered

SIZE = ['--shard-size', '20', '--batch-size', '8']


@pytest.fixture
def texts(corpus, tmp_path):
    """240 texts, some of them sentences that the model knows."""
    path = tmp_path / 'texts.txt'
    from gplinker_kit.events import read_examples

    known = [example.text for example in read_examples(str(corpus / 'duee_dev.json'))]
    lines = [known[number % len(known)] + text for number, text in enumerate(numbered(240))]
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return str(path)


def extract(model, texts, output, *options):
    return main(['extract', '--model', model, texts, '--output', str(output)] + SIZE + list(options))


def stopped(arguments, rows):
    """Does six shards in this process, and is stopped."""
    for number, result in enumerate(in_turn(arguments, rows)):
        if number == 5:
            raise KeyboardInterrupt
        yield result


class Killer(threading.Thread):
    """Kills one worker while it is at a shard.

    Attributes: killed: its process number, or None so far. seen: numbers of all processes that this one, or one of
        them, has begun since: one whose parent has ended is no descendant any more.
    """

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.before, self.killed, self.seen, self.over = folder, descendants(), None, set(), False

    def run(self):
        looked = 0
        while not self.over:
            if self.killed is None:
                self.try_to_kill()
            if time.time() - looked > 1:
                self.seen |= descendants() - self.before
                looked = time.time()
            time.sleep(0.005 if self.killed is None else 0.1)

    def try_to_kill(self):
        for path in glob.glob(os.path.join(self.folder, '.*.attempts')):
            try:
                with open(path) as stream:
                    process = int(stream.read())
                if process not in descendants() - self.before:
                    continue
                os.kill(process, signal.SIGSTOP)
                if os.path.exists(path):  # it is still at this shard, and now cannot end it
                    os.kill(process, signal.SIGKILL)
                    self.killed = process
                    return
                os.kill(process, signal.SIGCONT)
            except (OSError, ValueError):  # it has ended, or has not written its number yet
                continue


def running():
    """Returns {number: its parent's number} of the processes that have not ended."""
    parents = {}
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            with open(path) as stream:
                state, parent = stream.read().rpartition(')')[2].split()[:2]
        except OSError:
            continue
        if state not in 'ZX':
            parents[int(path.split('/')[2])] = int(parent)
    return parents


def descendants():
    """Returns the numbers of the running processes whose ancestor this one is."""
    parents, found = running(), {os.getpid()}
    while True:
        more = {number for number, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


@pytest.mark.once
@pytest.mark.skipif(not os.path.isdir('/proc/self'), reason='the processes are looked for in /proc')
def test_two_workers_go_on_and_one_is_killed(model, texts, tmp_path, monkeypatch, capsys):
    """A run that was stopped goes on with Ray; a worker is killed; nothing is lost, doubled, or left running."""
    pytest.importorskip('ray.data', reason="needs Ray: pip install 'gplinker-kit[ray]'")
    single, output = tmp_path / 'single.jsonl', tmp_path / 'ray.jsonl'
    assert extract(model, texts, single) == 0
    with monkeypatch.context() as patched:
        patched.setattr(ray_pool.RayPool, '__call__', lambda self, arguments, rows: stopped(arguments, rows))
        assert extract(model, texts, output, '--engine', 'ray') == 130
    assert not output.exists() and len(glob.glob(str(output) + '.shards/0*.jsonl')) == 6
    killer = Killer(str(output) + '.shards')
    capsys.readouterr()
    killer.start()
    try:
        status, said = 2, 'Ray did not start'
        for _ in range(3):  # it has 30 seconds of the clock to start, however busy this machine is
            if status == 2 and 'Ray did not start' in said:
                status = extract(model, texts, output, '--engine', 'ray', '--workers', '2')
                said = capsys.readouterr().err
        assert status == 0, said
    finally:
        killer.over = True
        killer.join()
    assert killer.killed is not None and 'is done at attempt 2: a worker died over it and was replaced' in said
    assert '240 texts, 120 of them by an earlier run; 120 texts, ' in said
    assert output.read_bytes() == single.read_bytes() and single.read_bytes().count(b'"trigger"') > 200
    assert sorted(os.listdir(str(tmp_path))) == ['ray.jsonl', 'single.jsonl', 'texts.txt']
    assert killer.killed in killer.seen and len(killer.seen) > 3
    end = time.time() + 60
    while killer.seen & set(running()) and time.time() < end:
        time.sleep(0.1)
    assert killer.seen & set(running()) == set(), 'processes of Ray outlive the extraction'


def fails(capsys, status, message):
    assert status == 2 and message in capsys.readouterr().err


def test_what_is_refused(model, texts, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ray_pool, 'import_ray', lambda: None)
    ray, output = ['--engine', 'ray'], tmp_path / 'out'
    fails(capsys, main(['extract', '--model', model, texts] + ray), '--engine ray needs --output')
    fails(capsys, extract(model, texts, output, '--tree', *ray), 'leave --tree out')
    fails(capsys, extract(model, '-', output, *ray), 'standard input: expected a file')
    fails(capsys, extract(model, texts, output, '--workers', '0', *ray), 'workers must be an integer of at least 1')
    fails(capsys, extract(model, texts, output, '--workers', '2'), '--workers is for --engine ray')
    for engine in ([], ray):
        arguments = ['extract', '--model', model, texts, '--shard-size', '0', '--output', str(output)] + engine
        fails(capsys, main(arguments), '--shard-size must be at least 1, got 0')
    assert os.listdir(str(tmp_path)) == ['texts.txt']


def test_other_options_are_named(model, texts, tmp_path, monkeypatch, capsys):
    def at_once(self, arguments, rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_pool, 'import_ray', lambda: None)
    monkeypatch.setattr(ray_pool.RayPool, '__call__', at_once)
    output = tmp_path / 'out'
    assert extract(model, texts, output, '--engine', 'ray') == 130
    status = extract(model, texts, output, '--engine', 'ray', '--batch-size', '9', '--unlinked', 'drop')
    message = capsys.readouterr().err
    assert status == 2 and 'option batch_size: 8 then, 9 now' in message and "policy unlinked: '" in message


def test_without_ray_it_is_said_what_is_needed(model, texts, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'ray', None)
    words = "pip install 'gplinker-kit[ray]'" if sys.version_info >= (3, 11) else 'needs Python 3.11 and Keras 3'
    fails(capsys, extract(model, texts, tmp_path / 'out', '--engine', 'ray'), words)
