import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gplinker_kit.clue.cmrc_score import (
    PUNCTUATION,
    answer_scores,
    common_run,
    segment,
    segment_f1,
    without_punctuation,
    words,
)

pytestmark = pytest.mark.once

# As the official program writes it: an entry of two characters among them, which no character equals.
OFFICIAL = ['-', ':', '_', '*', '^', '/', '\\', '~', '`', '+', '=', '，', '。', '：', '？', '！', '“', '”',
            '；', '’', '《', '》', '……', '·', '、', '「', '」', '（', '）', '－', '～', '『', '』']

# reference(s), prediction, exact match, F1 = 2 · common run / (sum of segments)
TABLE = [
    (['甲公司'], '甲公司', 1, 1),
    (['甲公司'], '甲公司。', 1, 1),
    (['《甲》公司'], '甲、公司', 1, 1),
    (['甲公司'], '公司', 0, 4 / 5),
    (['甲乙丙'], '甲丙', 0, 2 / 5),  # a run, not a subsequence: 1 of 3 and 2
    (['甲乙丙丁'], '丙丁甲乙', 0, 4 / 8),
    (['1995年'], '1995', 0, 2 / 3),  # a number is one segment
    (['1995年'], '1996年', 0, 2 / 4),
    (['BIDV'], ' bidv ', 1, 1),
    (['Bank of China'], 'bank', 0, 2 / 4),
    (['Bank of China'], 'bankofchina', 0, 0),
    (['甲-乙'], '甲乙', 1, 1),
    (['甲…乙'], '甲乙', 0, 2 / 5),  # … stays: the run is 1 of 3 and 2 segments
    (['甲,乙'], '甲乙', 0, 2 / 5),  # so does the comma of ASCII
    (['甲'], '', 0, 0),
    (['。'], '，', 1, 0),  # both are empty: equal, and without a segment in common
    (['丁', '甲公司', '公司'], '公司', 1, 1),
    (['丁', '甲公司'], '公司', 0, 4 / 5),
]


@pytest.mark.parametrize('references, prediction, em, f1', TABLE)
def test_hand_worked_table(references, prediction, em, f1):
    assert answer_scores(references, prediction) == (em, pytest.approx(f1, abs=1e-12))


def test_the_list_of_punctuation():
    assert PUNCTUATION == {character for character in map(chr, range(0x10000)) if character in OFFICIAL}
    assert all(character not in PUNCTUATION for character in '…—,.()‘"\'【】<>!?;')
    assert without_punctuation(' A-B：《丙》\u3000') == 'ab丙'


# What NLTK 3.9's word tokenizer makes of these, once lower-cased; a quotation mark is one segment here.
WORDS = [
    ('bank for investment', ['bank', 'for', 'investment']),
    ('1,000.5 kg', ['1,000.5', 'kg']),
    ('a,b', ['a', ',', 'b']),
    ('a,5', ['a,5']),
    ('u.s. army', ['u.s.', 'army']),
    ('the u.s.', ['the', 'u.s', '.']),
    ('last six (hours)——', ['last', 'six', '(', 'hours', ')', '—', '—']),
    ('1951–2015', ['1951', '–', '2015']),
    ("don't", ['do', "n't"]),
    ("it's john's", ['it', "'s", 'john', "'s"]),
    ("o'neill", ["o'neill"]),
    ("r'", ['r', "'"]),
    ('50%', ['50', '%']),
    ('at&t #1 a@b', ['at', '&', 't', '#', '1', 'a', '@', 'b']),
    ('why?!', ['why', '?', '!']),
    ('wait...what', ['wait', '...', 'what']),
    ('23°26′31', ['23°26′31']),
    ('カタカナ', ['カタカナ']),
    ('.6.', ['.6', '.']),
    ('', []),
    ('  ', []),
]


@pytest.mark.parametrize('text, expected', WORDS)
def test_words_between_chinese_characters(text, expected):
    assert words(text) == expected
    assert segment('中' + text + '文') == ['中'] + words(without_punctuation('中%s文' % text)[1:-1]) + ['文']


def longest_by_table(first, second):
    """The textbook table of suffixes."""
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            if a == b:
                table[i + 1][j + 1] = table[i][j] + 1
    return max(map(max, table))


@given(st.lists(st.sampled_from('甲乙丙'), max_size=12), st.lists(st.sampled_from('甲乙丙'), max_size=12))
def test_the_longest_run_agrees_with_the_table(first, second):
    assert common_run(first, second) == common_run(second, first) == longest_by_table(first, second)


def test_f1_agrees_with_precision_and_recall():
    generator = random.Random(0)
    for _ in range(300):
        reference, prediction = (generator.choices('甲乙丙', k=generator.randint(1, 8)) for _ in range(2))
        common = longest_by_table(reference, prediction)
        precision, recall = common / len(prediction), common / len(reference)
        expected = 2 * precision * recall / (precision + recall) if common else 0
        assert segment_f1(reference, prediction) == pytest.approx(expected, abs=1e-12)
