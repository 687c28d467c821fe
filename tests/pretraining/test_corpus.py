"""Texts from files: each once an epoch, in an order that the seed gives, from any place on."""

import itertools
import json

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.pretraining.corpus import Place, TextStream


@pytest.fixture
def paths(tmp_path):
    """90 texts in two files, one of them with Windows line ends, blank lines and no end of the last line."""
    (tmp_path / 'one.txt').write_bytes('\ufeff'.encode('utf-8') + '\r\n\r\n'.join(
        '文 %d' % i for i in range(60)).encode('utf-8'))
    (tmp_path / 'two.jsonl').write_text(''.join(
        json.dumps({'id': i, 'text': '文 %d ' % i}, ensure_ascii=i % 2 == 0) + '\n' for i in range(60, 90)),
        encoding='utf-8')
    return [str(tmp_path / 'one.txt'), tmp_path / 'two.jsonl']


def taken(stream, count, *place):
    return list(itertools.islice(stream.texts(*place), count))


@pytest.mark.parametrize('block, group', [(1 << 20, 16), (37, 3), (5, 1)])
def test_each_text_once_an_epoch(paths, block, group):
    stream = TextStream(paths, seed=4, block=block, group=group)
    texts = [text for text, _ in taken(stream, 270)]
    expected = ['文 %d' % i for i in range(90)]
    for epoch in range(3):
        assert sorted(texts[90 * epoch:90 * epoch + 90]) == sorted(expected)
    assert len({tuple(texts[at:at + 90]) for at in (0, 90, 180)}) == 3 and texts[:90] != expected
    assert [text for text, _ in taken(TextStream(paths, seed=4, block=block, group=group), 270)] == texts
    assert [text for text, _ in taken(TextStream(paths, seed=5, block=block, group=group), 90)] != texts[:90]


def test_going_on_from_any_place(paths):
    stream = TextStream(paths, block=60, group=2)
    whole = taken(stream, 200)
    for at in (0, 1, 17, 89, 90, 91, 150):
        place = Place(0, 0, 0) if not at else whole[at - 1][1]
        assert taken(stream, 200 - at, place) == whole[at:]
        assert taken(stream, 3, list(place)) == whole[at:at + 3]  # as JSON has it


@pytest.mark.parametrize('name, data, message', [
    ('a.txt', b'', 'a.txt: the file is empty; expected a text a line'),
    ('a.txt', b'\n \n', 'a.txt: there is no text in it, only blank lines'),
    ('a.txt', b'one\ntwo\n\xff\n', 'a.txt:3: not UTF-8 text'),
    ('a.jsonl', b'{"text": "a"}\n{"text": 3}\n', "a.jsonl:2: expected an object with a text under 'text', it has"),
    ('a.jsonl', b'{"text": "a"}\n{"text"\n', 'a.jsonl:2: broken JSON'),
    ('a.json', b'[1]\n', 'a.json:1: expected a JSON object, got list'),
])
def test_files_that_are_no_corpus(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        taken(TextStream([str(path)]), 5)


def test_files_that_are_not_there(tmp_path):
    for path, message in ((tmp_path / 'none.txt', 'no such file'), (tmp_path, 'expected a file, got a folder')):
        with pytest.raises(DataError, match=message):
            TextStream([path])
    with pytest.raises(ValueError, match='paths: expected at least one file'):
        TextStream([])
