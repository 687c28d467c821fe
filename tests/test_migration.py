"""The scripts in examples/migration learn, and run on bert4keras itself with nothing but another name in their imports.

On TF 1.15 they run on bert4keras first, which saves the weights that it starts from; here they learn from those, and
the first batch has the same losses and metrics. Other stacks learn from weights of their own.
"""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.command_lines import code_blocks, faults
from tests.helpers import ROOT, STACK, run_peer

FOLDER = os.path.join(ROOT, 'examples', 'migration')
PEER = os.path.join(ROOT, 'tests', 'parity', 'peers', 'migration_peer.py')

# name: (batches in each of two epochs, how the loss falls at least from the first to the second, score to reach).
SCRIPTS = {
    'ner_crf': (20, 0.3, 0.8),
    'pretraining_lamb': (60, 0.8, 0.2),
    'relations_pointer': (40, 0.3, 0.7),
    'review_writer_lm': (25, 0.6, 0.9),
    'reviews_gau': (20, 0.8, 0.9),
    'sentence_pairs_fgm': (70, 0.6, 0.9),
    'title_unilm': (70, 0.5, 0.5),
}
THEIRS = 'test_first_batch_is_that_of_bert4keras'
OURS = 'test_script_learns'


def renamed(text):
    """The text of a script with bert4keras in the place of gplinker_kit, in its imports alone."""
    return re.sub(r'^( *from )gplinker_kit(?=[.\w]* import )', r'\1bert4keras', text, flags=re.M)


def read(name):
    with open(os.path.join(FOLDER, name), encoding='utf-8') as stream:
        return stream.read()


def run_theirs(scripts, folder):
    """Returns {script: what it prints on bert4keras}; FOLDER/SCRIPT.h5 gets the weights it started from."""
    for script in ['invented'] + scripts:
        (folder / (script + '.py')).write_text(renamed(read(script + '.py')), encoding='utf-8')
    commands = {
        script: ['--epochs', '1', '--steps', '1', '--initial', str(folder / (script + '.h5'))] for script in scripts
    }
    return run_peer(PEER, folder, json.dumps(commands), timeout=900)


def run_ours(scripts, folder):
    """Returns {script: what it prints here}; it starts from the weights in FOLDER where there are some."""
    commands = {}
    for script in scripts:
        commands[script] = ['--epochs', '2', '--steps', str(SCRIPTS[script][0])]
        if (folder / (script + '.h5')).exists():
            commands[script] += ['--initial', str(folder / (script + '.h5'))]
    out = str(folder / 'ours.npz')
    environment = dict(os.environ, PYTHONPATH=ROOT, CUDA_VISIBLE_DEVICES='')
    command = [sys.executable, PEER, FOLDER, json.dumps(commands), out]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
    assert done.returncode == 0, done.stdout.decode('utf-8')[-4000:]
    with np.load(out, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope='module')
def printed(request, tmp_path_factory):
    """Two dicts {script: the lines it prints}, on bert4keras and here, of the scripts that the session asks for."""
    folder = tmp_path_factory.mktemp('scripts')
    asked = {item.name for item in request.session.items}
    compared = [script for script in SCRIPTS if '%s[%s]' % (THEIRS, script) in asked]
    theirs = run_theirs(compared, folder) if compared and STACK == 'keras2' else {}
    return theirs, run_ours([s for s in SCRIPTS if s in theirs or '%s[%s]' % (OURS, s) in asked], folder)


def numbers(pattern, lines):
    """Returns the numbers in the lines that begin with a pattern."""
    found = [re.match(pattern + r' ([-\d. e]+)', line) for line in lines]
    values = [[float(x) for x in match.group(1).split()] for match in found if match]
    assert values, '\n'.join(lines[-60:])
    return np.ravel(values)


@pytest.mark.parametrize('script', sorted(SCRIPTS))
def test_script_learns(script, printed):
    _, fall, score = SCRIPTS[script]
    first, second = numbers(r'epoch \d+: loss', printed[1][script])
    assert second < fall * first
    assert numbers('final score:', printed[1][script]) >= score


@pytest.mark.skipif(STACK != 'keras2', reason='once is enough, and starts from the same weights on TF 1.15')
@pytest.mark.parametrize('script', sorted(SCRIPTS))
def test_first_batch_is_that_of_bert4keras(script, printed):
    theirs, ours = [numbers('first batch:', side[script]) for side in printed]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('script', sorted(SCRIPTS))
def test_only_imports_name_the_library(script):
    text = read(script + '.py')
    assert 'gplinker_kit' in text and 'gplinker_kit' not in renamed(text) and 'bert4keras' in renamed(text)


def test_readme_names_every_script_and_real_commands():
    text = read('README.md')
    files = {name[:-3] for name in os.listdir(FOLDER) if name.endswith('.py')} - {'invented'}
    assert files == set(SCRIPTS)
    assert all('| `%s.py`' % script in text for script in SCRIPTS)
    assert not [fault for _, code in code_blocks(text) for fault in faults(code)]
    assert not faults('\n'.join(re.findall(r'`(python [^`]*)`', text)))
