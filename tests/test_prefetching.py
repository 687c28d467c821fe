"""Batches made ahead: order, errors, and a thread that ends when nobody waits any more."""

import threading
import time

import pytest

from gplinker_kit.prefetching import prefetch


def threads():
    return {thread.ident for thread in threading.enumerate()}


def test_order_and_values():
    before = threads()
    assert list(prefetch(lambda item: item * item, range(50), ahead=3)) == [item * item for item in range(50)]
    assert list(prefetch(str, [])) == [] and threads() == before


def test_no_more_than_asked_for_is_made_in_advance():
    made = []
    batches = prefetch(made.append, range(100), ahead=2)
    next(batches)
    time.sleep(0.3)
    assert len(made) <= 1 + 2 + 1  # taken, in the queue, in the hands of the thread
    batches.close()


def test_an_error_comes_when_it_is_its_turn():
    def make(item):
        if item == 2:
            raise KeyError('batch 2')
        return item

    batches = prefetch(make, range(5))
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(KeyError, match='batch 2'):
        next(batches)


def test_an_iterable_that_fails():
    def items():
        yield 1
        raise OSError('gone')

    batches = prefetch(str, items())
    assert next(batches) == '1'
    with pytest.raises(OSError, match='gone'):
        next(batches)


def test_a_consumer_that_leaves_ends_the_thread():
    before = threads()
    batches = prefetch(str, iter(int, 1), ahead=1)  # endless
    next(batches)
    batches.close()
    assert threads() == before


def test_the_next_batch_is_made_while_one_is_used():
    begun = [threading.Event() for _ in range(5)]
    for number in prefetch(lambda item: begun[item].set() or item, range(5), ahead=1):
        assert number == 4 or begun[number + 1].wait(10)


def test_ahead_is_checked():
    with pytest.raises(ValueError, match='ahead must be at least 1, got 0'):
        next(prefetch(str, [1], ahead=0))
