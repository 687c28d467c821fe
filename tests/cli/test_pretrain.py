"""gplinker pretrain: a few steps, what its folder is good for, and bad options."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.cli import main
from gplinker_kit.models import build_transformer_model
from tests.corpus import CORPUS, VOCAB

TEXTS = os.path.join(CORPUS, 'duee_train.json')


@pytest.fixture
def arguments(tmp_path):
    config = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, hidden_act='relu',
                  vocab_size=sum(1 for _ in open(VOCAB, encoding='utf-8')))
    (tmp_path / 'config.json').write_text(json.dumps(config))
    return ['pretrain', '--corpus', TEXTS, '--vocab', VOCAB, '--config', str(tmp_path / 'config.json'),
            '--max-length', '64', '--batch-size', '4', '--log-every', '2', '--output', str(tmp_path / 'model')]


def test_from_texts_to_an_extraction_model(arguments, tmp_path, capsys):
    pytest.importorskip('jieba')
    assert main(arguments + ['--steps', '4', '--packed', '--optimizer', 'roformer_v2', '--accumulate', '2']) == 0
    errors = capsys.readouterr().err
    assert 'step 2/4: loss ' in errors and 'accuracy' in errors and 'about' in errors
    folder = str(tmp_path / 'model')
    assert sorted(os.listdir(folder)) == ['bert_config.json', 'model.safetensors', 'training.safetensors', 'vocab.txt']
    wrapper = build_transformer_model(checkpoint_path=folder, with_mlm='linear', return_keras_model=False)
    assert type(wrapper).__name__ == 'RoFormerV2' and not wrapper.load_report.untouched
    tokens = np.array([[2, 20, 21, 3]])
    assert np.isfinite(wrapper.model.predict_on_batch([tokens, 0 * tokens])).all()
    assert main(arguments + ['--steps', '4', '--packed', '--optimizer', 'roformer_v2', '--accumulate', '2',
                             '--resume']) == 0
    assert 'is finished already' in capsys.readouterr().err
    train = ['train', '--data', CORPUS, '--train', str(few(tmp_path)), '--dev', str(few(tmp_path)), '--epochs', '1',
             '--no-tune', '--pretrained', folder, '--output', str(tmp_path / 'events')]
    assert main(train) == 0
    assert 'checkpoint: 8 variables loaded' in capsys.readouterr().err


def few(folder):
    """A file with the first sentences of the corpus."""
    path = folder / 'few.json'
    with open(TEXTS, encoding='utf-8') as stream:
        path.write_text(''.join(stream.readlines()[:8]), encoding='utf-8')
    return path


def test_a_decoder(arguments, tmp_path, capsys):
    options = ['--model', 'gpt_neox', '--objective', 'lm', '--steps', '2', '--accumulate', '2', '--save-every', '1']
    assert main(arguments + options) == 0
    wrapper = build_transformer_model(checkpoint_path=str(tmp_path / 'model'), return_keras_model=False)
    assert type(wrapper).__name__ == 'GPT_NeoX' and not wrapper.load_report.untouched
    again = arguments[:-1] + [str(tmp_path / 'other'), '--pretrained', str(tmp_path / 'model')]
    again[again.index('--config'):again.index('--config') + 2] = []
    assert main(again + options) == 0
    assert 'checkpoint: ' in capsys.readouterr().err


@pytest.mark.parametrize('options, words', [
    (['--steps', '0'], '--steps must be at least 1, got 0'),
    (['--steps', '2', '--model', 'gpt_j', '--segmenter', 'none'], "objective='mlm' is for encoders"),
    (['--steps', '2', '--mask-rate', '1.5'], 'rate must lie between 0 and 1, got 1.5'),
    (['--steps', '2', '--warmup', '1', '--segmenter', 'none'], '--warmup must lie in [0, 1), got 1'),
    (['--steps', '2', '--resume', '--restart'], '--resume goes on with a training and --restart gives it up'),
    (['--steps', '2', '--field', 'words', '--segmenter', 'none'], "expected an object with a text under 'words'"),
    (['--steps', '2', '--model', 'bert', '--max-length', '600', '--segmenter', 'none'],
     '--max-length is 600, and the model has 512 positions'),
    (['--steps', '2', '--corpus', 'nowhere.txt'], 'nowhere.txt: no such file'),
])
def test_bad_options(arguments, capsys, options, words):
    assert main(arguments + options) == 2
    assert words in capsys.readouterr().err


def test_a_folder_that_is_something_else(arguments, tmp_path, capsys):
    (tmp_path / 'model').mkdir()
    (tmp_path / 'model' / 'thesis.txt').write_text('')
    assert main(arguments + ['--steps', '2']) == 2
    assert '--output holds something else (thesis.txt); name an empty or new folder' in capsys.readouterr().err
