"""`model.save` and `load_model` in a fresh process: every model and head, on every stack (hence in this folder).

The other process imports `gplinker_kit.models` and nothing else of the library. It predicts, trains one more step with
the state of the optimizer that it found, and writes what came out; this process does the same without saving.
"""

import os
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from gplinker_kit import losses, optimizers
from gplinker_kit.backend import ENGINE, STACK, Input, Model, is_tf_keras
from gplinker_kit.errors import CheckpointError
from gplinker_kit.layers import ConditionalRandomField, Dense, EfficientGlobalPointer, GlobalPointer
from gplinker_kit.models import load_model
from tests.helpers import ROOT
from tests.models.tiny import batch, build

EXTENSION = '.keras' if STACK == 'keras3' else '.h5'
ROWS, LENGTH, TAGS = 3, 8, 4
PLACES = np.tile(np.arange(LENGTH), (ROWS, 1))
CONDITION = np.random.RandomState(1).normal(size=(ROWS, 5)).astype('float32')
CONDITIONAL = {'layer_norm_cond_hidden_size': 4, 'layer_norm_cond_hidden_act': 'swish'}
# As gplinker writes them: (label, start, end), padded with -1.
GOLDS = np.array([[[1, 1, 2], [0, 3, 3]], [[0, 0, 4], [-1, -1, -1]], [[1, 2, 2], [-1, -1, -1]]])

FRESH = """
import os, sys, warnings
import numpy as np
import gplinker_kit.models
if os.environ.get('TF_KERAS'):
    from tensorflow.keras import backend
    from tensorflow.keras.models import load_model
else:
    from keras import backend
    from keras.models import load_model
folder, extension = sys.argv[1:]
if extension == '.h5':
    from tests.conftest import plain_session
    backend.set_session(plain_session())
found = {}
warnings.filterwarnings('error', '(?s).*(optimizer|training configuration)', UserWarning)
for name in sorted(os.listdir(folder)):
    if not name.endswith('.npz'):
        continue
    given = np.load(os.path.join(folder, name))
    path = os.path.join(folder, name[:-4] + extension)
    xs, ys = ([given[key] for key in sorted(given.files) if key[0] == kind] for kind in 'xy')
    load = gplinker_kit.models.load_model if ys else load_model
    model = load(path) if ys else load(path, compile=False)
    steps = [model.get_weights(), model(xs) if not ys and extension == '.keras' else model.predict_on_batch(xs)]
    if ys:
        steps += [model.train_on_batch(xs, ys if len(ys) > 1 else ys[0]), model.predict_on_batch(xs)]
    for step, values in zip(('weights', 'before', 'loss', 'after'), steps):
        for k, value in enumerate(values if isinstance(values, (list, tuple)) else [values]):
            found['%s/%s/%d' % (name[:-4], step, k)] = np.asarray(value)
np.savez(os.path.join(folder, 'found'), **found)
"""


def plain_models():
    """{name: (model, inputs)}: between them every option that changes a model's graph."""
    tokens, segments = batch(ROWS, LENGTH)
    condition = Input((5,), name='condition')
    made = {
        'bert': build('bert', with_pool=True, with_nsp=True, with_mlm=True, hierarchical_position=True,
                      custom_position_ids=True, hidden_act=['gelu', 'linear']),
        'roformer': build('roformer', num_hidden_layers=2, application='unilm', residual_attention_scores=True,
                          layer_norm_cond=condition, additional_input_layers=condition, **CONDITIONAL),
        'roformer_v2': build('roformer_v2', application='lm', dropout_rate=0.1),
        'flash': build('flash', application='lm', attention_dropout_rate=0.1),
        'scan': build('gau_alpha', stack='scan', num_hidden_layers=2, norm_position='pre', residual='skipinit',
                      dropout_rate=0.1),
    }  # fmt: skip
    inputs = {
        'bert': [tokens, segments, PLACES],
        'roformer': [tokens, segments, CONDITION],
        'roformer_v2': [tokens, segments],
        'flash': [tokens, segments],
        'scan': [tokens, segments],
    }
    return {name: (wrapper.model, inputs[name]) for name, wrapper in made.items()}


def trained_models():
    """{name: (compiled model, inputs, targets)}: our heads, losses, metrics and optimizers."""
    inputs = batch(ROWS, LENGTH)
    dense = np.zeros((ROWS, 2, LENGTH, LENGTH), 'float32')
    for row, triples in enumerate(GOLDS):
        for label, start, end in triples[triples[:, 0] >= 0]:
            dense[row, label, start, end] = 1.0
    # On Keras 2 targets have as many axes as the output.
    sparse = GOLDS if STACK == 'keras3' else GOLDS[:, None]
    tags = np.random.RandomState(3).randint(0, TAGS, (ROWS, LENGTH, 1))
    found = {}

    encoder = build('roformer_v2').model
    outputs = [
        GlobalPointer(2, 4, name='spans')(encoder.output),
        EfficientGlobalPointer(2, 4, name='cells')(encoder.output),
        EfficientGlobalPointer(2, 4, packed=True, name='factors')(encoder.output),
    ]
    model = Model(encoder.inputs, outputs)
    extended = optimizers.extend_with_weight_decay(optimizers.Adam, 'Decaying')
    extended = optimizers.extend_with_gradient_accumulation(
        optimizers.extend_with_exponential_moving_average(extended), 'Accumulating')
    model.compile(
        extended(0.01, weight_decay_rate=0.01, ema_momentum=0.9, grad_accum_steps=2),
        loss=[losses.global_pointer_crossentropy, losses.SparsePointerCrossentropy(mask_zero=False),
              losses.FactorisedPointerCrossentropy(2)],
        metrics={'spans': losses.global_pointer_f1_score},
    )
    found['pointers'] = model, inputs, [dense, sparse, GOLDS]

    condition = Input((5,), name='condition')
    encoder = build('gau_alpha', custom_position_ids=True, layer_norm_cond=condition,
                    additional_input_layers=condition, **CONDITIONAL).model
    crf = ConditionalRandomField(lr_multiplier=10)
    model = Model(encoder.inputs, crf(Dense(TAGS)(encoder.output)))
    model.compile(optimizers.LAMB(0.01), loss=crf.sparse_loss, metrics=[crf.sparse_accuracy])
    found['tags'] = model, inputs + [PLACES.astype('float32'), CONDITION], [tags]
    return found


def predict(model, xs, compiled):
    """Without compiling for one batch where Keras can do that."""
    return model(xs) if not compiled and STACK == 'keras3' else model.predict_on_batch(xs)


def numbers(values):
    return [np.asarray(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


@pytest.mark.smoke
def test_a_fresh_process_goes_on_where_this_one_is(tmp_path):
    # The file of a graph is the same for all engines of Keras 3.
    models = plain_models() if ENGINE == 'tensorflow' else {}
    for name, (model, xs, ys) in trained_models().items():
        for _ in range(3):  # gradient accumulation is in the middle of its two batches
            model.train_on_batch(xs, ys if len(ys) > 1 else ys[0])
        models[name] = model, xs, ys
    expected = {}
    for name, (model, xs, *rest) in models.items():
        ys = rest[0] if rest else []
        model.save(str(tmp_path / (name + EXTENSION)))
        arrays = dict([('x%d' % k, x) for k, x in enumerate(xs)] + [('y%d' % k, y) for k, y in enumerate(ys)])
        np.savez(str(tmp_path / name), **arrays)
        steps = {'weights': model.get_weights(), 'before': numbers(predict(model, xs, compiled=bool(ys)))}
        if ys:
            steps['loss'] = numbers(model.train_on_batch(xs, ys if len(ys) > 1 else ys[0]))
            steps['after'] = numbers(model.predict_on_batch(xs))
        for step, values in steps.items():
            expected.update(('%s/%s/%d' % (name, step, k), value) for k, value in enumerate(values))

    environment = dict(os.environ, PYTHONPATH=ROOT, **({'TF_KERAS': '1'} if is_tf_keras else {}))
    done = subprocess.run([sys.executable, '-c', FRESH, str(tmp_path), EXTENSION], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    found = np.load(str(tmp_path / 'found.npz'))
    assert set(found.files) == set(expected)
    for key, value in expected.items():
        if '/weights/' in key:
            assert np.array_equal(found[key], value), key
        else:  # on TF 1.15 the last bit depends on where an array lies in memory
            np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-6, err_msg=key)
    for name in ('pointers', 'tags'):  # a step has been made
        assert not np.array_equal(expected[name + '/before/0'], expected[name + '/after/0'])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match='no such file'):
        load_model(str(tmp_path / 'absent.h5'))


def test_files_of_the_other_keras_are_named(tmp_path):
    path = str(tmp_path / 'model')
    with h5py.File(path, 'w') if STACK == 'keras3' else zipfile.ZipFile(path, 'w'):
        pass
    with pytest.raises(CheckpointError, match='whole models are read here from files %s' % EXTENSION):
        load_model(path)


@pytest.mark.parametrize('content, words', [
    (b'PK\x03\x04 half of an archive', 'truncated'),
    (b'\x89HDF\r\n\x1a\n and nothing', 'files .keras of Keras 3' if STACK == 'keras3' else 'cannot be read'),
    (None, 'no such file'),
])  # fmt: skip
def test_damaged_files_are_named(tmp_path, content, words):
    path = tmp_path / 'model.keras'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match='model.keras.*' + words if content else words):
        load_model(str(path))
