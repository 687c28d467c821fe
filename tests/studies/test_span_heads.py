"""The heads of the study of GlobalPointer: sizes, targets, and what they find, against all cells and all paths."""

from itertools import product

import numpy as np
import pytest

from gplinker_kit.backend import K
from gplinker_kit.clue.tags import from_tags
from studies import cluener, span_heads
from tests.corpus import VOCAB


@pytest.fixture(scope='module')
def taggers():
    from gplinker_kit.tokenizers import Tokenizer

    tokenizer = Tokenizer(VOCAB, do_lower_case=True)
    return {name: span_heads.build(name, tokenizer, 3) for name in span_heads.HEADS}


def test_parameters(taggers):
    counted = {name: span_heads.head_parameters(tagger) for name, tagger in taggers.items()}
    for name in counted:
        assert counted[name] == span_heads.formula(name, 128, 64, 10)
    assert counted[span_heads.CRF] == 21 * 128 + 21 + 21 * 21
    assert 9.8e6 < span_heads.formula('GlobalPointer', 768, 64, 100) < 1e7, 'about 10 million, says the article'
    more, less = (span_heads.formula('Efficient', 768, 64, labels) for labels in (101, 100))
    assert more - less == 4 * 64 + 2, 'a label more costs 4d weights and 2 biases'


def test_all_heads_start_from_one_encoder(taggers):
    first = taggers['GlobalPointer'].encoder.model.get_weights()
    for tagger in taggers.values():
        for one, other in zip(first, tagger.encoder.model.get_weights()):
            np.testing.assert_array_equal(one, other)


def test_pointers_find_what_is_positive(taggers):
    random = np.random.RandomState(0)
    n, h, lengths = 6, len(cluener.TYPES), [6, 4]
    shared = random.normal(size=(2, n, n)).astype('float32')
    starts, ends = random.normal(-1, 1, size=(2, 2, n, h)).astype('float32')
    cells = (shared[:, None] + starts.transpose(0, 2, 1)[:, :, :, None]) + ends.transpose(0, 2, 1)[:, :, None, :]
    cells[:, :, np.tri(n, k=-1, dtype=bool)] = -np.inf
    expected = [[(kind, i, j) for kind in range(h) for i in range(1, length - 1) for j in range(i, length - 1)
                 if cells[row, kind, i, j] > 0] for row, length in enumerate(lengths)]
    assert all(expected)
    found = taggers['GlobalPointer'].find(cells, lengths)
    assert [sorted(spans) for spans in found] == expected
    packed = np.concatenate([shared, starts, ends], axis=-1)
    assert [sorted(spans) for spans in taggers['Efficient'].find(packed, lengths)] == expected


def test_the_crf_finds_the_best_path(taggers):
    tagger, random = taggers[span_heads.CRF], np.random.RandomState(1)
    scores = random.normal(size=(1, 5, cluener.TAGS)).astype('float32') * 2
    scores[0, 4] = -np.inf  # padding
    trans = np.asarray(K.eval(tagger.model.layers[-1].trans))
    best = max(((0, one, two, 0) for one, two in product(range(cluener.TAGS), repeat=2)), key=lambda path: sum(
        scores[0, place, tag] for place, tag in enumerate(path)) + sum(trans[a, b] for a, b in zip(path, path[1:])))
    assert tagger.find(scores, [4]) == [from_tags(best)]


def test_targets(taggers):
    spans = [[(2, 1, 3), (0, 4, 4)], []]
    triples = taggers['Efficient'].targets(spans, 8)
    assert triples.shape == (2, 32, 3) and (triples[0, 2:] == -1).all() and (triples[1] == -1).all()
    assert triples[0, :2].tolist() == [[2, 1, 3], [0, 4, 4]]
    np.testing.assert_array_equal(taggers['GlobalPointer'].targets(spans, 8), triples[:, None])
    tags = taggers[span_heads.CRF].targets(spans, 8)
    assert tags[:, :, 0].tolist() == [[0, 5, 6, 6, 1, 0, 0, 0], [0] * 8]


def test_rope_is_what_tells_two_places_apart(taggers):
    """Where all hidden states are alike, scores differ by the distance with RoPE, and without it do not at all."""
    x = np.tile(np.random.RandomState(0).normal(size=128), (1, 7, 1)).astype('float32')
    for name, (_, rope, packed) in span_heads.POINTERS.items():
        layer = taggers[name].model.layers[-1]
        scores = np.asarray(K.eval(layer(K.constant(x))))
        cells = (scores[:, :, :7] if packed else scores[:, 0])[0][np.triu_indices(7)]
        assert (np.ptp(cells) > 1e-3) == rope, name
