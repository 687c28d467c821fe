"""The file that holds the state of a training: what comes back, and what is said when it cannot be written or read."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.state_file import (
    compare,
    random_from_json,
    random_to_json,
    read_arrays,
    read_facts,
    state_path,
    write_training,
)
from tests.corpus import ROOT

ARRAYS = {'weights': [np.arange(6, dtype='float32').reshape(2, 3), np.array(7, 'int64')], 'empty': []}
FACTS = {'about': {'epochs': 3}, 'loss': 0.1 + 0.2, 'name': '事件'}


def test_what_is_written_comes_back(tmp_path):
    assert read_facts(str(tmp_path)) is None
    write_training(str(tmp_path), ARRAYS, FACTS)
    facts = read_facts(str(tmp_path))
    assert {name: facts[name] for name in FACTS} == FACTS
    arrays = read_arrays(str(tmp_path))
    assert sorted(arrays) == ['empty', 'weights'] and arrays['empty'] == []
    for found, given in zip(arrays['weights'], ARRAYS['weights']):
        assert found.dtype == given.dtype
        np.testing.assert_array_equal(found, given)
    assert os.listdir(str(tmp_path)) == ['training.safetensors']


def test_a_folder_that_is_not_there_yet(tmp_path):
    write_training(str(tmp_path / 'new' / 'model'), ARRAYS, FACTS)
    assert read_facts(str(tmp_path / 'new' / 'model'))['name'] == FACTS['name']


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='the state of the training cannot be written .*; there is none yet'):
        write_training(str(tmp_path / 'file' / 'model'), ARRAYS, FACTS)


FULL = '''
import resource, sys
import numpy as np
from gplinker_kit.errors import DataError
from gplinker_kit.state_file import write_training
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    write_training(sys.argv[1], {'weights': [np.zeros(100000, 'float32')]}, {})
except DataError as error:
    print(error)
'''


@pytest.mark.skipif(sys.platform == 'win32', reason='needs resource limits')
def test_no_more_room(tmp_path):
    """The limit on a file's size stands for a full disk: both end a write half way."""
    write_training(str(tmp_path), ARRAYS, FACTS)
    said = subprocess.check_output(
        [sys.executable, '-c', FULL, str(tmp_path)], cwd=ROOT, universal_newlines=True, stderr=subprocess.STDOUT)
    assert said.startswith('%s: the state of the training cannot be written (' % state_path(str(tmp_path))), said
    assert 'the one before is whole' in said
    assert read_facts(str(tmp_path))['name'] == '事件' and os.listdir(str(tmp_path)) == ['training.safetensors']


@pytest.mark.parametrize('size', [0, 5, 100])
def test_a_damaged_file(tmp_path, size):
    write_training(str(tmp_path), ARRAYS, FACTS)
    with open(state_path(str(tmp_path)), 'r+b') as stream:
        stream.truncate(size)
    with pytest.raises(DataError, match='training.safetensors: no state of a training can be read from it'):
        read_facts(str(tmp_path))


def test_the_file_of_another_program(tmp_path):
    from safetensors.numpy import save_file

    save_file({'x': np.zeros(3)}, state_path(str(tmp_path)))
    with pytest.raises(DataError, match='no state of a training can be read from it'):
        read_facts(str(tmp_path))


def test_differences_are_listed():
    found = {'recipe': {'epochs': 3, 'ema': None}, 'sentences': 'a' * 64, 'select': 'event'}
    compare(found, json.loads(json.dumps(found)), 'FILE')
    with pytest.raises(DataError) as error:
        compare(found, {'recipe': {'epochs': 4, 'ema': None}, 'sentences': 'b' * 64, 'select': 'argument'}, 'FILE')
    assert str(error.value).split('\n') == [
        'FILE: this training cannot go on, it was another one:', '  epochs: 3 then, 4 now', '  other sentences',
        "  other select: 'event' then, 'argument' now",
    ]


def test_random_states_go_through_json():
    random = np.random.RandomState(5)
    random.normal(size=3)  # leaves a number in store
    state = json.loads(json.dumps(random_to_json(random.get_state())))
    other = np.random.RandomState(6)
    other.set_state(random_from_json(state))
    np.testing.assert_array_equal(random.normal(size=4), other.normal(size=4))
    np.testing.assert_array_equal(random.permutation(9), other.permutation(9))
