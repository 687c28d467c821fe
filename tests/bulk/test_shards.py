import io
import os

import pytest

from gplinker_kit.bulk.shards import attempts_path, finished, join_shards, locked, remove_drafts, shard_path
from gplinker_kit.errors import DataError
from gplinker_kit.files import atomic_write


@pytest.fixture
def folder(tmp_path):
    """Shards of 1, 0 and 3 lines, what a killed worker leaves, and other files."""
    folder = str(tmp_path)
    for number, lines in enumerate(['甲\n', '', '乙\n丙\n\n']):
        with atomic_write(shard_path(folder, number)) as stream:
            stream.write(lines)
    for name in ('.000003.jsonl.x1y2', os.path.basename(attempts_path(folder, 3)), 'manifest.json', 'lock'):
        (tmp_path / name).write_text('')
    return folder


def test_a_shard_is_there_when_it_has_its_name(folder):
    assert finished(folder) == {0, 1, 2}
    remove_drafts(folder)
    assert sorted(os.listdir(folder)) == ['000000.jsonl', '000001.jsonl', '000002.jsonl', 'lock', 'manifest.json']


def test_numbers_beyond_six_digits_are_found(tmp_path):
    (tmp_path / os.path.basename(shard_path('', 1234567))).write_text('')
    assert finished(str(tmp_path)) == {1234567}


def test_shards_are_joined_in_order(folder):
    stream = io.BytesIO()
    join_shards(folder, [1, 0, 3], stream)
    assert stream.getvalue().decode() == '甲\n乙\n丙\n\n'


@pytest.mark.parametrize('counts, message', [
    ([1, 0, 2], '000002.jsonl: expected 2 lines, found 3; remove it'), ([2], '000000.jsonl: expected 2 lines, found 1'),
    ([1, 0, 3, 1], '000003.jsonl: this shard was not written'),
])
def test_a_wrong_number_of_lines_is_an_error(folder, counts, message):
    with pytest.raises(DataError, match=message):
        join_shards(folder, counts, io.BytesIO())


def test_one_run_at_a_time(folder):
    pytest.importorskip('fcntl')
    with locked(folder):
        with pytest.raises(DataError, match='another extraction is writing'):
            with locked(folder):
                pass
    with locked(folder):
        pass
