import random

import numpy as np
import pytest

from gplinker_kit.clue.classification import TextExample
from gplinker_kit.clue.features import pad_rows, text_features
from tests.clue.folders import LETTERS, make_tokenizer, words

pytestmark = pytest.mark.once


def random_examples(paired, count=60):
    generator = random.Random(0)
    texts = [[words(generator, generator.randint(0, 14)) for _ in range(2)] for _ in range(count)]
    return [TextExample(number, first, second if paired else None, generator.choice('01'))
            for number, (first, second) in enumerate(texts)]


@pytest.mark.parametrize('paired', [False, True])
@pytest.mark.parametrize('max_length', [4, 11, 12, 64])
def test_ids_are_those_of_the_tokenizer(paired, max_length):
    tokenizer, examples = make_tokenizer(), random_examples(paired)
    features = text_features(examples, tokenizer, max_length, ('0', '1'))
    for example, ids in zip(examples, features.ids):
        assert ids.tolist() == tokenizer.encode(example.first, example.second, maxlen=max_length)[0]
        assert ids.dtype == np.int32 and len(ids) <= max_length
    assert features.labels.dtype == np.int32 and features.labels.tolist() == [int(e.label) for e in examples]


def test_labels():
    examples, tokenizer = random_examples(False, 3), make_tokenizer()
    assert text_features([example._replace(label=None) for example in examples], tokenizer, 9, ()).labels is None
    assert text_features(examples, tokenizer, 9, ('1', '0')).labels.tolist() == [1 - int(e.label) for e in examples]
    with pytest.raises(ValueError, match=r"examples\[0\] has the label 'x', which is none of `labels`. Known: '0'"):
        text_features([examples[0]._replace(label='x')], tokenizer, 9, ('0', '1'))


def test_lengths_without_room():
    tokenizer = make_tokenizer()
    with pytest.raises(ValueError, match='max_length must be an integer above 3, the number of special tokens, got 3'):
        text_features(random_examples(True), tokenizer, 3, ('0', '1'))
    assert [len(ids) for ids in text_features(random_examples(False, 2), tokenizer, 3, ('0', '1')).ids] == [3, 3]


def test_equal_texts_are_encoded_once():
    tokenizer, seen = make_tokenizer(), []
    encode = tokenizer.encode_batch_with_offsets
    tokenizer.encode_batch_with_offsets = lambda texts: seen.extend(texts) or encode(texts)
    examples = [TextExample(n, LETTERS[:3], LETTERS[n], '0') for n in range(4)]
    text_features(examples, tokenizer, 32, ('0',))
    assert sorted(seen) == sorted([LETTERS[:3]] + list(LETTERS[:4]))


def test_padding():
    rows = [np.array([1, 2, 3]), [4]]
    assert pad_rows(rows).tolist() == [[1, 2, 3], [4, 0, 0]] and pad_rows(rows).dtype == np.int32
    assert pad_rows(rows, 4).tolist() == [[1, 2, 3, 0], [4, 0, 0, 0]]
    assert pad_rows([]).shape == (0, 0)
    with pytest.raises(ValueError, match='width must be at least 3, the length of the longest row, got 2'):
        pad_rows(rows, 2)
