"""What the two stacks spell differently, each used as a layer or a script would use it."""

import ast
import os
import subprocess
import sys

import numpy as np
import pytest

import gplinker_kit.backend as backend
from gplinker_kit.backend import K, Layer, Model, keras, layers, ops
from tests.helpers import ENGINE, ROOT, STACK, evaluate, run_peer, tf1_python, variable

X = np.random.RandomState(0).normal(size=(8, 4)).astype('float32')


@backend.register
class Noisy(Layer):
    """x plus noise in training, then a dropout, then an operation after it."""

    def __init__(self, rate=0.5, stddev=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.stddev, self.seed = rate, stddev, seed
        self.rng = backend.seed_generator(seed)

    def call(self, inputs, training=None):
        if self.stddev:
            inputs = inputs + backend.random_normal(ops.shape(inputs), self.rng, stddev=self.stddev)
        return backend.dropout(inputs, self.rate, self.rng, training=training) * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config.update(rate=self.rate, stddev=self.stddev, seed=self.seed)
        return config


@backend.register
class Scaled(Layer):
    """The input times one weight a column, ones at first."""

    def build(self, input_shape):
        self.weight = self.add_weight(name='weight', shape=(input_shape[-1],), initializer='ones')
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.weight

    def compute_output_shape(self, input_shape):
        return input_shape


@backend.register
class Anchored(Layer):
    """The identity, with a loss that pulls its one weight to 3."""

    def build(self, input_shape):
        self.weight = self.add_weight(name='weight', shape=(), initializer='zeros')
        super().build(input_shape)

    def call(self, inputs):
        backend.add_loss(self, ops.square(self.weight - 3.0) + 0.0 * ops.sum(inputs), inputs)
        return inputs + 0.0 * self.weight

    def compute_output_shape(self, input_shape):
        return input_shape


def model_of(*own, size=4):
    K.clear_session()
    inputs = layers.Input((size,))
    x = inputs
    for layer in own:
        x = layer(x)
    return Model(inputs, x)


def losses_in_training(model, rounds=4):
    """The losses of a model that cannot learn: they differ only by what is drawn at random."""
    model.compile(keras.optimizers.SGD(0.0), 'mse')
    return [float(np.ravel(model.train_on_batch(np.ones((64, 4)), np.zeros((64, 4))))[0]) for _ in range(rounds)]


@pytest.mark.smoke
def test_dropout_works_inside_a_layer():
    """On Keras 2.3.1 it would stay off, as the mark on a tensor inside `call` gets lost; see `backend.keras2.Layer`."""
    model = model_of(Noisy(0.5))
    assert (model.predict(np.ones((64, 4)), verbose=0) == 1).all()
    losses = losses_in_training(model)
    # Entries become 0 or 2: a mean square of 2, were it 1 the dropout would be off.
    assert abs(np.mean(losses) - 2) < 0.35 and len(set(losses)) > 1


def test_dropout_of_nothing():
    assert backend.dropout(X, 0.0, backend.seed_generator(), training=True) is X
    tensor = ops.convert_to_tensor(X)
    same = backend.dropout(tensor, 0.5, backend.seed_generator(), training=False)
    np.testing.assert_array_equal(evaluate(same), X)


def test_dropout_when_told_to_train():
    value = evaluate(backend.dropout(ops.ones((4000,)), 0.25, backend.seed_generator(1), training=True))
    np.testing.assert_allclose(sorted(set(value.tolist())), [0, 1 / 0.75], rtol=1e-6)
    assert abs((value == 0).mean() - 0.25) < 0.05 and value.dtype == 'float32'


def test_the_gradient_of_dropout_drops_the_same_entries():
    """y = mean of dropout(w · x), w of ones: one step of size 1 changes each w by its own share of y."""
    model = model_of(Scaled(), Noisy(0.25), size=4000)
    model.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: ops.mean(y_pred, axis=-1))
    loss = float(np.ravel(model.train_on_batch(np.ones((1, 4000)), np.zeros((1, 4000))))[0])
    change = 1 - model.get_weights()[0]
    np.testing.assert_allclose(sorted(set(np.round(4000 * change, 3))), [0, 1.333], atol=2e-3)
    np.testing.assert_allclose(change.sum(), loss, rtol=1e-3)


def test_random_numbers():
    rng = backend.seed_generator(3)
    first, second = evaluate(backend.random_normal((2000,), rng, stddev=2.0), backend.random_normal((2000,), rng))
    assert abs(first.mean()) < 0.2 and abs(first.std() - 2) < 0.2
    # Two draws with one generator are different draws.
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    uniform = evaluate(backend.random_uniform((500, 2), rng, minval=-1.0, maxval=3.0))
    assert uniform.shape == (500, 2) and -1 <= uniform.min() < -0.9 and 2.9 < uniform.max() <= 3
    assert uniform.dtype == 'float32'


def test_two_dropouts_of_a_layer_differ():
    rng = backend.seed_generator(3)
    ones = ops.ones((1000,))
    first, second = evaluate(*[backend.dropout(ones, 0.5, rng, training=True) for _ in range(2)])
    assert (first != second).mean() > 0.3


def test_set_random_seed_repeats_a_training():
    """Initial weights, noise and dropout, on JAX inside the compiled step."""
    runs = []
    for seed in (1, 1, 2):
        K.clear_session()
        backend.set_random_seed(seed)
        inputs = layers.Input((4,))
        model = Model(inputs, Noisy(0.5, stddev=1.0)(layers.Dense(4)(inputs)))
        runs.append(losses_in_training(model, rounds=3))
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-5)
    assert abs(np.subtract(runs[0], runs[2])).max() > 1e-3
    assert len(set(runs[0])) == 3


@pytest.mark.smoke
def test_add_loss():
    model = model_of(Anchored())
    model.compile(keras.optimizers.SGD(0.1), 'mse')
    x = np.zeros((8, 4), 'float32')
    first = np.ravel(model.evaluate(x, x, verbose=0))[0]
    assert abs(first - 9) < 1e-4
    model.fit(x, x, batch_size=4, epochs=20, verbose=0)
    assert abs(float(model.get_weights()[0]) - 3) < 0.01


def test_registered_layers_load(tmp_path):
    model = model_of(layers.Dense(4), Noisy(0.25, seed=7), Anchored())
    model.compile('sgd', 'mse')
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    model.save(path)
    again = keras.models.load_model(path)
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    noisy = [layer for layer in again.layers if isinstance(layer, Noisy)]
    assert len(noisy) == 1 and noisy[0].rate == 0.25 and noisy[0].seed == 7
    assert Noisy.from_config(noisy[0].get_config()).rate == 0.25


def test_static_dim():
    tensor = ops.ones((2, 3))
    assert backend.static_dim(tensor, 1) == 3 and backend.static_dim(tensor, -2) == 2
    inputs = layers.Input((None, 5))
    assert [backend.static_dim(inputs, axis) for axis in range(3)] == [None, None, 5]
    assert backend.static_dim((None, 7), -1) == 7 and isinstance(backend.static_dim(inputs, 2), int)
    if STACK != 'keras3':
        assert backend.static_dim(tensor.shape, 0) == 2


def test_compute_dtype():
    assert backend.compute_dtype(layers.Dense(2)) == 'float32'
    assert backend.compute_dtype(layers.Dense(2, dtype='float64')) == 'float64'
    if STACK == 'keras3':
        assert backend.compute_dtype(layers.Dense(2, dtype='mixed_bfloat16')) == 'bfloat16'


def test_floatx_is_that_of_the_keras_in_use():
    """TensorFlow 1.15 carries a Keras with a floatx of its own."""
    try:
        K.set_floatx('float16')
        assert evaluate(ops.ones((1,))).dtype == evaluate(ops.one_hot(ops.zeros((1,), 'int32'), 2)).dtype == 'float16'
        assert evaluate(ops.maximum(ops.zeros((1,)), 0.5)).dtype == backend.floatx() == 'float16'
        if STACK != 'keras3':
            assert evaluate(ops.convert_to_tensor(0.5)).dtype == evaluate(ops.mean(np.int32([1]))).dtype == 'float16'
        assert evaluate(backend.random_normal((2,), backend.seed_generator())).dtype == 'float16'
    finally:
        K.set_floatx('float32')


def test_all_names_exist():
    assert not [name for name in backend.__all__ if not hasattr(backend, name)]
    found = backend.versions()
    assert 'numpy' in found and ENGINE in found
    assert ('tf.keras' if STACK == 'tf_keras' else 'keras') in found
    assert backend.is_tf_keras == (STACK == 'tf_keras')
    v = variable(X)
    assert evaluate(ops.sum(ops.square(v) - ops.square(backend.stop_gradient(v) * 1))) == 0


def test_only_known_operations_are_used():
    """The library uses no operation outside OPS, which alone are tested on all stacks."""
    strangers = []
    for folder, _, files in os.walk(os.path.join(ROOT, 'gplinker_kit')):
        for file in files:
            path = os.path.join(folder, file)
            if not file.endswith('.py') or os.path.basename(folder) == 'backend':
                continue
            with open(path, encoding='utf-8') as stream:
                tree = ast.parse(stream.read())
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'ops':
                    if node.attr not in backend.OPS:
                        strangers.append('%s:%d: ops.%s' % (os.path.relpath(path, ROOT), node.lineno, node.attr))
    assert not strangers, strangers


SCRIPT = """
import os, sys
import %s
before = dict(os.environ)
print('Keras is here', flush=True)
print('Keras is here', file=sys.stderr, flush=True)
import gplinker_kit.backend
print('changed', sorted(k for k, v in os.environ.items() if before.get(k) != v))
"""


def output_of(script, **environment):
    env = {k: v for k, v in os.environ.items() if k != 'TF_KERAS'}
    env.update(environment)
    done = subprocess.run([sys.executable, '-c', script], env=env, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_import_is_quiet():
    """Importing us prints nothing beyond what importing Keras does, and leaves the environment as it is."""
    switch = {'TF_KERAS': '1'} if STACK == 'tf_keras' else {}
    name = 'tensorflow.keras' if switch else 'keras'
    status, out, err = output_of(SCRIPT % name, **switch)
    assert status == 0, err
    assert out.splitlines()[-2:] == ['Keras is here', 'changed []']
    assert err.split('Keras is here')[1].strip() == ''


@pytest.mark.skipif(STACK != 'keras3' or ENGINE != 'tensorflow', reason='needs TensorFlow 2')
def test_tf_keras_needs_tensorflow_1():
    status, _, err = output_of('import gplinker_kit.backend', TF_KERAS='1')
    assert status != 0 and 'unset TF_KERAS' in err


def test_missing_keras():
    blocked = "import sys; sys.modules['keras'] = None; import gplinker_kit.backend"
    status, _, err = output_of(blocked)
    assert status != 0 and "pip install 'gplinker-kit[keras3]'" in err


def test_run_peer(tmp_path):
    if tf1_python() is None:
        pytest.skip('no Python with TF 1.15')
    script = tmp_path / 'peer.py'
    script.write_text(
        'import os, sys\nimport numpy as np\n'
        "np.savez(sys.argv[-1], a=float(sys.argv[1]), tf_keras=os.environ.get('TF_KERAS', 'unset'))\n"
    )
    result = run_peer(script, 2.5)
    assert result['a'] == 2.5 and result['tf_keras'] == 'unset'
    assert run_peer(script, 1, tf_keras=True)['tf_keras'] == '1'
    script.write_text("raise SystemExit('broken on purpose')\n")
    with pytest.raises(RuntimeError, match='broken on purpose'):
        run_peer(script)


def test_call_is_not_rewritten():
    """AutoGraph of tf.keras makes a file of its own of what it has read."""
    files = []

    class Seen(Layer):
        def call(self, inputs):
            files.append(sys._getframe().f_code.co_filename)
            return inputs

    Seen()(layers.Input((3,)))
    assert files and set(files) == {os.path.abspath(__file__)}
