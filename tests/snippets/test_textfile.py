"""The indexable `open`."""

import builtins
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.snippets import DataGenerator, open, textfile

TEXT = '一行\n\nab\r\n末行，没有换行'


@pytest.fixture
def path(tmp_path):
    (tmp_path / 'text.txt').write_bytes(TEXT.encode('utf-8'))
    return str(tmp_path / 'text.txt')


@settings(max_examples=100, deadline=None)
@given(
    text=st.text('a中\r\n\u2028', max_size=30), chunk=st.integers(1, 4),
    encoding=st.sampled_from(['utf-8', 'gb18030']),
)
def test_lines_by_number_are_those_of_python(tmp_path_factory, text, chunk, encoding):
    path = str(tmp_path_factory.mktemp('lines') / 'text.txt')
    with builtins.open(path, 'wb') as stream:
        stream.write(text.encode(encoding))
    with builtins.open(path, encoding=encoding) as stream:
        expected = list(stream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, '_CHUNK', chunk)
        lines = open(path, encoding=encoding, indexable=True)
    with lines:
        assert len(lines) == len(expected)
        assert [lines[number] for number in range(len(lines))] == expected
        assert [lines[number - len(lines)] for number in range(len(lines))] == expected
    with builtins.open(path, 'rb') as stream:
        expected = list(stream)
    with open(path, 'rb', indexable=True) as lines:
        assert [lines[number] for number in range(len(lines))] == expected


def test_reading_by_number_leaves_the_place_alone(path):
    with open(path, encoding='utf-8', indexable=True) as lines:
        assert next(lines) == '一行\n' and lines[3] == '末行，没有换行' and next(lines) == '\n'
        assert list(lines) == ['ab\n', '末行，没有换行']
        lines.seek()
        assert lines.readline() == '一行\n' and lines.readlines() == ['\n', 'ab\n', '末行，没有换行']
        lines.seek(0)
        assert lines.read() == TEXT.replace('\r\n', '\n') and lines.tell() == len(TEXT.encode('utf-8'))
        assert lines.next is not None and lines.name == path and bool(lines)
    assert lines.file.closed and lines._binary.closed


def test_the_index_is_kept_in_a_file(path, tmp_path):
    index = str(tmp_path / 'index.json')
    with open(path, encoding='utf-8', indexable=index) as lines:
        offsets = lines.offsets
    with builtins.open(index) as stream:
        assert json.load(stream) == offsets
    with builtins.open(index, 'w') as stream:
        json.dump(offsets[1:], stream)
    with open(path, encoding='utf-8', indexable=index) as lines:
        assert lines[0] == '\n' and len(lines) == 3
    for content, error in (('[0, 1000]', 'is not the index of'), ('{}', 'is not the index'), ('[', 'broken JSON')):
        with builtins.open(index, 'w') as stream:
            stream.write(content)
        with pytest.raises(ValueError, match=error):
            open(path, indexable=index)


def test_writing_and_errors(tmp_path):
    path = str(tmp_path / 'out.txt')
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write('中\n')
        stream.flush()
    with open(path, encoding='ascii', errors='replace') as lines:
        assert list(lines) == ['\ufffd' * 3 + '\n']
        with pytest.raises(TypeError, match='opened without indexable=True'):
            len(lines)
        with pytest.raises(TypeError, match='opened without indexable=True'):
            lines[0]
    with open(path, encoding='ascii', errors='ignore', indexable=True) as lines:
        assert lines[0] == '\n'
        with pytest.raises(IndexError, match='no line 1 in .*, which has 1'):
            lines[1]
    with pytest.raises(ValueError, match="more than one byte in the encoding 'utf-16'"):
        open(path, encoding='utf-16', indexable=True)
    with pytest.raises(FileNotFoundError):
        open(str(tmp_path / 'absent'))
    (tmp_path / 'marked.txt').write_bytes('\ufeff一\n二'.encode())
    with open(str(tmp_path / 'marked.txt'), encoding='utf-8-sig', indexable=True) as lines:
        assert [lines[0], lines[1]] == ['一\n', '二']


def test_files_are_data(path):
    with open(path, encoding='utf-8', indexable=True) as lines:
        assert sorted(item for _, item in DataGenerator(lines).sample(random=True)) == sorted(lines)
        assert DataGenerator(lines, batch_size=3).steps == 2
    with open(path, encoding='utf-8') as lines:
        assert DataGenerator(lines).steps is None
        assert [item for _, item in DataGenerator(lines).sample()] == ['一行\n', '\n', 'ab\n', '末行，没有换行']


def test_an_index_error_is_a_data_error(path, tmp_path):
    (tmp_path / 'i.json').write_text('[')
    with pytest.raises(DataError, match='i.json:1: broken JSON'):
        open(path, indexable=str(tmp_path / 'i.json'))
