"""Entities as tags: what cannot be tagged is counted, and what is read is the best path."""

from itertools import product

import numpy as np
import pytest

from gplinker_kit.clue import Entity, find_task
from gplinker_kit.clue.cluener import NerExample
from gplinker_kit.clue.tags import from_tags
from gplinker_kit.tasks.tagged_entities import TaggedEntities
from tests.clue.folders import LETTERS, make_tokenizer

pytestmark = pytest.mark.once

TASK = find_task('cluener')
TEXT = LETTERS[:8]
NAME, COMPANY = (TASK.labels.index(kind) for kind in ('name', 'company'))


def kind(**options):
    return TaggedEntities(TASK, dict(TaggedEntities.OPTIONS, **options))


def encoded(*entities):
    return kind().items([NerExample(0, TEXT, tuple(Entity(*one) for one in entities))], make_tokenizer(), 32)


def test_tags_of_a_sentence():
    items, words = encoded(('name', 0, 2), ('company', 2, 3))
    assert 'entities: 2 kept' in words and 'overlap' not in words
    tags = kind().targets(items, 12)
    assert tags.shape == (1, 12, 1) and tags.dtype == np.int32
    begin = 1 + 2 * NAME
    assert tags[0, :, 0].tolist() == [0, begin, begin + 1, 1 + 2 * COMPANY] + [0] * 8


def test_entities_that_overlap_are_counted():
    items, words = encoded(('name', 0, 4), ('company', 3, 6), ('company', 1, 2), ('name', 5, 7))
    assert words.endswith('; 2 overlap another one and have no tags')
    assert from_tags(kind().targets(items, 10)[0, :, 0]) == [(NAME, 1, 4), (NAME, 6, 7)]


def test_what_is_read_is_the_best_path():
    """Against all paths over two tokens; padding behind them has no say."""
    tagger, random = kind(crf_rate=5.0), np.random.RandomState(0)
    items, _ = tagger.items([NerExample(0, TEXT[:2], None), NerExample(1, TEXT[:3], None)], make_tokenizer(), 32)
    tagger.layer.build((None, None, 21))
    trans = random.normal(size=(21, 21)).astype('float32')
    tagger.layer.set_weights([trans / 5])
    for _ in range(20):
        scores = random.normal(size=(2, 6, 21)).astype('float32')
        scores[0, 4:] = scores[1, 5:] = -np.inf
        best = max(((0, one, two, 0) for one, two in product(range(21), repeat=2)), key=lambda path: sum(
            scores[0, place, tag] for place, tag in enumerate(path)) + sum(trans[a, b] for a, b in zip(path, path[1:])))
        expected = sorted(Entity(TASK.labels[label], first - 1, last) for label, first, last in from_tags(best))
        assert tagger.read(items, scores)[0] == expected
