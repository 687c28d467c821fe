"""One Extractor from a model folder and from an exported one, the latter without an engine."""

import argparse
import json
import os
import shutil
import subprocess
import sys

import pytest

from gplinker_kit.cli import main, serve
from gplinker_kit.errors import DataError
from gplinker_kit.loading import engine_of, load_extractor
from gplinker_kit.model_folder import current_version
from tests.corpus import sentences
from tests.helpers import ROOT

pytestmark = pytest.mark.smoke
PROGRAM = """
import sys
from gplinker_kit.cli import main
status = main(['extract', '--model', sys.argv[1], 'texts.txt', '--output', 'found.json'])
loaded = sorted({name.split('.')[0] for name in sys.modules} & {'keras', 'tensorflow', 'torch', 'jax'})
sys.exit(status or ' '.join(loaded) or 0)
"""


def copied(version, folder):
    """Returns a folder of versions with a copy of a version."""
    shutil.copytree(version, str(folder / 'versions' / '1'))
    (folder / 'current').write_text('1\n')
    return str(folder), str(folder / 'versions' / '1')


def places(extraction):
    """Returns what is found, without the scores, whose last digits differ."""
    return [(event.event_type, [(a.role, a.text, a.start) for a in event.arguments]) for event in extraction.events]


def test_the_same_events_without_an_engine(model, exported, tmp_path):
    texts = [example.text for example in sentences(2)[1]]
    (tmp_path / 'texts.txt').write_text('\n'.join(texts) + '\n', encoding='utf-8')
    done = subprocess.run([sys.executable, '-c', PROGRAM, exported], cwd=str(tmp_path), stderr=subprocess.PIPE,
                          env=dict(os.environ, PYTHONPATH=ROOT))
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in (tmp_path / 'found.json').read_text(encoding='utf-8').splitlines()]
    expected = [places(extraction) for extraction in load_extractor(model).extract(texts)]
    assert [places(extraction) for extraction in load_extractor(exported).extract(texts)] == expected
    assert [len(line['event_list']) for line in lines] == list(map(len, expected)) and any(expected)
    assert engine_of(current_version(exported))['engine'] == 'onnxruntime'


def test_a_server_pads_to_few_shapes_only_what_keras_runs(model, exported):
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    of_onnx, of_keras = (serve.load(parser.parse_args(['--model', folder])) for folder in (exported, model))
    assert (of_onnx.length_multiple, of_keras.length_multiple) == (None, 16)


def test_half_a_folder(exported, tmp_path):
    folder, version = copied(current_version(exported), tmp_path)
    with pytest.raises(ValueError, match='chosen when a model is exported'):
        load_extractor(folder, acceleration=('float32', None, None, True))
    assert main(['extract', '--model', folder, '--precision', 'float16', os.devnull]) == 2
    os.unlink(os.path.join(version, 'vocab.txt'))
    with pytest.raises(DataError, match='half a model folder: missing vocab.txt'):
        load_extractor(folder)
    os.unlink(os.path.join(version, 'export.json'))
    with pytest.raises(DataError, match='half an exported folder: missing export.json'):
        load_extractor(folder)


@pytest.mark.parametrize('facts, message', [
    ({'format': 'saved-model'}, 'a SavedModel, which is for TensorFlow itself'),
    ({'format': 'pickle'}, "export.json: expected an object with a known 'format'"),
    ([], "export.json: expected an object with a known 'format'"),
])
def test_other_folders(model, tmp_path, facts, message):
    folder, version = copied(current_version(model), tmp_path)
    with open(os.path.join(version, 'export.json'), 'w') as stream:
        json.dump(facts, stream)
    with pytest.raises(DataError, match=message):
        load_extractor(folder)


def test_without_onnxruntime(monkeypatch):
    from gplinker_kit.export.session import import_onnxruntime

    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r"pip install 'gplinker-kit\[onnx\]'"):
        import_onnxruntime()
