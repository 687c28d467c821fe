import pytest

from gplinker_kit.relations.occurrences import gap, nearest, nearest_pair, occurrences, same_length_lower

pytestmark = pytest.mark.once


@pytest.mark.parametrize('text, word, expected', [
    ('甲乙甲', '甲', [(0, 1), (2, 3)]), ('aaa', 'aa', [(0, 2)]), ('甲', '乙', []), ('甲', '', []),
    # as written, where it is; else without regard to case
    ('IBM和ibm', 'ibm', [(4, 7)]), ('IBM和Ibm', 'ibm', [(0, 3), (4, 7)]),
    # and to whitespace
    ('The  Who', 'TheWho', [(0, 8)]), ('THE WHO', 'the who', [(0, 7)]), ('the\nWHO', 'THE who', [(0, 7)]),
    # positions are of the text: 'İ' becomes two characters elsewhere
    ('İİabC', 'ABc', [(2, 5)]), ('xİ', 'XİY', []),
])
def test_words_are_found_where_they_stand(text, word, expected):
    assert occurrences(text, word) == expected


def test_lower_case_keeps_the_length():
    assert same_length_lower('İAÉß中Ⅷ') == 'İaéß中ⅷ'


def test_gaps():
    assert [gap(one, (4, 6)) for one in ((0, 2), (2, 4), (6, 9), (9, 11), (3, 5), (5, 6))] == [
        (False, 2), (False, 0), (False, 0), (False, 3), (True, 0), (True, 0)]


def test_the_nearest_do_not_overlap_where_they_can():
    # 丁 is in 丁一 at 4; the other 丁 is farther away, and meant
    assert nearest([(4, 5), (9, 10)], (4, 6)) == 1 and nearest([(4, 5)], (4, 6)) == 0
    assert nearest([(0, 1), (5, 6)], (2, 4)) == 0 and nearest([(0, 1), (4, 6)], (2, 4)) == 1
    assert nearest_pair([(0, 1), (10, 11)], [(4, 6), (8, 9)]) == (1, 1)
    assert nearest_pair([(3, 4), (6, 7)], [(4, 6)]) == (0, 0)
