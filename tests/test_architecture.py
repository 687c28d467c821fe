"""The rules of who may import whom hold for the package, and each rule finds a package that breaks it."""

import os
import subprocess
import sys

import pytest

from tests import architecture

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RULES = [
    architecture.arrow_faults,
    architecture.forward_faults,
    architecture.engine_faults,
    architecture.numpy_level_faults,
    architecture.assert_faults,
    architecture.star_faults,
    architecture.unsafe_faults,
]
# Refuses the engines as if they were not installed; what follows is the program of the test.
BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in %r:
            raise ImportError(name + ' is blocked by this test')

sys.meta_path.insert(0, Block())
""" % (architecture.ENGINES,)


def run(program, *options):
    process = subprocess.run(
        [sys.executable] + list(options) + ['-c', program], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    return process.returncode, process.stdout


def write_package(root, files):
    for name, text in dict({'gplinker_kit/__init__.py': ''}, **files).items():
        path = os.path.join(str(root), *name.split('/'))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as stream:
            stream.write(text)


@pytest.mark.parametrize('rule', RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    faults = rule(ROOT)
    assert not faults, '\n'.join(faults)


@pytest.mark.parametrize('rule, name, text, message', [
    ('arrow', 'events/decoder.py', 'from gplinker_kit import models\n', 'imports gplinker_kit.models'),
    ('arrow', 'events/decoder.py', 'from ..models import bert\n', 'imports gplinker_kit.models'),
    ('arrow', 'events/__init__.py', 'from ..models import bert\n', 'imports gplinker_kit.models'),
    ('arrow', 'backend/__init__.py', 'def f():\n    import gplinker_kit.layers\n', 'arrows only point down'),
    ('forward', 'backend/__init__.py', "FORWARDED = {'f': 'gplinker_kit.models'}\n", 'forwards f to gplinker_kit.mod'),
    ('forward', 'backend/graph.py', 'import importlib\nimportlib.import_module(NAME)\n', 'imports by a computed name'),
    ('arrow', 'layers/crf.py', 'from gplinker_kit.losses import dense\n', 'do not import each other'),
    ('arrow', 'elsewhere.py', '', 'gplinker_kit.elsewhere has no level'),
    ('engine', 'layers/crf.py', 'import tensorflow as tf\n', 'gplinker_kit.layers.crf imports tensorflow'),
    ('engine', 'models/bert.py', 'def f():\n    from keras import ops\n', 'imports keras'),
    ('engine', 'training.py', "from importlib import import_module\nimport_module('jax.numpy')\n", 'imports jax'),
    ('numpy_level', 'events/decoder.py', 'import scipy.sparse\n', 'imports scipy.sparse'),
    ('numpy_level', 'tokenizers.py', 'import tokenizers\n', 'at module level'),
    ('numpy_level', 'tokenizers.py', 'try:\n    import tokenizers\nexcept E:\n    pass\n', 'at module level'),
    ('unsafe', 'training.py', 'def f():\n    import pickle\n    pickle.load(f)\n', 'imports pickle'),
    ('unsafe', 'training.py', 'from yaml import load\n', 'imports yaml'),
    ('assert', 'training.py', 'def f(x):\n    assert x\n', 'training.py:2: assert'),
    ('star', 'layers/__init__.py', 'from keras.layers import *\n', 'from keras.layers import *'),
])
def test_the_rule_names_the_offender(tmp_path, rule, name, text, message):
    write_package(tmp_path, {
        'gplinker_kit/models/__init__.py': '', 'gplinker_kit/layers/__init__.py': '', 'gplinker_kit/losses.py': '',
    })
    find = getattr(architecture, rule + '_faults')
    assert find(str(tmp_path)) == []
    write_package(tmp_path, {'gplinker_kit/' + name: text})
    faults = find(str(tmp_path))
    assert len(faults) == 1 and message in faults[0]


def test_allowed_imports_are_not_faults(tmp_path):
    write_package(tmp_path, {
        'gplinker_kit/errors.py': 'from __future__ import annotations\nimport difflib\n',
        'gplinker_kit/tokenizers.py': 'import numpy\n\ndef f():\n    import tokenizers\n',
        'gplinker_kit/events/labels.py': 'from gplinker_kit import errors, tokenizers\n',
        'gplinker_kit/backend/keras2.py': 'import tensorflow\nfrom keras import layers\n',
        'gplinker_kit/layers/crf.py': 'from gplinker_kit.layers import norm\nfrom .norm import f\n',
        'gplinker_kit/layers/norm.py': 'from gplinker_kit import backend, __version__\n',
        'gplinker_kit/backend/__init__.py': 'from . import keras2\n',
        'gplinker_kit/cli.py': 'from gplinker_kit import backend, layers, errors\n',
    })
    assert [fault for rule in RULES for fault in rule(str(tmp_path))] == []


def test_numpy_levels_import_without_an_engine():
    names = sorted(name for name in architecture.modules(ROOT)
                   if (architecture.level(name) or (9,))[0] <= architecture.NUMPY_LEVEL)
    assert 'gplinker_kit.errors' in names and 'gplinker_kit.events.schema' in names and len(names) >= 8
    status, output = run(BLOCK + 'import importlib\nfor name in %r:\n    importlib.import_module(name)\n' % (names,))
    assert status == 0, output


def test_snippets_import_and_work_without_an_engine():
    program = 'from gplinker_kit import snippets\nassert all(hasattr(snippets, name) for name in snippets.__all__)\n' \
        'assert len(snippets.DataGenerator([1, 2])) == 1 and snippets.sequence_padding([[1], []]).shape == (2, 1)\n'
    status, output = run(BLOCK + program)
    assert status == 0, output


def test_the_block_blocks():
    status, output = run(BLOCK + 'import tensorflow\n')
    assert status != 0 and 'tensorflow is blocked by this test' in output


def test_importing_the_package_is_light_and_silent():
    program = 'import sys, gplinker_kit; print(sorted({name.split(".")[0] for name in sys.modules} & set(%r)))'
    status, output = run(program % (architecture.ENGINES + ('numpy',),), '-Werror')
    assert status == 0 and output.strip() == '[]', output
