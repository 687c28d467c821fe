"""`accelerate`: what it refuses, and trainings in processes of their own against the plain one."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.backend import K, accelerate, acceleration, compile_options, layers, xla_flags
from gplinker_kit.layers import LayerNormalization
from tests.backend import accelerated
from tests.helpers import ENGINE, ROOT, STACK

KERAS3 = STACK == 'keras3'
CLUSTERS = ENGINE == 'tensorflow'


def run(folder, name='found', environment=None, **options):
    """Returns (arrays, facts, what was logged) of `tests.backend.accelerated`."""
    path = str(folder / name) + '.npz'
    env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL='0', **(environment or {}))
    done = subprocess.run([sys.executable, '-m', 'tests.backend.accelerated', json.dumps(options), path], cwd=ROOT,
                          env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(path) as arrays:
        return dict(arrays), json.loads(done.stdout.strip().split('\n')[-1]), done.stderr


@pytest.fixture(scope='module')
def plain():
    losses, scores, _ = accelerated.train()
    if not KERAS3:
        K.clear_session()
    assert losses[-1] < losses[0]
    return dict({'scores%d' % k: each for k, each in enumerate(scores)}, losses=np.array(losses))


def assert_equal(found, plain, tolerance):
    assert sorted(found) == sorted(plain)
    for name, wanted in plain.items():
        seen = wanted > -1e8
        assert ((found[name] > -1e8) == seen).all()
        np.testing.assert_allclose(found[name][seen], wanted[seen], tolerance, tolerance, err_msg=name)


@pytest.mark.skipif(not CLUSTERS or STACK == 'tf_keras', reason="TensorFlow's, whichever Keras; once is enough")
def test_clusters_give_the_same_numbers(plain, tmp_path):
    found, facts, log = run(tmp_path, environment={'TF_XLA_FLAGS': '--tf_xla_min_cluster_size=8'}, xla='auto')
    assert_equal(found, plain, 1e-4)
    assert 'Compiled cluster using XLA!' in log
    assert facts['flags'] == '--tf_xla_min_cluster_size=8 --tf_xla_auto_jit=2 --tf_xla_cpu_global_jit=true'


@pytest.mark.skipif(not KERAS3 or ENGINE == 'torch', reason='jit_compile is a word of Keras 3, and not XLA on PyTorch')
def test_a_step_compiled_as_a_whole_gives_the_same_numbers(plain, tmp_path):
    found, facts, log = run(tmp_path, xla='jit_compile')
    assert_equal(found, plain, 1e-4)
    assert facts['jit'] and (ENGINE == 'jax' or 'Compiled cluster using XLA!' in log)


@pytest.mark.skipif(KERAS3, reason='TF 1.15')
def test_float16_is_an_option_of_the_session(plain, tmp_path):
    found, facts, log = run(tmp_path, precision='float16')
    assert facts['rewrites'] == 1 and 'auto_mixed_precision' in log
    if 'No (suitable) GPUs detected' in log:
        assert_equal(found, plain, 1e-5)
    assert [name.split(':')[0] for name in facts['weights']] == ['iterations' if STACK == 'keras2' else 'iter',
                                                                 'loss_scale', 'good_steps']
    assert "called before with precision='float16', loss_scale='dynamic'" in facts['again']


@pytest.mark.smoke
@pytest.mark.skipif(not KERAS3, reason='Keras 3')
@pytest.mark.parametrize('options, policy, optimizer, tolerance', [
    ({'precision': 'float16'}, 'mixed_float16', 'LossScaleOptimizer', 0.02),
    ({'precision': 'bfloat16'}, 'mixed_bfloat16', 'Adam', 0.1),
])
def test_half_precision_is_a_policy(plain, tmp_path, options, policy, optimizer, tolerance):
    found, facts, _ = run(tmp_path, **options)
    assert facts['policy'] == policy and facts['optimizer'].endswith(optimizer)
    dynamic = optimizer == 'LossScaleOptimizer'
    assert (facts['optimizer'] == 'LossScaleOptimizer') == dynamic
    # A dynamic scale begins with 2**15: a step that overflows with it is left out, and the ways part.
    steps = 1 if dynamic else 2
    np.testing.assert_allclose(found['losses'][:steps], plain['losses'][:steps], rtol=tolerance)
    assert dynamic or found['losses'][-1] < found['losses'][0]
    assert np.isfinite(found['losses']).all() and all(np.isfinite(found['scores%d' % k]).all() for k in range(3))
    assert (found['losses'] != plain['losses']).all(), 'this was float32'
    assert 'accelerate was called before' in facts['again']


@pytest.mark.smoke
@pytest.mark.parametrize('options, words', [
    ({'precision': 'float61'}, "precision must be None or one of float32, float16, bfloat16. Received: 'float61'. Did "
                               "you mean 'float16'?"),
    ({'xla': 'fusable'}, "xla must be None or one of auto, fusible, jit_compile. Received: 'fusable'. Did you mean"),
    ({'lazy_compilation': 1}, 'lazy_compilation must be True or False. Received: 1'),
    ({'lazy_compilation': False}, "lazy_compilation=False belongs to xla='auto' or 'fusible'. Received: xla=None"),
    ({'loss_scale': 0}, "loss_scale must be None, a positive number or 'dynamic'. Received: 0"),
    ({'loss_scale': float('inf')}, 'positive number'),
    ({'loss_scale': 'static'}, "Received: 'static'"),
    ({'loss_scale': True}, 'Received: True'),
    ({'loss_scale': 'dynamic'}, "loss_scale='dynamic' is for float16"),
])
def test_what_it_refuses_everywhere(options, words):
    with pytest.raises(ValueError) as caught:
        accelerate(**options)
    assert words in str(caught.value)
    assert acceleration.settings() == (None, None, None, True) and compile_options() == {}


@pytest.mark.skipif(KERAS3, reason='TF 1.15')
def test_a_tensorflow_that_reads_fusible_as_nothing(monkeypatch, tmp_path):
    libraries = {True: tmp_path / 'new.so', False: tmp_path / 'old.so'}
    libraries[True].write_bytes(b'\0tf_xla_auto_jit\0tf_xla_ops_to_cluster\0')
    libraries[False].write_bytes(b'\0tf_xla_auto_jit\0')
    assert [xla_flags.knows_fusible(str(libraries[known])) for known in (True, False)] == [True, False]
    monkeypatch.setattr(acceleration, '_library', lambda: str(libraries[False]))
    with pytest.raises(ValueError, match="would read --tf_xla_auto_jit=fusible as 0, no XLA at all; NVIDIA's"):
        accelerate(xla='fusible')


LACKING = {
    'keras2': [({'precision': 'bfloat16'}, 'needs Keras 3: TensorFlow 1.15 rewrites graphs to float16 only'),
               ({'xla': 'jit_compile'}, "needs Keras 3; TensorFlow 1.15 has 'auto' and 'fusible'")],
    'jax': [({'xla': 'auto'}, 'JAX compiles every step as a whole'), ({'xla': 'fusible'}, "TensorFlow's clusters")],
    'torch': [({'xla': 'auto'}, 'PyTorch has no XLA here'), ({'xla': 'jit_compile'}, 'PyTorch has no XLA here')],
    'tensorflow': [],
}


@pytest.mark.smoke
@pytest.mark.parametrize('options, words', LACKING[ENGINE if KERAS3 else 'keras2'])
def test_what_this_stack_lacks(options, words):
    with pytest.raises(ValueError, match=words):
        accelerate(**options)


@pytest.mark.smoke
def test_too_late():
    layer = layers.Dense(2, name='early')
    with pytest.raises(ValueError, match='accelerate comes too late: there is a layer'):
        accelerate(precision='float16')
    assert layer.name == 'early' and acceleration.settings().precision is None


@pytest.mark.skipif(KERAS3, reason='TF 1.15')
def test_too_late_for_a_session(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr('gplinker_kit.backend.too_late.gc.get_objects', lambda: [session])
    with tf.compat.v1.Session() as session, pytest.raises(ValueError, match='too late: there is a session already'):
        accelerate(xla='auto')


@pytest.mark.skipif(not KERAS3 or not CLUSTERS, reason='TensorFlow 2')
def test_too_late_for_the_flags_of_tensorflow(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr('gplinker_kit.backend.too_late.gc.get_objects', lambda: [])
    assert float(tf.constant(1.0) + 1.0) == 2.0
    with pytest.raises(ValueError, match='too late: TensorFlow has run an operation, and reads TF_XLA_FLAGS before'):
        accelerate(xla='auto')


@pytest.mark.skipif(KERAS3, reason='TF 1.15')
def test_a_switch_of_the_environment_that_says_the_contrary(monkeypatch):
    monkeypatch.setattr('gplinker_kit.backend.acceleration.check_early', lambda *args, **kwargs: None)
    monkeypatch.setenv('TF_ENABLE_AUTO_MIXED_PRECISION_GRAPH_REWRITE', '1')
    with pytest.raises(ValueError, match='asks for float16: TF_ENABLE_AUTO_MIXED_PRECISION_GRAPH_REWRITE=1'):
        accelerate(precision='float32')


def test_the_article_s_constants():
    """kexue.fm/archives/9059: a larger epsilon and a smaller infinity for float16, set before the model is built."""
    from gplinker_kit.backend import ops
    from tests.helpers import evaluate

    before = K.epsilon(), K.infinity()
    try:
        K.set_epsilon(1e-4)
        K.set_infinity(1e4)
        assert K.epsilon() == 1e-4 and K.infinity() == 1e4
        half = evaluate(ops.cast(ops.convert_to_tensor(np.float32([K.epsilon(), -K.infinity()])), 'float16'))
        assert np.isfinite(half).all() and (half != 0).all()
        assert LayerNormalization().epsilon == 1e-4 and LayerNormalization(epsilon=1e-3).epsilon == 1e-3
    finally:
        K.set_epsilon(before[0])
        K.set_infinity(before[1])
    with np.errstate(over='ignore'):
        assert np.float16(1e-12) == 0 and np.isinf(np.float16(before[1])), 'why the article does so'
