"""The queue: batches across requests, its bound, dropped requests, failures that stay with their text, the stop."""

import pytest

from gplinker_kit.serving import Batcher, Refusal
from tests.serving.fakes import Finder


def texts_of(future):
    return [extraction.text for extraction in future.result(5)]


def held(**options):
    """Returns (finder, batcher) whose thread is busy with the text 'first' until `finder.hold` is set."""
    finder = Finder()
    batcher = Batcher(lambda: finder, **options).start()
    finder.hold.clear()
    first = batcher.submit(['first'])
    while not finder.batches:
        pass
    return finder, batcher, first


def test_requests_share_batches_in_the_order_they_came():
    finder, batcher, first = held(max_batch=4)
    futures = [batcher.submit(texts) for texts in (['a'], ['b', 'c'], ['d', 'e', 'f'])]
    assert batcher.waiting == 6
    finder.hold.set()
    assert [texts_of(future) for future in futures] == [['a'], ['b', 'c'], ['d', 'e', 'f']]
    assert batcher.stop(5) and texts_of(first) == ['first']
    assert finder.batches == [['first'], ['a', 'b', 'c', 'd'], ['e', 'f']] and batcher.waiting == 0


def test_the_queue_is_bounded_and_frees_again():
    finder, batcher, _ = held(max_queue=3)
    batcher.submit(['a', 'b'])
    with pytest.raises(Refusal, match='2 texts are waiting, and at most 3 may') as error:
        batcher.submit(['c', 'd'])
    assert (error.value.name, error.value.status, error.value.headers()) == ('queue_full', 503, {'Retry-After': '1'})
    last = batcher.submit(['c'])
    finder.hold.set()
    assert texts_of(last) == ['c'] and texts_of(batcher.submit(['d', 'e', 'f'])) == ['d', 'e', 'f']
    batcher.stop(5)


def test_what_nobody_waits_for_is_dropped():
    finder, batcher, _ = held()
    gone, kept, gone_too = (batcher.submit([name, name]) for name in 'abc')
    assert gone.cancel() and gone_too.cancel()
    finder.hold.set()
    assert texts_of(kept) == ['b', 'b']
    assert batcher.stop(5) and finder.batches[1:] == [['b', 'b']] and batcher.waiting == 0


def test_what_nobody_waits_for_keeps_nobody_out_of_a_full_queue():
    finder, batcher, _ = held(max_queue=2)
    gone = batcher.submit(['a', 'b'])
    assert gone.cancel()
    kept = batcher.submit(['c', 'd'])  # while the thread is still busy with its batch
    finder.hold.set()
    assert texts_of(kept) == ['c', 'd'] and batcher.stop(5) and finder.batches[1:] == [['c', 'd']]


def test_a_failing_text_fails_its_request_alone():
    finder, batcher, _ = held()
    good, bad, other = (batcher.submit([text]) for text in ('a', '坏', 'b'))
    finder.hold.set()
    assert texts_of(good) == ['a'] and texts_of(other) == ['b']
    with pytest.raises(ValueError, match='NaN'):
        bad.result(5)
    assert batcher.alive() and texts_of(batcher.submit(['c'])) == ['c'] and batcher.stop(5)


def test_a_stop_finishes_what_waits_and_refuses_what_comes():
    finder, batcher, _ = held()
    last = batcher.submit(['a'])
    assert not batcher.stop(0.01)
    with pytest.raises(Refusal, match='stopping'):
        batcher.submit(['b'])
    finder.hold.set()
    assert texts_of(last) == ['a'] and batcher.stop(5) and not batcher.alive()


def test_a_wrong_number_of_results_and_a_failed_loading_are_told():
    batcher = Batcher(lambda: type('Short', (), {'extract': lambda self, texts: []})()).start()
    with pytest.raises(ValueError, match='got 0 of 1 texts'):
        batcher.submit(['a']).result(5)
    batcher.stop(5)

    def load():
        raise ValueError('no model there')

    with pytest.raises(ValueError, match='no model there'):
        Batcher(load).start()


@pytest.mark.parametrize('options, message', [
    ({'max_batch': 0}, 'max_batch must be an integer of at least 1, got 0'),
    ({'max_queue': True}, 'max_queue'), ({'max_delay': -1}, 'max_delay'),
])
def test_wrong_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Batcher(Finder, **options)
