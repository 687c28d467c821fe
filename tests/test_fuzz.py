"""The fuzzer finds a planted fault, writes and reproduces its case; what it found in the library stays mended."""

import json
import os
import struct
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from fuzz import __main__ as program
from fuzz import coverage, results, running
from fuzz.targets import NAMES
from gplinker_kit import model_folder, state_file
from gplinker_kit.errors import DataError
from gplinker_kit.events.reading import check_offsets
from gplinker_kit.files import read_json, read_json_lines
from gplinker_kit.models.checkpoint.safetensors_file import read_safetensors
from gplinker_kit.models.published_config import translated
from tests.helpers import ROOT


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
    cases = [[running.case_of([b'abc'], 'x', seed, number) for number in range(9)] for seed in (0, 0, 1)]
    assert cases[0] == cases[1] != cases[2]


def test_runs_add_their_rows_to_a_file_and_the_docs_have_its_table(tmp_path, monkeypatch, capsys):
    def refuse(data, folder):
        raise DataError('no')

    monkeypatch.setattr(running, 'find_target', lambda name: planted(refuse))
    path, findings = str(tmp_path / 'a.json'), str(tmp_path / 'findings')
    for name, cases in (('folder', 4), ('events', 5), ('folder', 7)):
        assert program.main([name, '--cases', str(cases), '--json', path, '--findings', findings]) == 0
    assert [(row['target'], row['cases']) for row in results.read(path)] == [('events', 5), ('folder', 7)]
    assert results.table(results.read(path))[-1].startswith('| all |  | 12 |') and os.listdir(findings) == []
    with open(os.path.join(ROOT, 'docs', 'fuzzing.md'), encoding='utf-8') as stream:
        page = stream.read()
    assert '\n'.join(results.table(results.read(os.path.join(ROOT, 'docs', 'fuzzing.json')))) in page


def test_the_case_that_ends_a_process_is_known(tmp_path):
    program = 'import os, sys\nfrom fuzz import running\n' \
        'target = type("Target", (), {"seeds": lambda: [b"a"] * 9, "run": lambda data, folder: None})\n' \
        'case_of = running.case_of\n' \
        'running.case_of = lambda *given: os._exit(7) if given[3] == 5 else case_of(*given)\n' \
        'running.run_target(target, "x", cases=9, notes=sys.argv[1])\n'
    path = str(tmp_path / 'new' / 'x.number')
    done = subprocess.run([sys.executable, '-c', program, path], env=dict(os.environ, PYTHONPATH=ROOT))
    with open(path) as stream:
        assert (done.returncode, int(stream.read())) == (7, 5)


def test_the_case_of_a_number_is_run_alone(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(running, 'find_target', lambda name: planted(stumble))
    assert program.main(['events', '--only', '0']) == 0 and 'accepted' in capsys.readouterr().out
    assert program.main(['events', '--only', '7']) == 1 and 'KeyError' in capsys.readouterr().out

    def absent():
        raise ImportError('needs the package x')

    monkeypatch.setattr(running, 'find_target', lambda name: SimpleNamespace(seeds=absent))
    assert program.main(['events', '--findings', str(tmp_path)]) == 1
    assert 'events: left out: needs the package x' in capsys.readouterr().err


def test_cases_that_atheris_chooses_are_counted_and_findings_written(tmp_path, monkeypatch, capsys):
    """What libFuzzer calls; the engine itself, which ends its process, is no dependency of the tests."""
    path, findings, ended = str(tmp_path / 'a.json'), str(tmp_path / 'findings'), []
    options = program.parse(['events', '--engine', 'atheris', '--cases', '3', '--json', path, '--findings', findings])
    one = coverage.Run(planted(stumble), 'events', options, [b'{}'], str(tmp_path), ended.append)
    for data in (b'abc',) * 3:
        one.case(data)
    assert ended == [0] and results.read(path)[0]['cases'] == 3
    one.case(b'x')
    assert ended == [0, 1] and [name[-5:] for name in sorted(os.listdir(findings))] == ['.case', 'e.txt']
    made = [one.mutate(b'[1]', 5, seed, lambda data, most: b'theirs') for seed in range(40)]
    assert 0 < made.count(b'theirs') < 40 and all(len(data) < 7 for data in made)
    monkeypatch.setitem(sys.modules, 'atheris', None)
    assert program.main(['events', '--engine', 'atheris']) == 1
    assert 'pip install atheris' in capsys.readouterr().err


@pytest.mark.once
@pytest.mark.parametrize('name', NAMES)
def test_seeds_are_accepted_or_refused(name, tmp_path):
    target = running.find_target(name)
    try:
        seeds = target.seeds()
    except ImportError as error:
        pytest.skip(str(error))
    for data in seeds[:40]:
        assert running.attempt(target, data, str(tmp_path))[1] is None


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
