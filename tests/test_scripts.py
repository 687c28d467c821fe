"""scripts/test, scripts/demo and .ci/run, with stand-ins for scripts/env so that nothing is installed."""

import importlib.machinery
import importlib.util
import os
import queue
import shutil
import subprocess
import sys

import pytest

from tests import command_lines
from tests.command_lines import ROOT, write_program


@pytest.fixture(scope='module')
def runner():
    """scripts/test as a module."""
    loader = importlib.machinery.SourceFileLoader('scripts_test', os.path.join(ROOT, 'scripts', 'test'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('scripts_test', loader))
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    return module


def test_test_reads_its_arguments(runner):
    assert runner.parse([]) == (list(runner.STACKS), set(), [])
    assert runner.parse(['keras3-jax', 'tf1', '--require', 'tf1', '--', 'tests/events', '-k', 'x']) == (
        ['tf1', 'keras3-jax'], {'tf1'}, ['tests/events', '-k', 'x'])
    assert runner.parse(['--require', 'all'])[1] == {'tf1', 'keras3'}


@pytest.mark.parametrize('arguments', [['tf3'], ['--'], ['--require', 'torch']])
def test_test_refuses_wrong_arguments(runner, arguments, capsys):
    with pytest.raises(SystemExit):
        runner.parse(arguments)
    assert 'scripts/test: error' in capsys.readouterr().err


def test_test_chooses_the_tests_of_a_stack(runner):
    stacks = runner.STACKS
    assert runner.pytest_arguments(stacks['tf1'], []) == ['tests']
    assert runner.pytest_arguments(stacks['keras3-torch'], ['-x']) == ['tests', '-m', 'smoke', '-x']
    assert runner.pytest_arguments(stacks['tf1-tfkeras'], ['tests/test_corpus.py::test_size']) == [
        'tests/test_corpus.py::test_size']
    assert 'tests/backend' in runner.pytest_arguments(stacks['keras3-jax'], ['-k', 'x'])


def test_every_part_that_a_stack_names_is_there(runner):
    for name, stack in runner.STACKS.items():
        for part in stack.tests:
            assert os.path.exists(os.path.join(ROOT, runner.part(part))), '%s: no tests for %s' % (name, part)


def test_test_sets_the_variables_of_a_stack(runner, monkeypatch):
    monkeypatch.setenv('TF_KERAS', '1')
    monkeypatch.setenv('KERAS_BACKEND', 'torch')
    monkeypatch.delenv('TF_CPP_MIN_LOG_LEVEL', raising=False)
    assert 'TF_KERAS' not in runner.variables(runner.STACKS['tf1'], 1, '/tmp')
    chosen = runner.variables(runner.STACKS['keras3-jax'], 2, '/tmp')
    assert chosen['KERAS_BACKEND'] == 'jax' and chosen['TF_CPP_MIN_LOG_LEVEL'] == '2'


def test_stacks_of_both_environments_wait_in_one_queue(runner, monkeypatch):
    """A free lane takes the longest stack that is left, with the Python of its environment; all get a result."""
    assert sorted(runner.LONGEST_FIRST) == sorted(runner.STACKS)
    monkeypatch.setattr(runner, 'make_environment', lambda env, with_torch: ('python of ' + env, ''))
    monkeypatch.setattr(runner, 'has_torch', lambda python: True)
    ran = []
    monkeypatch.setattr(runner, 'run_stack', lambda name, python, *options: ran.append((name, python)) or name)
    assert runner.run_all(list(runner.STACKS), set(), [], 'folder') == {name: name for name in runner.STACKS}
    expected = [(name, 'python of ' + runner.STACKS[name].env) for name in runner.LONGEST_FIRST]
    assert sorted(ran) == sorted(expected)

    waiting, results = queue.PriorityQueue(), {}
    for env in ('keras3', 'tf1'):
        runner.open_environment(env, [name for name in runner.STACKS if runner.STACKS[name].env == env], set(), waiting,
                                results)
    waiting.put((len(runner.STACKS), None, None))
    del ran[:]
    runner.run_lane(waiting, [], 1, 'folder', False, results)
    assert ran == expected


def test_test_reads_pytests_closing_line(runner):
    assert runner.closing_line('x\n======= 3 passed, 1 skipped in 0.52s =======\n') == '3 passed, 1 skipped in 0.52s'
    assert runner.closing_line('5 passed in 61.02s (0:01:01)\n') == '5 passed in 61.02s (0:01:01)'
    assert runner.closing_line('Traceback\n') == ''


def test_test_summary(runner):
    passed, failed, impossible = (runner.Result('tf1', state, 'why') for state in ('passed', 'failed', 'not possible'))
    assert runner.summary([passed, impossible])[1] == 0
    assert runner.summary([passed, failed])[1] == 1
    assert runner.summary([impossible])[1] == 1, 'nothing ran'
    assert [line.split() for line in runner.summary([passed, impossible])[0].split('\n')] == [
        ['tf1', 'passed', 'why'], ['tf1', 'not', 'possible', 'why']]


@pytest.fixture
def small(tmp_path):
    """A project of one passing and one failing test; its tf1 is this Python, and it cannot have keras3."""
    shutil.copytree(os.path.join(ROOT, 'scripts'), str(tmp_path / 'scripts'))
    write_program(tmp_path / 'scripts' / 'env', '#!/bin/sh\nif [ "$1" = tf1 ]; then echo progress >&2; echo "%s"; '
                  'else echo "no Python 3.11 here" >&2; exit ${KERAS3_STATUS:-3}; fi\n' % sys.executable)
    (tmp_path / 'tests').mkdir()
    (tmp_path / 'tests' / 'test_good.py').write_text('def test_good():\n    pass\n')
    (tmp_path / 'tests' / 'test_bad.py').write_text('def test_bad():\n    1 / 0\n')

    def run(*arguments, **variables):
        process = subprocess.run(
            [sys.executable, str(tmp_path / 'scripts' / 'test')] + list(arguments), cwd=str(tmp_path),
            env=dict(os.environ, TMPDIR=str(tmp_path), **variables), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        return process.returncode, process.stdout

    return run


def test_test_passes_and_says_what_was_not_possible(small):
    status, output = small('tf1', 'keras3', '--', 'tests/test_good.py')
    assert status == 0, output
    assert '1 passed' in output and '######## tf1' in output
    summary = [line.split() for line in output.split('======== stacks')[1].strip().split('\n')[1:]]
    assert summary[0][:4] == ['tf1', 'passed', '1', 'passed']
    assert summary[1] == ['keras3', 'not', 'possible', 'no', 'Python', '3.11', 'here']


@pytest.mark.parametrize('arguments, variables, words', [
    (['tf1', '--', 'tests/test_bad.py'], {}, 'tf1 failed 1 failed'),
    (['tf1', '--', 'tests/test_good.py', '-k', 'nothing'], {}, 'tf1 failed no test ran'),
    (['tf1', 'keras3', '--require', 'all', '--', 'tests/test_good.py'], {}, 'keras3 failed no Python 3.11 here'),
    (['tf1', 'keras3', '--', 'tests/test_good.py'], {'KERAS3_STATUS': '1'}, 'keras3 failed the environment could not'),
    (['keras3', '--', 'tests/test_good.py'], {}, 'keras3 not possible no Python 3.11 here'),
])
def test_test_fails(small, arguments, variables, words):
    status, output = small(*arguments, **variables)
    assert status == 1 and words in ' '.join(output.split('======== stacks')[1].split())


@pytest.mark.parametrize('tf1_status, words', [(0, 'TensorFlow 1.15'), (3, 'Keras 3 on TensorFlow')])
def test_demo_picks_a_stack_and_runs_five_commands(tmp_path, tf1_status, words):
    shutil.copytree(os.path.join(ROOT, 'scripts'), str(tmp_path / 'scripts'))
    write_program(tmp_path / 'python', '#!/bin/sh\ncat > /dev/null < /dev/stdin\necho "ran $KERAS_BACKEND: $*"\n')
    write_program(tmp_path / 'scripts' / 'env', '#!/bin/sh\n[ "$1" = keras3 ] || [ %d = 0 ] || exit %d\n'
                  'echo noise\necho %s\n' % (tf1_status, tf1_status, tmp_path / 'python'))
    process = subprocess.run([str(tmp_path / 'scripts' / 'demo'), '--epochs', '1'], cwd=str(tmp_path), text=True,
                             env={'PATH': os.environ['PATH'], 'KERAS_BACKEND': 'jax'}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)
    ran = [line for line in process.stdout.split('\n') if line.startswith('ran ')]
    assert process.returncode == 0 and words in process.stdout.split('\n')[0]
    assert [line.split('gplinker_kit.cli ')[1].split()[0] for line in ran] == [
        'train', 'evaluate', 'extract', 'plot', 'view']
    assert '--epochs 1' in ran[0] and '--tree' in ran[2]
    assert '--output runs/demo-curves.png' in ran[3] and '--output runs/demo.html' in ran[4]
    assert process.stdout.rstrip().endswith(
        'training curves: runs/demo-curves.png\nsentences, events and cliques: runs/demo.html')
    assert all(line.split(':')[0] == 'ran tensorflow' for line in ran)  # whatever the user's environment says


@pytest.mark.parametrize('arguments', [['--output', 'else/where'], ['--output', 'no', '--output=else/where/']])
def test_demo_looks_at_the_model_it_was_told_to_make(tmp_path, arguments):
    shutil.copytree(os.path.join(ROOT, 'scripts'), str(tmp_path / 'scripts'))
    write_program(tmp_path / 'python', '#!/bin/sh\necho "ran $*"\n')
    write_program(tmp_path / 'scripts' / 'env', '#!/bin/sh\necho %s\n' % (tmp_path / 'python'))
    output = subprocess.run([str(tmp_path / 'scripts' / 'demo')] + arguments, cwd=str(tmp_path), text=True, check=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
    ran = [line for line in output.split('\n') if line.startswith('ran ')]
    assert len(ran) == 5 and all('--model else/where ' in line + ' ' for line in ran[1:])
    assert 'else/where-curves.png' in ran[3] and 'else/where.html' in ran[4] and 'runs/demo' not in ''.join(ran[1:])


def test_demo_stops_when_an_environment_cannot_be_made(tmp_path):
    shutil.copytree(os.path.join(ROOT, 'scripts'), str(tmp_path / 'scripts'))
    write_program(tmp_path / 'scripts' / 'env', '#!/bin/sh\nexit 1\n')
    assert subprocess.call([str(tmp_path / 'scripts' / 'demo')], stdout=subprocess.DEVNULL) == 1


@pytest.mark.parametrize('script', ['scripts/demo', '.ci/run'])
def test_scripts_name_only_what_exists(script):
    with open(os.path.join(ROOT, script), encoding='utf-8') as stream:
        text = stream.read()
    text = text.replace('"$scratch/env/bin/gplinker"', 'gplinker')
    assert any(words[0].split('/')[-1] == 'gplinker' for words in command_lines.shell_commands(text))
    assert command_lines.faults(text) == []


def test_demo_sentences_are_in_neither_file():
    with open(os.path.join(ROOT, 'scripts', 'demo'), encoding='utf-8') as stream:
        sentences = stream.read().split("<<'END'\n")[1].split('\nEND')[0].split('\n')
    assert len(sentences) >= 3
    for name in ('duee_train.json', 'duee_dev.json'):
        with open(os.path.join(ROOT, 'examples', 'corpus', name), encoding='utf-8') as stream:
            corpus = stream.read()
        for sentence in sentences:
            assert sentence and sentence not in corpus


def test_smoke_refuses_another_copy_of_the_package(tmp_path):
    process = subprocess.run([sys.executable, os.path.join(ROOT, 'scripts', 'smoke.py'), str(tmp_path), 'corpus'],
                             env=dict(os.environ, PYTHONPATH=ROOT), stderr=subprocess.PIPE, text=True)
    assert process.returncode == 1 and 'was imported from %s, not from %s' % (ROOT, tmp_path) in process.stderr


@pytest.mark.parametrize('script', [
    'scripts/env', 'scripts/test', 'scripts/demo', 'scripts/docs', 'scripts/smoke', '.ci/run'])
def test_scripts_are_executable(script):
    assert os.access(os.path.join(ROOT, script), os.X_OK)
