"""A model trained on one stack extracts the same events on the other."""

import json
import os
import subprocess
import sys

import pytest

from gplinker_kit.training import Recipe, train
from tests.corpus import sentences, tiny_gplinker
from tests.helpers import ROOT, STACK, tf1_python


def other_python():
    """(python, variables) of the other stack, or a skip."""
    variables = {k: v for k, v in os.environ.items() if k not in ('TF_KERAS', 'KERAS_BACKEND', 'TF2_BEHAVIOR')}
    variables['PYTHONPATH'] = ROOT
    if STACK == 'keras3':
        python, how = tf1_python(), 'scripts/env tf1'
    else:
        places = (os.environ.get('GPLINKER_KERAS3_PYTHON'), os.path.join(ROOT, '.venv', 'keras3', 'bin', 'python'))
        python, how = next((p for p in places if p and os.path.exists(p)), None), 'scripts/env keras3'
        variables['KERAS_BACKEND'] = 'tensorflow'
    if python is None:
        pytest.skip('the other stack is not installed: run ' + how)
    return python, variables


def test_the_other_stack_extracts_the_same_events(tmp_path):
    python, variables = other_python()
    schema, examples = sentences(24)
    gplinker = tiny_gplinker(schema)
    recipe = Recipe(epochs=90, batch_size=12, learning_rate=5e-3, length_multiple=64)
    train(gplinker, examples, (), recipe, save_to=str(tmp_path / 'model'), log=lambda line: None)
    texts = [example.text for example in sentences(40)[1]]
    (tmp_path / 'texts.txt').write_text('\n'.join(texts), encoding='utf-8')
    command = [python, '-m', 'gplinker_kit.cli', 'extract', '--model', str(tmp_path / 'model'), '--format', 'text']
    command += [str(tmp_path / 'texts.txt'), '--output', str(tmp_path / 'found.json')]
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    theirs = [json.loads(line) for line in (tmp_path / 'found.json').read_text(encoding='utf-8').splitlines()]
    count = 0
    for text, line, ours in zip(texts, theirs, gplinker.extract(texts)):
        found = {
            (
                event['event_type'],
                event.get('trigger_start_index'),
                frozenset((a['role'], a['argument_start_index'], a['argument']) for a in event['arguments']),
            ): event['score']
            for event in line['event_list']
        }
        wanted = {
            (
                event.event_type,
                event.trigger.start if event.trigger else None,
                frozenset((a.role, a.start, a.text) for a in event.arguments),
            ): event.score
            for event in ours.events
        }
        if found != pytest.approx(wanted, abs=1e-4):
            # A score within 1e-4 of its threshold may fall on either side of it.
            assert near_threshold(gplinker, text), (text, found, wanted)
        count += len(wanted)
    assert count > 15
    assert sys.executable != python


def near_threshold(gplinker, text):
    import numpy as np

    from gplinker_kit.losses import dense_scores
    from tests.helpers import evaluate

    (ids, segments, _), = gplinker.tokenizer.encode_batch_with_offsets([text], gplinker.settings.max_length)
    packed = gplinker.predict(np.array([ids], 'int32'), np.array([segments], 'int32'))
    for scores, labels in zip(packed, (len(gplinker.schema), 1, 1)):
        dense = evaluate(dense_scores(scores, labels, True))
        if (np.abs(dense[np.isfinite(dense)]) < 1e-4).any():
            return True
    return False
