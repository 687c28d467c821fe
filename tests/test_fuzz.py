"""The fuzzer finds a planted fault, writes and reproduces its case; what it found in the library stays mended."""

import json
import os
import struct
import time
from types import SimpleNamespace

import numpy as np
import pytest

from fuzz import __main__ as program
from fuzz import running
from gplinker_kit import model_folder, state_file
from gplinker_kit.errors import DataError
from gplinker_kit.events.reading import check_offsets
from gplinker_kit.files import read_json, read_json_lines
from gplinker_kit.models.checkpoint.safetensors_file import read_safetensors
from gplinker_kit.models.published_config import translated


def planted(run):
    return SimpleNamespace(seeds=lambda: [b'abc'], run=run)


def stumble(data, folder):
    if data != b'abc':
        raise KeyError(data)


def test_a_planted_fault_is_found_written_and_reproduced(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(running, 'find_target', lambda name: planted(stumble))
    assert program.main(['events', '--cases', '50', '--findings', str(tmp_path)]) == 1
    case = [str(path) for path in tmp_path.iterdir() if path.suffix == '.case']
    assert len(case) == 1 and 'KeyError' in (tmp_path / (os.path.basename(case[0]) + '.txt')).read_text()
    assert program.main(['events', '--reproduce', case[0]]) == 1
    assert 'KeyError' in capsys.readouterr().out


def test_a_hang_and_a_silent_error_are_findings(tmp_path):
    assert 'Hang' in running.attempt(planted(lambda data, folder: time.sleep(5)), b'', str(tmp_path), limit=0.05)[1]

    def silent(data, folder):
        raise ValueError

    assert 'ValueError' in running.attempt(planted(silent), b'', str(tmp_path))[1]


def test_a_refusal_is_counted_and_cases_are_those_of_the_seed(tmp_path):
    def refuse(data, folder):
        raise DataError('no')

    found = running.run_target(planted(refuse), 'x', cases=20)
    assert (found.cases, found.refused, found.error) == (20, 20, None)
    cases = [[running.case_of(planted(refuse), 'x', seed, number) for number in range(9)] for seed in (0, 0, 1)]
    assert cases[0] == cases[1] != cases[2]


@pytest.mark.parametrize('text', ['[' * 5000, '[' * 101 + ']' * 101, '{"a":' * 300 + '1' + '}' * 300])
def test_nested_json_is_refused(tmp_path, text):
    path = tmp_path / 'a.json'
    path.write_text(text)
    for read in (read_json, lambda path: list(read_json_lines(path))):
        with pytest.raises(DataError):
            read(str(path))
    path.write_text('[' * 100 + ']' * 100 + '\n')
    assert read_json(str(path))


@pytest.mark.parametrize('content', [b'../../x', b'\xff', b'1\0', '²'.encode(), b'9' * 5000])
def test_pointers_that_are_no_number_are_refused(tmp_path, content):
    (tmp_path / 'versions' / '²').mkdir(parents=True)
    (tmp_path / 'current').write_bytes(content)
    assert model_folder.pointed(str(tmp_path)) in ({}, {'current': 1})
    with pytest.raises(DataError, match='points to version'):
        model_folder.current_version(str(tmp_path))


def test_states_of_other_kinds_are_refused(tmp_path):
    for facts in ('[]', '[' * 5000, '{"counts": 1}', '{"counts": {"w": 2}}'):
        header = json.dumps({'__metadata__': {'state': facts}}).encode()
        (tmp_path / state_file.FILE).write_bytes(struct.pack('<Q', len(header)) + header)
        with pytest.raises(DataError):
            state_file.read_arrays(str(tmp_path))


def test_numbers_that_no_array_holds_are_refused(tmp_path):
    with pytest.raises(ValueError, match='64 bits'):
        check_offsets([(2 ** 70, 2 ** 70 + 1)], 'ab', 2)
    assert np.array_equal(check_offsets([(0, 1)], 'ab', 1)[0], [[0, 1]])
    header = json.dumps({'a': {'dtype': 'F32', 'shape': [0, 2 ** 70], 'data_offsets': [0, 0]}}).encode()
    (tmp_path / 'a').write_bytes(struct.pack('<Q', len(header)) + header)
    with pytest.raises(ValueError, match='no array has such a shape'):
        read_safetensors(str(tmp_path / 'a'))


@pytest.mark.parametrize('given', [{'rotary_pct': 'x'}, {'rotary_pct': float('inf')}, {'rope_scaling': [1]},
                                   {'n_embd': [1]}])
def test_configs_of_decoders_with_other_kinds_are_refused(given):
    with pytest.raises(ValueError, match='expected'):
        translated(dict({'model_type': 'gptj', 'n_embd': 8, 'n_head': 2}, **given))
