"""The scripts in examples/migration learn, and run on bert4keras itself with nothing but another name in their imports.

Beside the runs that learn, all scripts run for two batches on bert4keras, from weights that each of them saves first;
then on this stack from those files. The losses of the first batch agree.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.command_lines import code_blocks, faults
from tests.helpers import ROOT, run_peer

FOLDER = os.path.join(ROOT, 'examples', 'migration')
PEER = os.path.join(ROOT, 'tests', 'parity', 'peers', 'migration_peer.py')

# name: (batches in each of two epochs, how the loss falls at least from the first to the second, score to reach).
SCRIPTS = {
    'pretraining_whole_word_mlm': (70, 0.8, 0.3),
    'task_conditional_language_model': (25, 0.6, 0.9),
    'task_relation_extraction_gplinker': (40, 0.3, 0.7),
    'task_sentence_similarity_adversarial': (40, 0.6, 0.9),
    'task_seq2seq_autotitle': (45, 0.5, 0.6),
    'task_sequence_labeling_ner_crf': (20, 0.3, 0.8),
    'task_text_classification_gau_alpha': (20, 0.5, 0.9),
}
# Keras 2.3.1 reads its step counter before or after the increment, as it happens: bert4keras's first update varies.
SECOND_LOSS = 0.2
SHORT = ('--epochs', '2', '--steps', '1', '--items', '40')


def environment():
    return dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8', CUDA_VISIBLE_DEVICES='')


def run(script, arguments):
    """Returns what a script prints."""
    command = [sys.executable, os.path.join(FOLDER, script + '.py')] + [str(argument) for argument in arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr.decode('utf-8')[-4000:]
    return done.stdout.decode('utf-8')


def renamed(text):
    """The text of a script with bert4keras in the place of gplinker_kit, in its imports alone."""
    return re.sub(r'^( *from )gplinker_kit(?=[.\w]* import )', r'\1bert4keras', text, flags=re.M)


def copy_scripts(folder, change=None):
    os.makedirs(folder)
    for name in ['invented'] + sorted(SCRIPTS):
        with open(os.path.join(FOLDER, name + '.py'), encoding='utf-8') as stream:
            text = stream.read()
        with open(os.path.join(folder, name + '.py'), 'w', encoding='utf-8') as stream:
            stream.write(change(text) if change else text)


def run_both(folder):
    """Returns what each script prints on bert4keras and here, two dicts: the latter from weights of the former."""
    theirs, ours = os.path.join(folder, 'theirs'), os.path.join(folder, 'ours')
    copy_scripts(theirs, renamed)
    copy_scripts(ours)
    peer = run_peer(PEER, theirs, *SHORT, timeout=900)
    for name in peer:
        if os.path.exists(os.path.join(theirs, name + '.h5')):
            shutil.copy(os.path.join(theirs, name + '.h5'), ours)
    out = os.path.join(folder, 'ours.npz')
    command = [sys.executable, PEER, ours] + list(SHORT) + [out]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
    assert done.returncode == 0, done.stdout.decode('utf-8')[-4000:]
    with np.load(out, allow_pickle=False) as archive:
        return peer, {name: archive[name] for name in archive.files}


@pytest.fixture(scope='module')
def runs(request, tmp_path_factory):
    """{script: future of what it prints}, and under 'both' that of `run_both`; two at a time, as far as asked for."""
    asked = {item.name for item in request.session.items}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        started = {}
        if any(name.startswith('test_script_runs_on_bert4keras_too') for name in asked):
            started['both'] = pool.submit(run_both, str(tmp_path_factory.mktemp('both') / 'scripts'))
        for script, (steps, _, _) in SCRIPTS.items():
            if 'test_script_learns[%s]' % script in asked:
                started[script] = pool.submit(run, script, ['--epochs', 2, '--steps', steps])
        yield started


def numbers(text):
    """Returns the losses of the epochs and the final score that a script printed."""
    losses = [float(x) for x in re.findall(r'^epoch \d+: loss ([\d.]+)', text, re.M)]
    assert len(losses) == 2, text[-3000:]
    return losses, float(re.search(r'^final score: ([\d.]+)', text, re.M).group(1))


@pytest.mark.parametrize('script', sorted(SCRIPTS))
def test_script_learns(script, runs):
    _, fall, score = SCRIPTS[script]
    losses, reached = numbers(runs[script].result())
    assert losses[1] < fall * losses[0]
    assert reached >= score


@pytest.mark.parametrize('script', sorted(SCRIPTS))
def test_script_runs_on_bert4keras_too(script, runs):
    theirs, ours = [numbers('\n'.join(printed[script])) for printed in runs['both'].result()]
    np.testing.assert_allclose(ours[0][0], theirs[0][0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours[0][1], theirs[0][1], rtol=SECOND_LOSS)


@pytest.mark.parametrize('script', sorted(SCRIPTS))
def test_only_imports_name_the_library(script):
    with open(os.path.join(FOLDER, script + '.py'), encoding='utf-8') as stream:
        text = stream.read()
    assert 'gplinker_kit' in text and 'gplinker_kit' not in renamed(text) and 'bert4keras' in renamed(text)


def test_readme_names_every_script_and_real_commands():
    with open(os.path.join(FOLDER, 'README.md'), encoding='utf-8') as stream:
        text = stream.read()
    files = {name[:-3] for name in os.listdir(FOLDER) if name.endswith('.py')} - {'invented'}
    assert files == set(SCRIPTS)
    assert all('| `%s.py`' % script in text for script in SCRIPTS)
    assert not [fault for _, code in code_blocks(text) for fault in faults(code)]
    assert not faults('\n'.join(re.findall(r'`(python [^`]*)`', text)))
