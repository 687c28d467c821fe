"""The programs in examples/ run from end to end, one in a process of its own, the others in this one."""

import os
import runpy
import shutil
import subprocess
import sys

import pytest

from gplinker_kit.relations import find_files, read_examples, read_predictions, read_schema
from tests.corpus import CORPUS, ROOT, SCHEMA, VOCAB


def run_example(name, *arguments):
    """Runs a program of examples/; returns what it printed."""
    command = [sys.executable, os.path.join(ROOT, 'examples', name)] + list(arguments)
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8')
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def run_here(monkeypatch, capsys):
    """`run_example`, in this process."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, 'argv', [name] + list(arguments))
        runpy.run_path(os.path.join(ROOT, 'examples', name))
        return capsys.readouterr().out

    return run


def few_sentences(folder):
    """The bundled corpus with its first sentences alone, in `folder`."""
    for path in (SCHEMA, VOCAB):
        shutil.copy(path, str(folder))
    for name in ('duee_train.json', 'duee_dev.json'):
        with open(os.path.join(CORPUS, name), encoding='utf-8') as stream:
            lines = stream.readlines()[:20]
        (folder / name).write_text(''.join(lines), encoding='utf-8')
    return str(folder)


def test_duee(run_here, tmp_path):
    printed = run_here('duee.py', '--data', few_sentences(tmp_path), '--epochs', '2')
    assert 'gold arguments: ' in printed and 'epoch 2: loss ' in printed
    assert 'official DuEE' in printed and '└─' in printed


def test_pretrain_mlm(tmp_path):
    printed = run_example(
        'pretrain_mlm.py', '--steps', '3', '--batch-size', '4', '--output', str(tmp_path / 'pretrained'))
    assert 'step 3: loss ' in printed and 'holds an encoder of ' in printed


def test_multitask(run_here, tmp_path):
    printed = run_here('multitask.py', '--data', few_sentences(tmp_path), '--epochs', '1')
    assert 'epoch 1: sum of the losses ' in printed and 'types: accuracy ' in printed


def test_duie(run_here, tmp_path):
    """Rows of 32 tokens, so that some sentences come in two windows."""
    data, output = str(tmp_path / 'data'), str(tmp_path / 'out')
    run_example('make_duie.py', '--output', data, '--train', '16', '--dev', '8')
    printed = run_here('duie.py', '--data', data, '--epochs', '1', '--max-length', '32', '--output', output)
    assert 'gold triples: ' in printed and 'epoch 1: loss ' in printed and 'official P ' in printed
    schema = read_schema(find_files(data).schema)
    predicted = read_predictions(os.path.join(output, 'predictions.json.zip'), schema)
    assert [example.text for example in predicted] == [
        example.text for example in read_examples(find_files(data).test, schema)]


@pytest.mark.once
def test_the_sentences_of_make_duie(tmp_path):
    """Every word stands in its sentence, the vocabulary has every character, and the same seed gives the same files."""
    for name in ('one', 'two'):
        run_example('make_duie.py', '--output', str(tmp_path / name), '--train', '60', '--dev', '2')
    first, second = (find_files(tmp_path / name) for name in ('one', 'two'))
    for one, two in zip(first, second):
        with open(one, encoding='utf-8') as ours, open(two, encoding='utf-8') as theirs:
            assert ours.read() == theirs.read()
    schema = read_schema(first.schema)
    examples = read_examples(first.train, schema)
    assert {triple.predicate for example in examples for triple in example.triples} == set(schema.predicates)
    tokens = (tmp_path / 'one' / 'vocab.txt').read_text(encoding='utf-8').split('\n')
    for example in examples:
        assert set(example.text) <= set(tokens)
        for triple in example.triples:
            assert triple.subject in example.text and all(word in example.text for _, word in triple.objects)
