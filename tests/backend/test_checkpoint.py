"""TensorFlow checkpoints: bit for bit there and back, on every engine beside which TensorFlow is installed."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.backend import load_tf_checkpoint, save_tf_checkpoint
from gplinker_kit.errors import CheckpointError
from tests.helpers import ROOT, STACK, run_peer, tf1_python

try:
    import tensorflow  # noqa: F401
except ImportError:
    tensorflow = None

needs_tensorflow = pytest.mark.skipif(tensorflow is None, reason='TensorFlow is not installed')
RANDOM = np.random.RandomState(0)
ARRAYS = {
    'bert/embeddings/word_embeddings': RANDOM.normal(size=(50, 8)).astype('float32'),
    'bert/encoder/layer_0/attention/self/query/bias': RANDOM.normal(size=(8,)).astype('float32'),
    'global_step': np.int64(2**40),
    'half': RANDOM.normal(size=(2, 3)).astype('float16'),
    'double': RANDOM.normal(size=(1, 1, 2)),
    'none': np.zeros((0, 4), 'float32'),
    'special': np.float32([np.inf, -np.inf, np.nan, -0.0, 1e-45]),
}


@needs_tensorflow
def test_round_trip(tmp_path):
    path = str(tmp_path / 'bert_model.ckpt')
    save_tf_checkpoint(path, ARRAYS)
    assert sorted(os.listdir(str(tmp_path))) == ['bert_model.ckpt.data-00000-of-00001', 'bert_model.ckpt.index']
    shapes, read = load_tf_checkpoint(path)
    assert shapes == {name: np.shape(value) for name, value in ARRAYS.items()}
    for name, value in ARRAYS.items():
        found = np.asarray(read(name))
        assert found.dtype == value.dtype and found.tobytes() == np.asarray(value).tobytes(), name


@needs_tensorflow
def test_overwriting(tmp_path):
    path = tmp_path / 'model.ckpt'
    save_tf_checkpoint(path, {'a': np.zeros(3, 'float32'), 'b': np.zeros(3, 'float32')})
    save_tf_checkpoint(path, {'a': np.ones(2, 'float32')})
    shapes, read = load_tf_checkpoint(path)
    assert shapes == {'a': (2,)} and read('a').tolist() == [1, 1]


@needs_tensorflow
def test_shards_of_the_checkpoint_that_is_replaced_go(tmp_path):
    path = str(tmp_path / 'model.ckpt')
    save_tf_checkpoint(path, {'a': np.zeros(3)})
    for name in ('model.ckpt.data-00001-of-00002', 'model.ckpt.data-00000-of-00002', 'model.ckpt.meta', 'x.data-1'):
        (tmp_path / name).write_text('')
    (tmp_path / 'my-model.ckpt.data-00001-of-00002').write_text('')
    save_tf_checkpoint(path, {'a': np.ones(2)})
    assert sorted(os.listdir(str(tmp_path))) == [
        'model.ckpt.data-00000-of-00001', 'model.ckpt.index', 'model.ckpt.meta', 'my-model.ckpt.data-00001-of-00002',
        'x.data-1',
    ]  # fmt: skip


@needs_tensorflow
@pytest.mark.parametrize('moved', [False, True])
def test_an_interrupted_move_leaves_no_index_beside_other_data(moved, tmp_path, monkeypatch):
    path, replace = str(tmp_path / 'model.ckpt'), os.replace
    save_tf_checkpoint(path, {'a': np.zeros(3)})

    def interrupted(source, target):
        if moved or '.data-' not in target:
            replace(source, target)
        if '.data-' in target:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_tf_checkpoint(path, {'a': np.ones(3)})
    monkeypatch.undo()
    assert os.path.exists(path + '.index') is not moved
    assert moved or load_tf_checkpoint(path)[1]('a').tolist() == [0, 0, 0]


@needs_tensorflow
def test_writing_takes_no_memory_of_a_gpu(tmp_path, monkeypatch):
    configs, session = [], tensorflow.compat.v1.Session

    def watched(*args, **kwargs):
        configs.append(kwargs.get('config'))
        return session(*args, **kwargs)

    monkeypatch.setattr(tensorflow.compat.v1, 'Session', watched)
    save_tf_checkpoint(str(tmp_path / 'model.ckpt'), {'a': np.ones(2)})
    assert [dict(config.device_count) for config in configs] == [{'GPU': 0}]


PEER = """
import sys
import numpy as np
import tensorflow as tf
reader = tf.train.load_checkpoint(sys.argv[1])
np.savez(sys.argv[-1], **{k.replace('/', '|'): reader.get_tensor(k) for k in reader.get_variable_to_shape_map()})
"""


@needs_tensorflow
def test_tensorflow_1_reads_it(tmp_path):
    if tf1_python() is None:
        pytest.skip('no Python with TF 1.15')
    path = str(tmp_path / 'bert_model.ckpt')
    save_tf_checkpoint(path, ARRAYS)
    (tmp_path / 'peer.py').write_text(PEER)
    found = run_peer(tmp_path / 'peer.py', path)
    assert {name.replace('|', '/') for name in found} == set(ARRAYS)
    for name, value in ARRAYS.items():
        assert found[name.replace('/', '|')].tobytes() == np.asarray(value).tobytes()


@needs_tensorflow
def test_saver_of_tensorflow_is_read(tmp_path):
    """A checkpoint as BERT's authors wrote theirs."""
    import tensorflow as tf

    path = str(tmp_path / 'model.ckpt')
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        value = tf.compat.v1.get_variable('layer/kernel', initializer=ARRAYS['half'], use_resource=False)
        session.run(value.initializer)
        tf.compat.v1.train.Saver([value]).save(session, path)
    shapes, read = load_tf_checkpoint(path)
    assert shapes == {'layer/kernel': (2, 3)}
    np.testing.assert_array_equal(read('layer/kernel'), ARRAYS['half'])


@needs_tensorflow
def test_missing_checkpoint(tmp_path):
    save_tf_checkpoint(str(tmp_path / 'bert_model.ckpt'), {'a': np.ones(2, 'float32')})
    with pytest.raises(CheckpointError, match="no TensorFlow checkpoint.*Did you mean 'bert_model.ckpt'"):
        load_tf_checkpoint(str(tmp_path / 'bert_modl.ckpt'))
    with pytest.raises(CheckpointError, match='no TensorFlow checkpoint'):
        load_tf_checkpoint(str(tmp_path / 'nowhere' / 'model.ckpt'))


@needs_tensorflow
def test_damaged_checkpoint(tmp_path):
    path = tmp_path / 'model.ckpt'
    save_tf_checkpoint(str(path), ARRAYS)
    index = tmp_path / 'model.ckpt.index'
    index.write_bytes(index.read_bytes()[:20])
    with pytest.raises(CheckpointError, match='cannot be read'):
        load_tf_checkpoint(str(path))


BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'tensorflow':
            raise ImportError('blocked')
sys.meta_path.insert(0, Block())
from gplinker_kit import backend
for call in (lambda: backend.load_tf_checkpoint('x'), lambda: backend.save_tf_checkpoint('x', {})):
    try:
        call()
    except ImportError as error:
        print(error)
"""


@pytest.mark.skipif(STACK != 'keras3', reason='TF 1.15 is TensorFlow')
def test_without_tensorflow():
    """Keras 3 on JAX needs no TensorFlow until a checkpoint is asked for."""
    pytest.importorskip('jax')
    env = dict(os.environ, KERAS_BACKEND='jax')
    done = subprocess.run(
        [sys.executable, '-c', BLOCKED], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count('pip install tensorflow-cpu') == 2 and 'safetensors' in done.stdout
