"""`data_parallel`: two parts on one processor compute and learn what the plain model does."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK
from gplinker_kit.models import data_parallel
from gplinker_kit.optimizers import Adam
from tests.models.tiny import batch, build, randomise

CPUS = ['/cpu:0', '/cpu:0']
tensorflow = pytest.mark.skipif(ENGINE != 'tensorflow', reason='devices by name are TensorFlow\'s')


@tensorflow
def test_two_parts_compute_and_learn_what_one_model_does():
    options = {'jit_compile': False} if STACK == 'keras3' else {}
    models = [build('roformer_v2', with_mlm='linear').model for _ in range(2)]
    randomise(models[0], seed=1)
    models[1].set_weights(models[0].get_weights())
    parallel = data_parallel(models[1], CPUS, [1, 2])
    assert parallel.output_shape == models[1].output_shape
    inputs = batch(size=5)
    np.testing.assert_allclose(parallel.predict(inputs), models[0].predict(inputs), rtol=1e-4, atol=1e-5)
    target = np.random.RandomState(0).normal(size=(5, 8, 50))
    losses = []
    for model in (models[0], parallel):
        model.compile(loss='mse', optimizer=Adam(0.01), **options)
        losses.append([float(np.ravel(model.train_on_batch(inputs, target))[0]) for _ in range(3)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]
    for one, other in zip(models[0].get_weights(), models[1].get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=2e-4)


@tensorflow
def test_several_outputs_and_small_batches():
    model = randomise(build('bert', with_pool=True, with_mlm=True).model, seed=2)
    parallel = data_parallel(model, CPUS)
    assert len(parallel.weights) == len(model.weights)
    for size in (1, 5):
        inputs = batch(size=size)
        for one, other in zip(parallel.predict(inputs), model.predict(inputs)):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@tensorflow
@pytest.mark.parametrize(
    'devices, parts, message',
    [
        ([], None, 'there is no GPU here'),
        ('/cpu:0', None, "devices must be None, a number or a list of names. Received: '/cpu:0'"),
        (CPUS, [1], '2 devices, but 1 parts'),
        (CPUS, [1, 0], 'parts must hold positive weights'),
    ],
)
def test_devices_that_cannot_be(devices, parts, message):
    with pytest.raises(ValueError, match=message):
        data_parallel(build('bert').model, devices, parts)


@pytest.mark.skipif(ENGINE == 'tensorflow', reason='the other engines')
def test_other_engines_name_their_own_way():
    own = {'jax': 'keras.distribution', 'torch': 'DistributedDataParallel'}[ENGINE]
    with pytest.raises(ValueError, match='on %s use .*%s' % (ENGINE, own)):
        data_parallel(build('bert').model, ['/cpu:0'])
