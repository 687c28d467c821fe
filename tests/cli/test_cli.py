"""The commands, run as a user runs them, but in this process."""

import io
import json
import os
import shutil
import sys
import threading

import numpy as np
import pytest

from gplinker_kit.cli import main
from tests.corpus import VOCAB

TEXTS = ['昨日，砚帆科技以3.5亿元收购漱岩软件。', '', '今天天气很好。']


def test_evaluate_prints_both_families(model, corpus, tmp_path, capsys):
    scores = tmp_path / 'scores.json'
    assert main(['evaluate', '--model', model, '--data', str(corpus / 'duee_dev.json'), '--json', str(scores)]) == 0
    printed = capsys.readouterr().out
    assert 'strict' in printed and 'official DuEE' in printed
    assert json.loads(scores.read_text())['strict']['argument']['f1'] > 0.8


def test_extract_lines_of_text(model, tmp_path, capsys):
    path = tmp_path / 'texts.txt'
    path.write_text('\n'.join(TEXTS) + '\n', encoding='utf-8')
    assert main(['extract', '--model', model, str(path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line['text'] for line in lines] == TEXTS
    assert all('event_list' in line for line in lines) and lines[1]['event_list'] == []


def test_extract_json_lines_keeps_other_keys_and_order(model, corpus, tmp_path, capsys):
    output = tmp_path / 'out.json'
    assert main(['extract', '--model', model, str(corpus / 'duee_dev.json'), '--output', str(output)]) == 0
    assert capsys.readouterr().out == ''
    given = [json.loads(line) for line in (corpus / 'duee_dev.json').read_text(encoding='utf-8').splitlines()]
    found = [json.loads(line) for line in output.read_text(encoding='utf-8').splitlines()]
    assert [line['id'] for line in found] == [line['id'] for line in given]
    events = [event for line in found for event in line['event_list']]
    assert len(events) > 20 and all(0 <= event['score'] <= 1 for event in events)
    for line in found:
        for event in line['event_list']:
            for a in event['arguments']:
                start = a['argument_start_index']
                assert line['text'][start:start + len(a['argument'])] == a['argument']


@pytest.mark.once('keras2')
def test_extract_odd_input(model, tmp_path, capsys):
    path = tmp_path / 'odd.json'
    path.write_text('\n{"text": "断\\ud83d", "truncated_text": true, "id": 7}\n')
    for options in ([], ['--tree']):
        assert main(['extract', '--model', model, str(path)] + options) == 0
        printed = capsys.readouterr().out
        if not options:
            line = json.loads(printed)
            assert line['text'] == '断\ud83d' and line['id'] == 7 and 'truncated_text' not in line
    path.write_text('{"text": "a", "x": NaN}\n')
    fails(capsys, ['extract', '--model', model, str(path)], 'odd.json:1: NaN is no JSON number')
    path.write_text('\n\n')
    assert main(['extract', '--model', model, str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_extract_tree_from_standard_input(model, monkeypatch, capsys):
    class Standard:
        buffer = io.BytesIO('\n'.join(TEXTS).encode())

    monkeypatch.setattr(sys, 'stdin', Standard)
    assert main(['extract', '--model', model, '--tree']) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in TEXTS)


def test_extract_reads_a_pipe_once(model, tmp_path, capsys):
    path = str(tmp_path / 'pipe')
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: open(path, 'wb').write('\n'.join(TEXTS).encode()))
    writer.start()
    assert main(['extract', '--model', model, path]) == 0
    writer.join()
    assert [json.loads(line)['text'] for line in capsys.readouterr().out.splitlines()] == TEXTS


@pytest.fixture
def one_epoch(corpus, tmp_path):
    """A model that has learned nothing finds thousands of events: one dev sentence, and no thresholds to tune."""
    path = tmp_path / 'dev.json'
    path.write_text((corpus / 'duee_dev.json').read_text(encoding='utf-8').splitlines()[0], encoding='utf-8')
    return ['--epochs', '1', '--batch-size', '15', '--no-tune', '--dev', str(path)]


@pytest.mark.once('keras2')
def test_a_second_training_becomes_the_current_version(model, corpus, one_epoch, tmp_path, capsys):
    folder = str(tmp_path / 'model')
    shutil.copytree(model, folder)
    arguments = ['train', '--data', str(corpus), '--output', folder, '--config', str(corpus / 'encoder.json')]
    assert main(arguments + one_epoch) == 0
    with open(os.path.join(folder, 'current')) as one, open(os.path.join(model, 'current')) as two:
        assert int(one.read()) > int(two.read())


@pytest.fixture(scope='module')
def pretrained(corpus, tmp_path_factory):
    """An unpacked checkpoint folder: bert_config.json, vocab.txt, bert_model.ckpt.*; (folder, its token table)."""
    from gplinker_kit.models import build_transformer_model

    folder = tmp_path_factory.mktemp('pretrained')
    shutil.copy(str(corpus / 'encoder.json'), str(folder / 'bert_config.json'))
    shutil.copy(VOCAB, str(folder))
    wrapper = build_transformer_model(
        str(corpus / 'encoder.json'), model='roformer_v2', return_keras_model=False
    )
    wrapper.save_weights_as_checkpoint(str(folder / 'bert_model.ckpt'))
    return folder, wrapper.layers['Embedding-Token'].get_weights()[0]


def test_train_starts_from_a_checkpoint(pretrained, corpus, one_epoch, tmp_path, capsys):
    from safetensors.numpy import load_file

    folder, table = pretrained
    arguments = ['train', '--data', str(corpus), '--output', str(tmp_path / 'model'), '--pretrained', str(folder)]
    assert main(arguments + one_epoch + ['--learning-rate', '1e-9']) == 0
    assert 'checkpoint: ' in capsys.readouterr().err
    weights = load_file(str(tmp_path / 'model' / 'versions' / '1' / 'weights.safetensors'))
    np.testing.assert_allclose(weights['Embedding-Token.0'], table, atol=1e-6)


def test_a_checkpoint_that_does_not_fit(pretrained, corpus, tmp_path, capsys):
    folder = tmp_path / 'pretrained'
    shutil.copytree(str(pretrained[0]), str(folder))
    arguments = ['train', '--data', str(corpus), '--output', str(tmp_path / 'out'), '--pretrained', str(folder)]
    config = json.loads((folder / 'bert_config.json').read_text())
    (folder / 'bert_config.json').write_text(json.dumps(dict(config, num_hidden_layers=2, intermediate_size=96)))
    fails(capsys, arguments, 'layer_0/intermediate/dense/kernel', '(64, 128)', '(64, 96)', 'layer_1/')
    (folder / 'bert_config.json').write_text(json.dumps(dict(config, vocab_size=12000)))
    fails(capsys, arguments, 'belong to different models')
    os.unlink(str(folder / 'bert_config.json'))
    fails(capsys, arguments, 'no bert_config.json or config.json')
    assert os.listdir(str(tmp_path / 'out')) == []


def fails(capsys, arguments, *words):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    message = captured.err.splitlines()[-1] if len(words) == 1 else captured.err
    for word in words:
        assert word in message
    assert captured.out == ''


def test_bad_input_to_extract(model, tmp_path, capsys):
    path, output = tmp_path / 'bad.json', tmp_path / 'out.json'
    path.write_text('{"text": "一"}\n{"txt": "二"}\n', encoding='utf-8')
    output.write_text('old')
    arguments = ['extract', '--model', model, str(path), '--output', str(output)]
    fails(capsys, arguments, "bad.json:2: no key 'text'. Did you mean 'txt'?")
    assert output.read_text() == 'old' and sorted(os.listdir(str(tmp_path))) == ['bad.json', 'out.json']
    path.write_text('{"text": 3}\n')
    fails(capsys, arguments, "bad.json:1: 'text' must be a string, got int")
    path.write_text('{"text": "a"}\n{"text": \n')
    fails(capsys, arguments, 'bad.json:2: broken JSON')
    fails(capsys, ['extract', '--model', model, str(tmp_path / 'absent')], 'no such file')
    path.write_text('{"text": "a"}\n')
    fails(capsys, ['extract', '--model', str(tmp_path), str(path)], 'not a model folder')


def test_bad_input_to_evaluate(model, tmp_path, capsys):
    path = tmp_path / 'texts.json'
    path.write_text('{"text": "一"}\n', encoding='utf-8')
    fails(capsys, ['evaluate', '--model', model, '--data', str(path)], 'no line has an event_list')


@pytest.mark.parametrize(
    'change, words',
    [
        (['--data', 'ABSENT'], 'no such folder (--data)'),
        (['--model', 'roformerv2'], "Did you mean 'roformer_v2'?"),
        (['--size', 'tiny'], '--size is for training from scratch'),
        (['--vocab', 'ABSENT'], 'ABSENT'),
        (['--epochs', '0'], 'epochs must be at least 1'),
        (['--learning-rate', '0'], 'learning_rate must be positive'),
        (['--pretrained', 'ABSENT'], 'ABSENT'),
    ],
)
def test_bad_arguments_of_train(corpus, tmp_path, capsys, change, words):
    folder = tmp_path / 'model'
    arguments = ['train', '--data', str(corpus), '--output', str(folder), '--config', str(corpus / 'encoder.json')]
    fails(capsys, arguments + change, words)
    assert not folder.exists() or os.listdir(str(folder)) == []


def test_bad_corpora(corpus, tmp_path, capsys):
    for name in os.listdir(str(corpus)):
        shutil.copy(str(corpus / name), str(tmp_path))
    arguments = ['train', '--data', str(tmp_path), '--output', str(tmp_path / 'out'), '--size', 'tiny']
    lines = (corpus / 'duee_train.json').read_text(encoding='utf-8').splitlines()
    first = json.loads(lines[0])
    first['event_list'][0]['event_type'] += '了'
    (tmp_path / 'duee_train.json').write_text(lines[1] + '\n' + json.dumps(first), encoding='utf-8')
    fails(capsys, arguments, 'duee_train.json:2:', 'Did you mean')
    first = json.loads(lines[0])
    first['event_list'][0]['arguments'][0]['argument_start_index'] += 1
    (tmp_path / 'duee_train.json').write_text(json.dumps(first), encoding='utf-8')
    fails(capsys, arguments, 'duee_train.json:1:')
    (tmp_path / 'duee_train.json').write_text('')
    fails(capsys, arguments, 'duee_train.json: the file is empty')
    (tmp_path / 'duee_train.json').unlink()
    fails(capsys, arguments, 'duee_train.json: no such file')


@pytest.mark.parametrize('name', ['train', 'dev'])
def test_unlabelled_sentences(corpus, tmp_path, capsys, name):
    path = tmp_path / 'texts.json'
    path.write_text('{"text": "一"}\n', encoding='utf-8')
    arguments = ['train', '--data', str(corpus), '--output', str(tmp_path / 'out'), '--size', 'tiny']
    fails(capsys, arguments + ['--' + name, str(path)], 'no line has an event_list', '(--%s)' % name)


def test_output_must_be_a_model_folder_or_new(corpus, tmp_path, capsys):
    (tmp_path / 'thesis.doc').write_text('years of work')
    arguments = ['train', '--data', str(corpus), '--size', 'tiny', '--output']
    fails(capsys, arguments + [str(tmp_path)], 'no model folder')
    fails(capsys, arguments + [str(tmp_path / 'thesis.doc')], '--output is a file')


def test_help_names_the_commands(capsys):
    with pytest.raises(SystemExit):
        main(['--help'])
    printed = capsys.readouterr().out
    assert all(name in printed for name in ('train', 'extract', 'evaluate'))
