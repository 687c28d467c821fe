"""gplinker clue: from files to an archive, several seeds, going on, tables, and bad options."""

import json
import os
import zipfile

import pytest

from gplinker_kit.cli import main
from gplinker_kit.errors import DataError
from gplinker_kit.files import write_json
from gplinker_kit.state_file import read_facts
from gplinker_kit.tasks import TaskModel
from gplinker_kit.tasks.seeds import describe, read_results
from gplinker_kit.tokenizers import save_vocab
from tests.clue.folders import make_tokenizer
from tests.tasks.tiny import folder_of, tiny_model


@pytest.fixture
def data(tmp_path):
    """The files of wsc, and a vocabulary beside them."""
    folder = folder_of('wsc', tmp_path / 'wsc')
    save_vocab(os.path.join(folder, 'vocab.txt'), make_tokenizer()._token_dict)
    return folder


@pytest.fixture
def pretrained(tmp_path):
    """A folder as those of published models: config, vocabulary, weights."""
    model, folder = tiny_model('wsc'), tmp_path / 'published'
    folder.mkdir()
    write_json(str(folder / 'config.json'), dict(model.settings.encoder, model_type='roformer_v2'))
    save_vocab(str(folder / 'vocab.txt'), model.tokenizer._token_dict)
    model.encoder.save_weights_as_checkpoint(str(folder / 'model.safetensors'))
    return str(folder)


def lines(path):
    with open(str(path), encoding='utf-8') as stream:
        return [json.loads(line) for line in stream]


def test_from_files_to_an_archive(data, pretrained, tmp_path, capsys):
    """Two seeds of a pretrained model; a second run finds them finished; the table shows both."""
    output = tmp_path / 'out'
    command = ['clue', 'wsc', '--data', data, '--model', pretrained, '--output', str(output), '--recipe', 'adamw',
               '--seeds', '3', '1', '--epochs', '2', '--learning-rate', '1e-2', '--marks', 'underscore']
    assert main(command) == 0
    errors = capsys.readouterr().err
    assert 'seed 3\n' in errors and 'checkpoint: ' in errors and 'epoch 2/2: loss ' in errors
    results = json.loads((output / 'results.json').read_text())
    assert list(results['seeds']) == ['3', '1'] and results['recipe']['epochs'] == 2
    values = [results['seeds'][seed]['accuracy'] for seed in ('3', '1')]
    assert 'dev ' + describe('accuracy', values) in errors
    best = 3 if values[0] >= values[1] else 1
    model = TaskModel.load(str(output / ('seed-%d' % best)))
    assert model.settings.options == {'marks': 'underscore'} and len(model.history) == 2
    with zipfile.ZipFile(str(output / 'submission' / 'submit.zip')) as archive:
        assert archive.namelist() == ['cluewsc10_predict.json', 'cluewsc11_predict.json']
    for version, name in (('1.0', 'cluewsc10_predict.json'), ('1.1', 'cluewsc11_predict.json')):
        examples = model.read(data, 'test', version)
        found = lines(output / 'submission' / name)
        assert [(line['id'], line['label']) for line in found] == [
            (str(example.id), label) for example, label in zip(examples, model.predict(examples))]

    assert main(command + ['--resume']) == 0
    errors = capsys.readouterr().err
    assert errors.count('is finished already') == 2 and 'dev ' + describe('accuracy', values) in errors
    assert json.loads((output / 'results.json').read_text())['seeds'].keys() == results['seeds'].keys()
    assert main(['clue', 'table', str(output)]) == 0
    printed = capsys.readouterr().out
    assert '| published, adamw | dev | %s |' % describe('', values).split(',')[0].strip() in printed
    assert '| published: ' in printed


@pytest.mark.once('keras2')
def test_from_scratch_and_without_tests(data, tmp_path, capsys):
    """An architecture by its name; test files that are not there; a training that has not finished."""
    output = str(tmp_path / 'out')
    os.unlink(os.path.join(data, 'test.json'))
    command = ['clue', 'wsc', '--data', data, '--output', output, '--size', 'tiny', '--epochs', '1', '--recipe',
               'adamw', '--submission', str(tmp_path / 'all'), '--name', 'tiny', '--dropout', '0']
    assert main(command) == 0
    errors = capsys.readouterr().err
    assert 'none, the encoder begins from random weights' in errors
    assert 'test.json is not there: no cluewsc11_predict.json' in errors and 'of all tasks it lacks ' in errors
    assert sorted(os.listdir(str(tmp_path / 'all'))) == ['cluewsc10_predict.json', 'submit.zip']
    assert read_results(output).model == 'tiny'
    assert TaskModel.load(os.path.join(output, 'seed-0')).settings.encoder['dropout_rate'] == 0
    assert read_facts(os.path.join(output, 'seed-0'))['finished']


@pytest.mark.parametrize('options, words', [
    (['wcs'], "unknown task 'wcs'. Did you mean 'wsc'"),
    (['wsc'], '--data DIR is missing'),
    (['wsc', 'runs', '--data', 'nowhere', '--output', 'out'], 'folders are for table; got runs after wsc'),
    (['wsc', '--data', 'nowhere', '--output', 'out'], 'nowhere: no such folder (--data)'),
    (['table'], 'table needs folders'),
    (['table', 'nowhere'], 'nowhere/results.json: no such file'),
])
def test_bad_options(capsys, options, words):
    assert main(['clue'] + options) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize('options, words', [
    (['--model', 'roformer_v3'], "roformer_v3 is no folder, preset or architecture. Did you mean 'roformer_v2'"),
    (['--model', 'bert_base', '--size', 'tiny'], '--size is for an architecture trained from scratch'),
    (['--layout', 'marked'], "the task wsc got an unknown keyword argument 'layout'"),
    (['--epochs', '0'], 'epochs must be at least 1, got 0'),
    (['--seeds', '1', '1'], 'seeds must be integers, each once, got [1, 1]'),
    (['--resume', '--restart'], '--resume goes on with a training and --restart gives it up'),
])
def test_bad_options_of_a_training(data, tmp_path, capsys, options, words):
    assert main(['clue', 'wsc', '--data', data, '--output', str(tmp_path / 'out')] + options) == 2
    assert words in capsys.readouterr().err


def test_options_of_the_crf(tmp_path, capsys):
    folder = folder_of('cluener', tmp_path / 'cluener')
    save_vocab(os.path.join(folder, 'vocab.txt'), make_tokenizer()._token_dict)
    command = ['clue', 'cluener', '--data', folder, '--output', str(tmp_path / 'out'), '--pointer']
    assert main(command + ['crf', '--crf-rate', '-1']) == 2
    assert 'crf_rate must be a positive number, got -1' in capsys.readouterr().err
    assert main(command + ['crf', '--head-size', '32']) == 2
    assert "cluener with the pointer crf got an unknown keyword argument 'head_size'" in capsys.readouterr().err


def test_results_of_another_kind(tmp_path):
    (tmp_path / 'results.json').write_text('{"task": "wsc"}')
    with pytest.raises(DataError, match="results.json: these are no results of `gplinker clue` \\('seeds'\\)"):
        read_results(str(tmp_path))
