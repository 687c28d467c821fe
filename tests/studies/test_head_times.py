"""The times of heads: what the batches hold that are timed."""

from studies import head_times
from studies.cluener import Sentence


def sentence(ids, *spans):
    return Sentence('', ids, None, list(spans), set())


def test_long_batch():
    sentences = [sentence([2, 10, 11, 3], (7, 1, 2)), sentence([2, 20, 21, 22, 3], (1, 1, 1), (4, 2, 3))]
    ids, spans = head_times.long_batch(sentences, 2, 7)
    assert ids.tolist() == [[2, 10, 11, 3, 2, 20, 21], [2, 10, 11, 3, 2, 20, 21]]
    assert spans == [[(7, 1, 2), (1, 5, 5)]] * 2, 'a span that is cut is left out, the others move with their sentence'


def test_inference_batches():
    sentences = [sentence([2] + [9] * (number % 13) + [3]) for number in range(70)]
    seen = []
    for numbers, ids, lengths in head_times.inference_batches(sentences):
        assert ids.shape[1] % 8 == 0 and ids.shape[1] - max(lengths) < 8
        for number, row, length in zip(numbers, ids.tolist(), lengths):
            assert row == sentences[number].ids + [0] * (ids.shape[1] - length)
        seen += numbers
    assert sorted(seen) == list(range(70))


def test_median():
    rows = [('CRF', head_times.STEP, 48, number, seconds) for number, seconds in enumerate((1.0, 9.0, 2.0))]
    rows += [('CRF', head_times.NETWORK, '', 0, 5.0), ('Efficient', head_times.STEP, 48, 0, 7.0)]
    assert head_times.median(rows, 'CRF', head_times.STEP, 48) == 2
    assert head_times.median(rows, 'CRF', head_times.NETWORK) == 5
    assert head_times.median(rows, 'CRF', head_times.DECODING) is None
