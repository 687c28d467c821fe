"""parallel_apply: results, exceptions, killed workers, early ends; with fork and spawn, with processes and threads."""

import multiprocessing
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from gplinker_kit.snippets import WorkerError, parallel_apply, parallel_apply_generator
from gplinker_kit.tokenizers import Tokenizer
from tests.snippets import workers
from tests.tokenizers.shared import TOKENS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BOTH = pytest.mark.parametrize('dummy', [False, True], ids=['processes', 'threads'])


@pytest.fixture(autouse=True)
def nobody_is_left():
    yield
    assert multiprocessing.active_children() == []


@BOTH
@pytest.mark.parametrize('count', [0, 1, 2, 3, 40])
def test_results(dummy, count):
    expected = [x * x for x in range(count)]
    assert parallel_apply(workers.square, range(count), 3, 5, dummy=dummy, unordered=False) == expected
    assert sorted(parallel_apply(workers.square, iter(range(count)), 3, 5, dummy=dummy)) == expected
    pairs = parallel_apply_generator(workers.square, range(count), 3, 5, dummy=dummy)
    assert sorted(pairs) == list(enumerate(expected))
    called = []
    assert parallel_apply(workers.square, range(count), 3, 5, callback=called.append, dummy=dummy) is None
    assert sorted(called) == expected


@BOTH
def test_items_are_read_as_they_are_needed(dummy):
    read = []

    def items():
        for x in range(100):
            read.append(x)
            yield x

    results = parallel_apply_generator(workers.square, items(), 2, 4, dummy=dummy)
    assert read == []
    next(results)
    assert 2 <= len(read) <= 4
    results.close()


@BOTH
def test_large_items_and_results_pass(dummy):
    arrays = [np.full(300000, x) for x in range(5)]
    found = parallel_apply(workers.square, arrays, 2, 4, dummy=dummy, unordered=False)
    assert all((a == b * b).all() for a, b in zip(found, arrays))


@BOTH
def test_an_exception_reaches_the_caller(dummy):
    with pytest.raises(KeyError, match='three') as caught:
        parallel_apply(workers.fails_at_three, range(1000000), 2, 4, dummy=dummy)
    if not dummy:
        text = str(caught.value.__cause__)
        assert 'in fails_at_three' in text and "raise KeyError('three')" in text


def test_an_exception_that_is_false_reaches_the_caller():
    with pytest.raises(workers.Hollow, match='nothing in it'):
        parallel_apply(workers.fails_and_is_false, range(3), 2, 4)


@pytest.mark.parametrize('function, message', [
    (workers.fails_strangely, 'Unpicklable: this and that'), (workers.returns_function, 'result cannot be sent'),
    (workers.fails_with_a_function, "ValueError: \\('a function', <function"),
    (workers.kills_itself, r'killed by signal 9 \(too little memory\?\) while it had item 3'),
    (workers.leaves, 'ended with exit status 7 while it had item'),
])
def test_what_goes_wrong_in_a_worker_is_a_worker_error(function, message):
    with pytest.raises(WorkerError, match=message):
        parallel_apply(function, range(50), 2, 4)


@BOTH
def test_an_exception_of_the_iterable_or_the_callback_ends_the_work(dummy):
    def items():
        yield 1
        raise OSError('no more')

    with pytest.raises(OSError, match='no more'):
        parallel_apply(workers.square, items(), 2, 4, dummy=dummy)
    with pytest.raises(ZeroDivisionError):
        parallel_apply(workers.square, range(9), 2, 4, callback=lambda x: 1 // 0, dummy=dummy)


def test_closing_early_ends_busy_workers():
    begun = time.time()
    results = parallel_apply_generator(workers.is_busy, [0, 1, 1, 1], 2, 4)
    assert next(results) == (0, 0)
    results.close()
    assert multiprocessing.active_children() == [] and time.time() - begun < 30


def test_seeds():
    np.random.seed(0)
    state = np.random.get_state()[1].tolist()
    draws = {}
    for process, draw in parallel_apply(workers.process_and_draw, range(8), 2, 4, random_seeds=[5, 6]):
        draws.setdefault(process, []).append(draw)
    sources = [np.random.RandomState(seed) for seed in (5, 6)]
    expected = [[source.random_sample() for _ in range(8)] for source in sources]
    assert len(draws) == 2
    agree = [[found == known[:len(found)] for known in expected] for found in draws.values()]
    assert sorted(agree) == [[False, True], [True, False]]
    fresh = parallel_apply(workers.process_and_draw, range(4), 2, 4)
    assert len({draw for _, draw in fresh}) == 4
    copied = parallel_apply(workers.process_and_draw, range(2), 2, 4, random_seeds=False)
    if multiprocessing.get_start_method() == 'fork':
        assert {draw for _, draw in copied} == {np.random.RandomState(0).random_sample()}
    parallel_apply(workers.square, range(2), 2, 4, dummy=True)
    assert np.random.get_state()[1].tolist() == state  # neither way touches the caller's


@BOTH
def test_a_tokenizer_that_was_used_before_works_in_workers(dummy):
    tokenizer = Tokenizer(TOKENS, do_lower_case=True)
    texts = ['hello 中国 %d é' % number for number in range(20)]
    expected = [tokenizer.encode(text) for text in texts]
    fresh = Tokenizer(TOKENS, do_lower_case=True)
    for one in (tokenizer, fresh):
        assert parallel_apply(one.encode, texts, 2, 4, dummy=dummy, unordered=False) == expected


@pytest.mark.parametrize('method', ['fork', 'spawn'])
def test_start_methods(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip('this system starts no process by %s' % method)
    run = subprocess.run(
        [sys.executable, '-m', 'tests.snippets.workers', method], cwd=ROOT, timeout=240, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert run.stdout.splitlines() == [
        '[0, 1, 4, 9, 16, 25, 36, 49, 64]', "KeyError 'three' True",
        'WorkerError a worker process was killed by signal 9 (too little memory?) while it had item 3 False', '(0, 0)',
        '[1]' if method == 'fork' else 'func: True', '[]',
    ]


@pytest.mark.parametrize('call, message', [
    (lambda: parallel_apply(workers.square, [1], 0, 4), 'workers must be'),
    (lambda: parallel_apply_generator(workers.square, [1], 1.5, 4), 'workers must be'),
    (lambda: parallel_apply_generator(3, [1], 1, 4), 'func: expected a function, got int'),
])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
