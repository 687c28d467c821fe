"""Whole-word masking: what is chosen, how often, and what is shown."""

import numpy as np
import pytest

from gplinker_kit.pretraining.masking import cut_at_words, mask_words, word_numbers

MASK, CHOICES = 4, np.arange(10, 60)


def test_words_of_tokens():
    text = '今天 天气 nice来着'
    offsets = [(0, 1), (1, 2), (3, 4), (4, 5), (6, 8), (8, 10), (10, 11), (11, 12)]
    found = word_numbers(text, ['今天', '天气', 'nice', '来着'], offsets)
    assert found.tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    whole = word_numbers(text, ['今天', ' ', '天气', ' nice', '来', '着'], offsets)
    assert [int(np.flatnonzero(np.unique(whole) == one)[0]) for one in whole] == [0, 0, 1, 1, 2, 2, 3, 4]
    with pytest.raises(ValueError, match="words: '天天' is not in the text behind the word before it"):
        word_numbers(text, ['今天', '天天'], offsets)


def test_statistics():
    """15% of the words, whole; of their tokens 80% [MASK], 10% any, 10% as they are."""
    random = np.random.RandomState(0)
    words = np.repeat(np.arange(40), random.randint(1, 4, 40))
    tokens = random.choice(CHOICES, len(words))
    chosen, kinds, anything = [], [], []
    for _ in range(3000):
        shown, hidden = mask_words(tokens, words, random, MASK, CHOICES)
        assert np.array_equal(shown[~hidden], tokens[~hidden])
        names = set(words[hidden].tolist())
        assert hidden.sum() == sum((words == name).sum() for name in names)
        chosen.append(len(names))
        kinds += np.where(shown == MASK, 0, np.where(shown == tokens, 2, 1))[hidden].tolist()
        anything += shown[hidden & (shown != MASK) & (shown != tokens)].tolist()
    assert set(chosen) == {6} and np.mean(chosen) / 40 == 0.15
    shares = np.bincount(kinds, minlength=3) / len(kinds)
    # A token drawn at random is the true one once in 50.
    np.testing.assert_allclose(shares, [0.8, 0.1 * 0.98, 0.1 + 0.1 * 0.02], atol=0.006)
    counts = np.bincount(anything, minlength=60)[CHOICES]
    assert counts.min() > 0.6 * counts.mean() and np.bincount(anything, minlength=60)[:10].sum() == 0


def test_the_share_is_right_on_the_average():
    random = np.random.RandomState(1)
    counts = [mask_words(np.arange(10, 33), np.arange(23), random, MASK, CHOICES)[1].sum() for _ in range(4000)]
    assert set(counts) == {3, 4} and abs(np.mean(counts) - 0.15 * 23) < 0.03
    assert mask_words(np.array([10]), np.array([0]), random, MASK, CHOICES)[1].tolist() == [True]
    shown, hidden = mask_words(np.array([], int), np.array([], int), random, MASK, CHOICES)
    assert len(shown) == len(hidden) == 0


def test_a_seed_repeats_it():
    made = [mask_words(np.arange(10, 40), np.arange(30) // 2, np.random.RandomState(7), MASK, CHOICES)[0]
            for _ in range(2)]
    assert np.array_equal(*made) and not np.array_equal(made[0], np.arange(10, 40))


def test_cuts():
    assert cut_at_words(np.array([0, 0, 1, 1, 1, 2]), 4) == [(0, 2), (2, 6)]
    assert cut_at_words(np.array([0, 0, 0, 0, 0, 1]), 3) == [(0, 3), (3, 6)]
    assert cut_at_words(np.array([0, 1]), 5) == [(0, 2)] and cut_at_words(np.array([], int), 5) == []
