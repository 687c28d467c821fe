"""Extraction in shards without Ray: what it writes, what it leaves when it is stopped, and how it goes on."""

import functools
import json
import os
import signal

import pytest

from gplinker_kit.bulk import extract_in_shards, in_turn
from gplinker_kit.bulk.plan import plan_shards, to_row
from gplinker_kit.bulk.worker import ATTEMPTS, ShardWorker
from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import extraction_line
from tests.bulk.stand_in import DEADLY, Load, texts

FACTS = {'option': {'batch_size': 4}}


@pytest.fixture
def files(tmp_path):
    path, more = tmp_path / 'texts.txt', tmp_path / 'more.jsonl'
    path.write_text(''.join(text + '\n' for text in texts(90)), encoding='utf-8')
    more.write_text(''.join(json.dumps({'text': text, 'id': text}) + '\n' for text in texts(21)), encoding='utf-8')
    return [str(path), str(more)]


def whole(size):
    """What the engine of one process writes."""
    extractor, schema, _ = Load()()
    lines = [{'text': text} for text in texts(90)] + [{'text': text, 'id': text} for text in texts(21)]
    found = extractor.iter_extract((line['text'] for line in lines), chunk=size)
    return ''.join(extraction_line(line, one, schema) + '\n' for line, one in zip(lines, found)).encode('utf-8')


def read(path):
    with open(path, 'rb') as stream:
        return stream.read()


def stopping(after, arguments, rows):
    """A `run` that is stopped."""
    for number, result in enumerate(in_turn(arguments, rows)):
        if number == after:
            raise KeyboardInterrupt
        yield result


@pytest.mark.parametrize('size', [1, 7, 90, 1000])
def test_it_writes_what_one_process_writes(files, tmp_path, size):
    output, told = str(tmp_path / 'out.jsonl'), []
    done = extract_in_shards(files, output, Load(), FACTS, in_turn, size, progress=lambda *pair: told.append(pair))
    assert done == (111, 0) and read(output) == whole(size) and read(output).count(b'"trigger"') > 50
    assert told[0] == (0, 111) and told[-1] == (111, 111) and len(told) == 2 + 110 // size
    assert sorted(os.listdir(str(tmp_path))) == ['more.jsonl', 'out.jsonl', 'texts.txt']


def test_the_order_of_the_results_does_not_matter(files, tmp_path):
    output = str(tmp_path / 'out.jsonl')
    extract_in_shards(files, output, Load(), FACTS, lambda arguments, rows: in_turn(arguments, rows[::-1]), 10)
    assert read(output) == whole(10)


def test_a_run_goes_on_with_the_shards_that_are_missing(files, tmp_path):
    output, worked = str(tmp_path / 'out.jsonl'), []
    (tmp_path / 'out.jsonl').write_text('old')

    def run(arguments, rows):
        worked.append([row['shard'] for row in rows])
        return in_turn(arguments, rows)

    with pytest.raises(KeyboardInterrupt):
        extract_in_shards(files, output, Load(), FACTS, functools.partial(stopping, 4), 10)
    assert read(output) == b'old'
    folder = output + '.shards'
    assert {'manifest.json', 'stack.json', '000003.jsonl', '000004.jsonl'} <= set(os.listdir(folder))
    os.unlink(os.path.join(folder, '000001.jsonl'))
    (tmp_path / 'out.jsonl.shards' / '.000007.jsonl.half').write_text('half')
    kept = os.stat(os.path.join(folder, '000003.jsonl')).st_mtime_ns

    def watching(arguments, rows):
        assert os.stat(os.path.join(folder, '000003.jsonl')).st_mtime_ns == kept
        assert '.000007.jsonl.half' not in os.listdir(folder)
        return run(arguments, rows)

    assert extract_in_shards(files, output, Load(), FACTS, watching, 10) == (111, 40)
    assert worked == [[1] + list(range(5, 12))] and read(output) == whole(10) and not os.path.exists(folder)


def test_a_moved_input_is_the_same_and_a_changed_one_is_not(files, tmp_path):
    output = str(tmp_path / 'out.jsonl')
    with pytest.raises(KeyboardInterrupt):
        extract_in_shards(files, output, Load(), FACTS, functools.partial(stopping, 2), 10)
    with open(files[0], 'rb') as stream:
        content = stream.read()
    (tmp_path / 'moved').write_bytes(content)
    for change, message in (
        (dict(paths=files[:1]), 'input 2'),
        (dict(facts={'option': {'batch_size': 8}}), 'option batch_size: 4 then, 8 now'),
        (dict(load=Load(computes='another')), "engine: 'stand-in' then, 'another' now"),
    ):
        usual = dict(paths=files, output=output, load=Load(), facts=FACTS, run=in_turn, shard_size=10)
        with pytest.raises(ValueError, match=message):
            extract_in_shards(**dict(usual, **change))
    moved = [str(tmp_path / 'moved'), files[1]]
    assert extract_in_shards(moved, output, Load(), FACTS, in_turn, 10) == (111, 30)
    assert read(output) == whole(10)


def test_nothing_comes_out_of_nothing(tmp_path):
    (tmp_path / 'empty').write_text('')
    output = str(tmp_path / 'out.jsonl')
    assert extract_in_shards([str(tmp_path / 'empty')], output, Load(), FACTS, None) == (0, 0)
    assert read(output) == b''


def test_what_a_worker_says_ends_the_run(files, tmp_path):
    output = str(tmp_path / 'out.jsonl')

    def broken():
        raise ValueError('no model here')

    with pytest.raises(ValueError, match=r'shard 0 \(.*texts.txt, from line 1 on\): no model here'):
        extract_in_shards(files, output, broken, FACTS, in_turn, 10)
    assert not os.path.exists(output)


def test_a_bad_input_leaves_nothing_behind(files, tmp_path):
    (tmp_path / 'bad').write_text('{"text": 1}')
    with pytest.raises(DataError, match='bad:1'):
        extract_in_shards(files + [str(tmp_path / 'bad')], str(tmp_path / 'out'), Load(), FACTS, in_turn)
    with pytest.raises(DataError, match='expected a file to write'):
        extract_in_shards(files, str(tmp_path), Load(), FACTS, in_turn)
    assert sorted(os.listdir(str(tmp_path))) == ['bad', 'more.jsonl', 'texts.txt']


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
def test_a_shard_that_kills_its_workers_is_given_up(files, tmp_path):
    """Each attempt is a process of its own, as with Ray."""
    with open(files[0], 'a', encoding='utf-8') as stream:
        stream.write(DEADLY + '\n')
    shards, _ = plan_shards(files[:1], 'auto', 'duee', 91)
    folder = tmp_path / 'shards'
    folder.mkdir()
    for _ in range(ATTEMPTS):
        child = os.fork()
        if not child:
            ShardWorker(Load(), str(folder))(to_row(0, shards[0]))
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    result = ShardWorker(Load(), str(folder))(to_row(0, shards[0]))
    assert '%d workers died over it' % ATTEMPTS in result['error']
    assert not [name for name in os.listdir(str(folder)) if name.endswith('.attempts')]


def test_a_shard_that_is_there_is_not_written_again(files, tmp_path):
    shards, _ = plan_shards(files, 'auto', 'duee', 50)
    row = to_row(1, shards[1])
    assert ShardWorker(Load(), str(tmp_path))(row) == {'shard': 1, 'texts': 50, 'attempts': 1, 'error': ''}
    assert ShardWorker(None, str(tmp_path))(row)['attempts'] == 0, 'not even a model is loaded'
