"""Exported networks give the scores of the model that they were exported from; what cannot be done is said."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK
from gplinker_kit.errors import DataError
from gplinker_kit.export.facts import BESIDE, FILE, OUTPUTS, read_facts
from gplinker_kit.export.session import OnnxPredictor
from gplinker_kit.export.writing import export_model, quantize, small_products
from gplinker_kit.model_folder import current_version

pytestmark = pytest.mark.smoke

# A program of another project: it knows TensorFlow only.
PROGRAM = """
import sys
import numpy as np
import tensorflow as tf
given = dict(np.load('given.npz'))
if tf.__version__.startswith('1.'):
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signature = tf.compat.v1.saved_model.load(session, ['serve'], sys.argv[1]).signature_def['serving_default']
        feed = {signature.inputs[name].name: value for name, value in given.items()}
        found = session.run({name: value.name for name, value in signature.outputs.items()}, feed)
else:
    loaded = tf.saved_model.load(sys.argv[1])
    found = loaded.signatures['serving_default'](**{name: tf.constant(value) for name, value in given.items()})
    found = {name: value.numpy() for name, value in found.items()}
assert not [name for name in sys.modules if name.startswith('gplinker')]
np.savez('found.npz', **found)
"""


def ids(b, n):
    """Token and segment ids of b texts of n tokens, the first padded from its middle on."""
    tokens = np.random.RandomState(b * n).randint(1, 200, (b, n)).astype('int32')
    tokens[0, n // 2 + 1:] = 0
    return tokens, np.zeros_like(tokens)


def close(found, expected):
    for one, two in zip(found, expected):
        assert one.shape == two.shape and (np.abs(one - two) <= 1e-5 * np.maximum(1, np.abs(two))).all()


@pytest.mark.skipif(ENGINE != 'tensorflow', reason='a SavedModel is written by TensorFlow')
def test_a_saved_model_needs_nothing_of_ours(gplinker, model, tmp_path):
    version = export_model(model, str(tmp_path / 'out'), 'saved-model')
    assert set(BESIDE) | {FILE, 'saved_model.pb', 'variables'} <= set(os.listdir(version))
    given = ids(3, 11)
    np.savez(str(tmp_path / 'given.npz'), token_ids=given[0], segment_ids=given[1])
    done = subprocess.run([sys.executable, '-c', PROGRAM, version], cwd=str(tmp_path), stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    found = np.load(str(tmp_path / 'found.npz'))
    close([found[name] for name in OUTPUTS], gplinker.predict(*given))


def test_scores_of_onnx_for_any_batch_and_length(gplinker, exported):
    version = current_version(exported)
    assert set(os.listdir(version)) == set(BESIDE) | {FILE, 'model.onnx'}
    assert read_facts(version)['format'] == 'onnx' and not read_facts(version)['int8']
    predict = OnnxPredictor(os.path.join(version, 'model.onnx'), threads=1)
    for b, n in ((3, 11), (1, 1), (5, 32)):
        close(predict(*ids(b, n)), gplinker.predict(*ids(b, n)))


def test_int8_is_smaller_and_near(gplinker, exported, tmp_path):
    whole = os.path.join(current_version(exported), 'model.onnx')
    small = str(tmp_path / 'model.onnx')
    with open(whole, 'rb') as source, open(small, 'wb') as target:
        target.write(source.read())
    assert 'onnxruntime' in quantize(small) and os.listdir(str(tmp_path)) == ['model.onnx']
    assert os.path.getsize(small) < 0.8 * os.path.getsize(whole)  # most matrices of this network are small ones
    for one, two in zip(OnnxPredictor(small, threads=1)(*ids(3, 11)), gplinker.predict(*ids(3, 11))):
        real = two > -1e6
        difference = np.abs(one - two)[real].max()
        assert 0 < difference < 0.1 * np.abs(two[real]).max()


def test_int8_leaves_small_products_alone(tmp_path):
    onnx = pytest.importorskip('onnx')
    path = str(tmp_path / 'model.onnx')
    shapes, name, nodes = {'rotation': (64, 64), 'weights': (64, 128)}, 'x', []
    for weights in shapes:
        nodes.append(onnx.helper.make_node('MatMul', [name, weights], ['by_' + weights], 'by_' + weights))
        name = 'by_' + weights
    one, two = (onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, ['n', size])
                for end, size in (('x', 64), (name, 128)))
    constants = [onnx.numpy_helper.from_array(np.random.RandomState(0).randn(*shape).astype('float32'), weights)
                 for weights, shape in shapes.items()]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, 'two', [one], [two], constants), ir_version=7,
                                   opset_imports=[onnx.helper.make_opsetid('', 13)])
    onnx.save(model, path)
    assert small_products(path) == ['by_rotation']
    quantize(path)
    kinds = {constant.name: constant.data_type for constant in onnx.load(path).graph.initializer}
    assert kinds['rotation'] == onnx.TensorProto.FLOAT and kinds['weights_quantized'] == onnx.TensorProto.INT8
    scale = [constant for constant in onnx.load(path).graph.initializer if constant.name == 'weights_scale']
    assert list(scale[0].dims) == [128]


def test_a_truncated_file_is_named(exported, tmp_path):
    path = str(tmp_path / 'model.onnx')
    with open(os.path.join(current_version(exported), 'model.onnx'), 'rb') as source, open(path, 'wb') as target:
        target.write(source.read()[:-1000])
    with pytest.raises(DataError, match='model.onnx: onnxruntime cannot read it; is it whole'):
        OnnxPredictor(path)


def test_what_is_refused(model, tmp_path):
    output = str(tmp_path / 'out')
    for options, message in (
        ((output, 'onxn'), "got 'onxn'. Did you mean 'onnx'"),
        ((output, 'saved-model', True), 'int8 is for onnx'),
        ((model, 'onnx'), 'output must be another folder'),
    ):
        with pytest.raises(ValueError, match=message):
            export_model(model, *options)
    wrong = [('saved-model', 'tensorflow')] * (ENGINE != 'tensorflow')
    wrong += [('onnx', 'torch')] * (STACK == 'keras3' and ENGINE != 'torch')
    for name, backend in wrong:
        with pytest.raises(ValueError, match='set KERAS_BACKEND=%s' % backend):
            export_model(model, output, name)
    assert not os.path.exists(os.path.join(output, 'current'))
