from dataclasses import dataclass

import pytest

from gplinker_kit.events.tally import Tally

pytestmark = pytest.mark.once


@dataclass(frozen=True)
class Fruit(Tally):
    apples: int = 0
    ripe_pears: int = 0


@dataclass(frozen=True)
class Nuts(Tally):
    apples: int = 0


def test_counts_add_up():
    assert sum([Fruit(1, 2), Fruit(3), Fruit()]) == Fruit(4, 2)
    assert Fruit(4, 2).counts() == {'apples': 4, 'ripe_pears': 2}
    with pytest.raises(TypeError):
        Fruit(1) + Nuts(1)
    with pytest.raises(TypeError):
        sum([Fruit(1)], 1)


def test_what_is_not_zero_is_told():
    assert Fruit(1, 2).told(['ripe_pears', 'apples']) == '2 ripe pears, 1 apples'
    assert Fruit(0, 2).told(['apples', 'ripe_pears']) == '2 ripe pears' and Fruit().told(['apples']) == ''
