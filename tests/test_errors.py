"""Messages name the nearest name."""

import random
import time

import pytest

from gplinker_kit.errors import DataError, check_keywords, hint, nearest


def test_nearest_and_hint():
    assert nearest('roformer_v3', ['bert', 'roformer_v2']) == 'roformer_v2'
    assert nearest('xyz', ['bert']) is None
    assert hint('bret', ['bert', 'roformer']) == " Did you mean 'bert'?"
    assert hint('xyz', ['b', 'a']) == " Known: 'b', 'a'."
    assert hint('xyz', range(20), show=2) == " Known: '0', '1', … (20 in all)."
    assert hint('x', []) == '' and hint('xyz', ['b'], show=0) == ''


def test_names_of_hostile_files_cost_no_minutes():
    source = random.Random(0)
    letters = [chr(0x4e00 + number) for number in range(120)] * 80
    names = [''.join(source.sample(letters, len(letters))) for _ in range(9)]  # alike by all that is cheap to compare
    started = time.process_time()
    assert nearest(names[0], names[1:]) is None
    many = [format(source.getrandbits(100), '0100b') for _ in range(20000)]
    assert nearest(many[0][:99] + 'c', many) == many[0] and nearest('x', names) is None
    assert time.process_time() - started < 5
    assert nearest('a' * 127 + 'b', ['a' * 128]) and nearest('a' * 128 + 'b', ['a' * 128]) is None
    assert nearest('role', ['x' * 128] * 10000 + ['roles']) is None and nearest('role', ['x'] * 10000 + ['roles'])
    assert len(hint('x', names)) < 12 * 200


def test_check_keywords():
    check_keywords({'rate': 1}, ['rate'], 'Dropout')
    with pytest.raises(ValueError, match="Dropout got an unknown keyword argument 'raet'. Did you mean 'rate'?"):
        check_keywords({'raet': 1}, ['rate'], 'Dropout')


def test_place_of_a_data_error():
    assert str(DataError('bad', 'a.json', 3)) == 'a.json:3: bad'
    assert str(DataError('bad', 'a.json')) == 'a.json: bad'
    assert str(DataError('bad')) == 'bad'
