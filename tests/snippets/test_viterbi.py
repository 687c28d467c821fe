"""ViterbiDecoder against every path."""

import numpy as np
import pytest

from gplinker_kit.snippets import ViterbiDecoder
from tests import sequence_oracles as oracles


def lattice(b, n, k, seed=0, dtype='float32'):
    rng = np.random.RandomState(seed)
    return rng.normal(size=(b, n, k)).astype(dtype), rng.normal(size=(k, k)).astype(dtype)


@pytest.mark.parametrize('n, k, starts, ends', [
    (1, 3, None, None), (1, 3, [0, 1], [1, 2]), (2, 3, [2], [0]), (5, 3, None, None), (5, 3, [1, 2], None),
    (5, 3, None, [0]), (5, 3, [0], [1, 2]), (3, 1, [0], [0]), (4, 4, [3], [0, 3]),
])  # fmt: skip
def test_the_path_is_the_best_of_all(n, k, starts, ends):
    for seed in range(5):
        nodes, trans = lattice(1, n, k, seed)
        kept = nodes.copy()
        found = ViterbiDecoder(trans, starts, ends).decode(nodes[0])
        assert found.dtype.kind == 'i' and tuple(found) in oracles.best_paths(nodes[0], trans, starts, ends)[1]
        np.testing.assert_array_equal(nodes, kept)


def test_starts_and_ends_in_any_form():
    nodes, trans = lattice(1, 4, 3)
    expected = ViterbiDecoder(trans, [1], [2]).decode(nodes[0])
    assert expected[0] == 1 and expected[-1] == 2
    for starts, ends in (({1}, (2,)), (1, np.int64(2)), (np.array([1]), range(2, 3)), (iter([1]), {2: 'two'})):
        np.testing.assert_array_equal(ViterbiDecoder(trans, starts, ends).decode(nodes[0]), expected)


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64', 'int64'])
def test_batches_are_what_decode_says_of_each(dtype):
    nodes, trans = lattice(7, 6, 4, seed=3)
    nodes = (10 * nodes).astype(dtype)
    lengths = np.array([4, 6, 1, 0, 6, 2, 5])
    decoder = ViterbiDecoder(trans, starts=[0, 2, 3], ends=[0, 1])
    kept = nodes.copy()
    mask = np.arange(6) < lengths[:, None]
    forms = [lengths, list(lengths), mask, mask.astype('float32')]
    for form in forms:
        found = decoder.decode_batch(nodes, form)
        assert [len(path) for path in found] == list(lengths)
        for path, row, length in zip(found, nodes, lengths):
            np.testing.assert_array_equal(path, decoder.decode(row[:length]))
            assert length == 0 or tuple(path) in oracles.best_paths(row[:length], trans, [0, 2, 3], [0, 1])[1]
    np.testing.assert_array_equal(nodes, kept)


def test_rows_of_minus_infinity_are_padding():
    nodes, trans = lattice(4, 5, 3)
    lengths = [5, 2, 0, 3]
    padded = np.where((np.arange(5) < np.array(lengths)[:, None])[..., None], nodes, -np.inf)
    decoder = ViterbiDecoder(trans)
    for path, other in zip(decoder.decode_batch(padded), decoder.decode_batch(nodes, lengths)):
        np.testing.assert_array_equal(path, other)
    padded[0, 4, :2] = -np.inf  # some forbidden tags are no padding
    assert decoder.decode_batch(padded)[0][4] == 2
    padded[0, 2] = -np.inf  # nor is what is not at the end
    assert [len(path) for path in decoder.decode_batch(padded)] == lengths


def test_empty_batches_and_texts():
    decoder = ViterbiDecoder(np.zeros((3, 3)), starts=[1], ends=[1])
    assert decoder.decode_batch(np.zeros((0, 4, 3))) == []
    assert [len(path) for path in decoder.decode_batch(np.zeros((2, 0, 3)))] == [0, 0]
    assert [len(path) for path in decoder.decode_batch(np.zeros((0, 4, 3)), [])] == []
    assert len(decoder.decode(np.zeros((0, 3)))) == 0


def test_of_equal_paths_the_lower_tags_win():
    decoder = ViterbiDecoder(np.zeros((3, 3)))
    np.testing.assert_array_equal(decoder.decode(np.zeros((4, 3))), np.zeros(4))


def test_a_script_may_subclass_it_and_replace_the_transitions():
    class NamedEntityRecognizer(ViterbiDecoder):
        def recognize(self, nodes):
            return self.decode(nodes)

    nodes, trans = lattice(1, 4, 3)
    recognizer = NamedEntityRecognizer(trans=np.zeros((3, 3)), starts=[0], ends=[0])
    recognizer.trans = trans
    np.testing.assert_array_equal(recognizer.recognize(nodes[0]), ViterbiDecoder(trans, [0], [0]).decode(nodes[0]))
    recognizer.trans = np.zeros((4, 4))
    with pytest.raises(ValueError, match=r'NamedEntityRecognizer: trans must have the shape \(3, 3\)'):
        recognizer.recognize(nodes[0])


@pytest.mark.parametrize('arguments, message', [
    ((np.zeros((2, 3)),), r'trans must have the shape \(k, k\). Received: shape=\(2, 3\)'),
    ((np.zeros(3),), r'trans must have the shape \(k, k\)'),
    ((np.zeros((3, 3)), [3]), r'starts must be tags in 0..2. Received: 3'),
    ((np.zeros((3, 3)), None, [0, -1]), r'ends must be tags in 0..2. Received: -1'),
    ((np.zeros((3, 3)), [0.0]), 'starts must be tags'),
    ((np.zeros((3, 3)), [True]), 'starts must be tags'),
    ((np.zeros((3, 3)), None, []), 'ends must name at least one tag, or be None'),
])  # fmt: skip
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match='ViterbiDecoder: ' + message):
        ViterbiDecoder(*arguments)


@pytest.mark.parametrize('call, message', [
    (lambda d: d.decode(np.zeros((4, 2))), r'nodes must have the shape \(n, 3\). Received: shape=\(4, 2\)'),
    (lambda d: d.decode(np.zeros((1, 4, 3))), r'nodes must have the shape \(n, 3\)'),
    (lambda d: d.decode_batch(np.zeros((4, 3))), r'nodes must have the shape \(b, n, 3\)'),
    (lambda d: d.decode_batch(np.zeros((2, 4, 3)), [4]), r'must be 2 integers, or a mask of the shape \(2, 4\)'),
    (lambda d: d.decode_batch(np.zeros((2, 4, 3)), [4.0, 1.0]), 'lengths must be 2 integers'),
    (lambda d: d.decode_batch(np.zeros((2, 4, 3)), [4, 5]), r'lengths must lie in 0..4. Received: \[4, 5\]'),
    (lambda d: d.decode_batch(np.zeros((2, 4, 3)), [-1, 4]), 'lengths must lie in 0..4'),
    (lambda d: d.decode_batch(np.zeros((1, 3, 3)), [[True, False, True]]), 'must come first in each row'),
])  # fmt: skip
def test_wrong_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call(ViterbiDecoder(np.zeros((3, 3))))
