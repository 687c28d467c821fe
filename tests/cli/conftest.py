"""A small corpus and a model trained on it, once for all tests of the commands."""

import json
import os
import shutil

import pytest

from gplinker_kit.cli import main
from gplinker_kit.tokenizers import load_vocab
from tests.corpus import CORPUS, VOCAB, sentences


@pytest.fixture(scope='session')
def corpus(tmp_path_factory):
    """A folder with 30 sentences to train and test on, the schema of their types, and the vocabulary."""
    folder = tmp_path_factory.mktemp('corpus')
    shutil.copy(VOCAB, str(folder))
    with open(str(folder / 'duee_event_schema.json'), 'w', encoding='utf-8') as stream:
        stream.writelines(json.dumps(line, ensure_ascii=False) + '\n' for line in sentences(30)[0].to_lines())
    with open(os.path.join(CORPUS, 'duee_train.json'), encoding='utf-8') as stream:
        lines = stream.readlines()[:30]
    for name in ('duee_train.json', 'duee_dev.json'):
        (folder / name).write_text(''.join(lines), encoding='utf-8')
    config = dict(
        vocab_size=len(load_vocab(VOCAB)), hidden_size=64, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=128, hidden_act='relu', hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        type_vocab_size=2,
    )  # fmt: skip
    (folder / 'encoder.json').write_text(json.dumps(config))
    return folder


@pytest.fixture(scope='session')
def model(corpus, tmp_path_factory):
    """A model folder made by `gplinker train`, judged by a third of the sentences."""
    runs = tmp_path_factory.mktemp('runs')
    folder, few = str(runs / 'model'), runs / 'dev.json'
    lines = (corpus / 'duee_dev.json').read_text(encoding='utf-8').splitlines()
    few.write_text('\n'.join(lines[:10]), encoding='utf-8')
    arguments = ['train', '--data', str(corpus), '--output', folder, '--config', str(corpus / 'encoder.json')]
    arguments += ['--dev', str(few)]
    assert main(arguments + ['--epochs', '60', '--batch-size', '15', '--learning-rate', '5e-3']) == 0
    return folder
