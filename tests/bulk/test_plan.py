import hashlib
import json
import os
import random

import pytest

from gplinker_kit.bulk.plan import from_row, plan_shards, read_piece, texts_of, to_row
from gplinker_kit.errors import DataError
from gplinker_kit.events.inputs import read_inputs


def write(path, lines, end='\n'):
    path.write_bytes(''.join(line + end for line in lines).encode('utf-8'))
    return str(path)


@pytest.fixture
def files(tmp_path):
    """Text, JSON lines with blank ones between them, nothing, and text without a line end."""
    generator = random.Random(0)
    lines = ['甲' * generator.randint(0, 9) for _ in range(23)]
    objects = [json.dumps({'text': line, 'id': number}) for number, line in enumerate(lines)]
    return [
        write(tmp_path / 'a.txt', ['', ' '] + lines), write(tmp_path / 'b.jsonl', ['\n' + line for line in objects]),
        write(tmp_path / 'c.txt', []), write(tmp_path / 'd.txt', ['乙'], end=''),
    ]  # fmt: skip


@pytest.mark.parametrize('size', [1, 4, 7, 25, 26, 48, 49, 1000])
def test_the_shards_hold_every_input_once_and_in_order(files, size):
    expected = [value for path in files for value in read_inputs(path)]
    shards, facts = plan_shards(files, 'auto', 'duee', size)
    read = [[value for piece in pieces for value in read_piece(piece, 'duee')] for pieces in shards]
    assert [value for shard in read for value in shard] == expected
    assert [len(shard) for shard in read] == [texts_of(pieces) for pieces in shards]
    assert [texts_of(pieces) for pieces in shards[:-1]] == [size] * (len(shards) - 1)
    assert 0 < texts_of(shards[-1]) <= size
    assert [fact['texts'] for fact in facts] == [25, 23, 0, 1]
    for path, fact in zip(files, facts):
        with open(path, 'rb') as stream:
            content = stream.read()
        assert (fact['bytes'], fact['sha256']) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_row_holds_a_shard(files):
    shards, _ = plan_shards(files, 'auto', 'duee', 30)
    row = json.loads(json.dumps(to_row(1, shards[1])))
    assert from_row(row) == (1, shards[1]) and len(shards[1]) == 2


def test_nothing_is_no_shard(tmp_path):
    assert plan_shards([write(tmp_path / 'a', [])], 'auto', 'duee', 5)[0] == []


@pytest.mark.parametrize('change', [lambda path: open(path, 'ab').write(b'x'), lambda path: os.utime(path, (1, 1))])
def test_a_file_that_changes_is_noticed(files, change):
    shards, _ = plan_shards(files[:1], 'auto', 'duee', 5)
    change(files[0])
    with pytest.raises(DataError, match='a.txt: it has changed'):
        read_piece(shards[0][0], 'duee')


def test_wrong_arguments(files, tmp_path):
    for size in (0, -1, 2.0, True):
        with pytest.raises(ValueError, match='shard_size must be an integer of at least 1'):
            plan_shards(files, 'auto', 'duee', size)
    for path, words in (('-', 'standard input: expected a file'), (str(tmp_path), 'expected a file'),
                        (str(tmp_path / 'absent'), 'no such file')):
        with pytest.raises(DataError, match=words):
            plan_shards([path], 'auto', 'duee', 5)
    with pytest.raises(DataError, match="bad:2: no key 'text'"):
        plan_shards(files + [write(tmp_path / 'bad', ['{"text": ""}', '{}'])], 'auto', 'duee', 5)
