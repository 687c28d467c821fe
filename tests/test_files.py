"""Files are whole or absent, and a broken line is named."""

import os
import zipfile

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.files import atomic_write, read_json, read_json_lines, write_archive, write_json


def test_a_failing_block_leaves_the_file_and_no_litter(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(RuntimeError):
        with atomic_write(path) as stream:
            stream.write('half')
            raise RuntimeError
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.txt']


def test_json_round_trip(tmp_path):
    path = tmp_path / 'a.json'
    write_json(path, {'字': [1, 2.5]})
    assert read_json(path) == {'字': [1, 2.5]}
    assert '字' in path.read_text(encoding='utf-8')


def test_a_device_is_written_and_stays_a_device(tmp_path):
    with atomic_write(os.devnull) as stream:
        stream.write('gone')
    assert not os.path.isfile(os.devnull)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / 'real').write_text('old')
    os.symlink(str(tmp_path / 'real'), str(tmp_path / 'link'))
    with atomic_write(tmp_path / 'link') as stream:
        stream.write('new')
    assert os.path.islink(str(tmp_path / 'link')) and (tmp_path / 'real').read_text() == 'new'


def test_permissions_follow_the_umask(tmp_path):
    mask = os.umask(0o027)
    try:
        write_json(tmp_path / 'a.json', 1)
    finally:
        os.umask(mask)
    assert os.stat(tmp_path / 'a.json').st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    'content, message',
    [
        (b'{"a": 1}\n{"a": }\n', r'lines.json:2: broken JSON, Expecting value at column 7'),
        (b'[1]\n', r'lines.json:1: expected a JSON object, got list'),
        (b'{"a": "\xff"}\n', r'lines.json:1: not UTF-8 text'),
        (b'\n\n', r'lines.json: the file is empty'),
    ],
)
def test_a_broken_line_is_named(tmp_path, content, message):
    path = tmp_path / 'lines.json'
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_json_lines(path))


def test_line_numbers_count_blank_lines(tmp_path):
    path = tmp_path / 'lines.json'
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\r\n')
    assert list(read_json_lines(path)) == [(1, {'a': 1}), (3, {'a': 2})]


def test_absent_files_and_folders(tmp_path):
    with pytest.raises(DataError, match='no such file'):
        read_json(tmp_path / 'absent')
    with pytest.raises(DataError, match='expected a file, got a folder'):
        list(read_json_lines(tmp_path))
    with pytest.raises(DataError, match='expected a file, got a folder'):
        read_json(tmp_path)
    (tmp_path / 'bad.json').write_text('{\n"a": 1,\n}')
    with pytest.raises(DataError, match='bad.json:3: broken JSON'):
        read_json(tmp_path / 'bad.json')


def test_archives_of_equal_content_are_equal(tmp_path):
    members = {'b.json': '甲'.encode(), 'a.json': b''}
    for name in ('one.zip', 'two.zip'):
        write_archive(tmp_path / name, members)
    assert (tmp_path / 'one.zip').read_bytes() == (tmp_path / 'two.zip').read_bytes()
    with zipfile.ZipFile(str(tmp_path / 'one.zip')) as archive:
        assert archive.namelist() == ['b.json', 'a.json']
        assert {name: archive.read(name) for name in members} == members
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
