"""insert_arguments, delete_arguments, uniout."""

import pytest

from gplinker_kit.snippets import delete_arguments, insert_arguments, uniout


class Base:
    def __init__(self, size, name='base'):
        self.size, self.name = size, name


class More(Base):
    @insert_arguments(rate=0.5, mode=None)
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


class Less(Base):
    @delete_arguments('name')
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


def test_inserted_arguments_are_attributes():
    first, second = More(3), More(4, name='x', rate=0.1)
    assert (first.size, first.name, first.rate, first.mode) == (3, 'base', 0.5, None)
    assert (second.size, second.name, second.rate, second.mode) == (4, 'x', 0.1, None)


def test_deleted_arguments_are_refused():
    assert Less(3).name == 'base'
    with pytest.raises(TypeError, match="Less got an unexpected keyword argument 'name'"):
        Less(3, name='x')


def test_uniout_is_there():
    assert uniout.__name__.endswith('uniout')
