import pytest
from hypothesis import given
from hypothesis import strategies as st

from gplinker_kit.events.locator import mentions


@pytest.mark.parametrize('text, word, expected', [
    ('甲乙甲', '甲', [(0, 1), (2, 3)]),
    ('哈哈哈', '哈哈', [(0, 2)]),
    ('甲 乙\n丙', '乙丙', [(2, 5)]),
    ('甲乙丙', '乙\u3000丙', [(1, 3)]),
    ('甲\n乙 甲乙', '甲乙', [(4, 6)]),  # as it is written comes first
    ('甲\n乙 甲  乙', '甲 乙', [(0, 3), (4, 8)]),
    ('甲乙', '丙', []),
    ('甲 乙', ' ', [(1, 2)]),
    ('甲乙', ' ', []),
    ('甲乙', '', []),
    ('', '甲', []),
])
def test_mentions(text, word, expected):
    assert mentions(text, word) == expected


@given(st.text('甲乙 \n', max_size=12), st.text('甲乙 \n', min_size=1, max_size=4))
def test_mentions_read_back_as_the_word(text, word):
    found = mentions(text, word)
    assert all(''.join(text[a:b].split()) == ''.join(word.split()) for a, b in found)
    assert all(first[1] <= second[0] for first, second in zip(found, found[1:]))
    if word in text:
        assert len(found) == text.count(word) and all(text[a:b] == word for a, b in found)
    elif word.strip():
        assert len(found) == ''.join(text.split()).count(''.join(word.split()))
