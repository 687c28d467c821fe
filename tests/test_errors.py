"""Messages name the nearest name."""

import pytest

from gplinker_kit.errors import DataError, check_keywords, hint, nearest


def test_nearest_and_hint():
    assert nearest('roformer_v3', ['bert', 'roformer_v2']) == 'roformer_v2'
    assert nearest('xyz', ['bert']) is None
    assert hint('bret', ['bert', 'roformer']) == " Did you mean 'bert'?"
    assert hint('xyz', ['b', 'a']) == " Known: 'b', 'a'."
    assert hint('xyz', range(20), show=2) == " Known: '0', '1', … (20 in all)."
    assert hint('x', []) == '' and hint('xyz', ['b'], show=0) == ''


def test_check_keywords():
    check_keywords({'rate': 1}, ['rate'], 'Dropout')
    with pytest.raises(ValueError, match="Dropout got an unknown keyword argument 'raet'. Did you mean 'rate'?"):
        check_keywords({'raet': 1}, ['rate'], 'Dropout')


def test_place_of_a_data_error():
    assert str(DataError('bad', 'a.json', 3)) == 'a.json:3: bad'
    assert str(DataError('bad', 'a.json')) == 'a.json: bad'
    assert str(DataError('bad')) == 'bad'
