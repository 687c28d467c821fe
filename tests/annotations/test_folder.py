import os

import pytest

from gplinker_kit.annotations.folder import DEV, TRAIN, split_texts, write_folder
from gplinker_kit.errors import DataError
from gplinker_kit.events import Example, Schema, read_examples, read_schema

pytestmark = pytest.mark.once

SCHEMA = Schema({'裁员': ['裁员方']})
EXAMPLES = [Example('第%d句' % number, [], number) for number in range(20)]


def test_the_division_keeps_order_and_depends_on_the_seed():
    train, dev = split_texts(EXAMPLES, 0.25, seed=1)
    assert len(dev) == 5 and sorted(train + dev, key=lambda example: example.id) == EXAMPLES
    assert [e.id for e in train] == sorted(e.id for e in train) and [e.id for e in dev] == sorted(e.id for e in dev)
    assert split_texts(EXAMPLES, 0.25, seed=1) == (train, dev) != split_texts(EXAMPLES, 0.25, seed=2)
    assert len(split_texts(EXAMPLES, 0.001)[1]) == 1 and len(split_texts(EXAMPLES, 0.999)[0]) == 1


def test_equal_texts_stay_together():
    examples = [Example(text, [], number) for number, text in enumerate(['a b', 'AB', 'c', 'd', 'ab'] * 3)]
    for seed in range(10):
        train, dev = split_texts(examples, 0.3, seed)
        keys = [{example.text.replace(' ', '').lower() for example in some} for some in (train, dev)]
        assert train and dev and not keys[0] & keys[1]


@pytest.mark.parametrize('share', [0, 1, -0.5, 7])
def test_shares_that_divide_nothing(share):
    with pytest.raises(ValueError, match='the share of dev must lie between 0 and 1'):
        split_texts(EXAMPLES, share)
    with pytest.raises(ValueError, match='two different texts at least, got 1'):
        split_texts(EXAMPLES[:1] * 5, 0.5)


def test_a_folder_is_not_written_over_unasked(tmp_path):
    folder = str(tmp_path / 'new' / 'corpus')
    write_folder(folder, SCHEMA, EXAMPLES[:15], EXAMPLES[15:])
    assert read_examples(os.path.join(folder, TRAIN), SCHEMA) == EXAMPLES[:15]
    assert read_examples(os.path.join(folder, DEV), SCHEMA) == EXAMPLES[15:]
    assert read_schema(os.path.join(folder, 'duee_event_schema.json')) == SCHEMA
    with pytest.raises(DataError, match='there is a corpus already'):
        write_folder(folder, SCHEMA, EXAMPLES)
    write_folder(folder, SCHEMA, EXAMPLES, overwrite=True)
    assert sorted(os.listdir(folder)) == ['duee_event_schema.json', TRAIN]  # no dev texts that are in train now
    with pytest.raises(DataError, match='expected a folder, got a file'):
        write_folder(os.path.join(folder, TRAIN), SCHEMA, EXAMPLES)
