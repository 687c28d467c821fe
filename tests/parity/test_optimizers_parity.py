"""Our optimizers beside bert4keras 0.11.5's, where those are right: 20 batches, on the weights of a bare table.

Under TF_KERAS=1 all but accumulation, lookahead and the slots of lazy rows are; without it what does not count steps.
"""

import json
import os

import numpy as np
import pytest

from gplinker_kit import optimizers
from gplinker_kit.backend import K
from tests.helpers import STACK, run_peer
from tests.optimizer_oracles.bare import pulls, start
from tests.optimizers import bench
from tests.optimizers.common import assert_within

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers', 'optimizers_peer.py')
PAPER = {'epsilon': 1e-6, 'epsilon_form': 'paper'}  # what bert4keras's own Adam is


def case(base, extensions=(), **options):
    return {'base': base, 'extensions': list(extensions), 'options': options}


DECAY = {'weight_decay_rate': 0.3, 'exclude_from_weight_decay': ['Norm']}
LAMB = dict(DECAY, exclude_from_layer_adaptation=['Norm'])
SCHEDULE = {'lr_schedule': {4: 1, 10: 0.25, 15: 0.5}}
FACTORS = {'paramwise_lr_schedule': {'Embedding': 0.5, 'kernel': 2.0, 'Dense': 0.7}}
TF_KERAS = {
    'adam': case('Adam', learning_rate=0.02),
    'adam, uncorrected': case('Adam', learning_rate=0.01, bias_correction=False),
    'decay': case('Adam', ['weight_decay'], learning_rate=0.02, **DECAY),
    'lamb': case('Adam', ['weight_decay', 'layer_adaptation'], learning_rate=0.02, bias_correction=False, **LAMB),
    'schedule': case('Adam', ['piecewise_linear_lr'], learning_rate=0.02, **SCHEDULE),
    'schedule from 0': case('Adam', ['piecewise_linear_lr'], learning_rate=0.02, lr_schedule={0: 1, 5: 0, 9: 1}),
    'factors': case('Adam', ['parameter_wise_lr'], learning_rate=0.02, **FACTORS),
    'scheduled lamb': case(
        'Adam', ['weight_decay', 'layer_adaptation', 'piecewise_linear_lr'], learning_rate=0.02,
        bias_correction=False, **dict(LAMB, **SCHEDULE)),
    'lion': case('Lion', learning_rate=0.01),
    'lion, decay': case('Lion', ['weight_decay'], learning_rate=0.01, beta_1=0.9, beta_2=0.99, **DECAY),
    'adafactor': case('AdaFactor', learning_rate=0.05),
    'adafactor, factored': case(
        'AdaFactor', learning_rate=0.05, min_dim_size_to_factor=3, beta1=0.5, exclude_from_parameter_scale=['Norm']),
    'adafactor, own rate': case('AdaFactor', learning_rate=None, clipping_threshold=None),
    'adafactor, own rate, unscaled': case('AdaFactor', learning_rate=None, multiply_by_parameter_scale=False),
    'adafactor, decay, schedule': case(
        'AdaFactor', ['weight_decay', 'piecewise_linear_lr'], learning_rate=0.05, **dict(DECAY, **SCHEDULE)),
    'average': case('Adam', ['exponential_moving_average'], learning_rate=0.02, ema_momentum=0.9),
    'sgd': case('SGD', learning_rate=0.02, momentum=0.9, nesterov=True),
}  # fmt: skip
KERAS2 = {
    'sgd': case('SGD', learning_rate=0.02, momentum=0.9, nesterov=True),
    'decay': case('SGD', ['weight_decay'], learning_rate=0.05, **DECAY),
    'lamb': case('SGD', ['weight_decay', 'layer_adaptation'], learning_rate=0.02, **LAMB),
    'factors': case('SGD', ['parameter_wise_lr'], learning_rate=0.02, momentum=0.9, **FACTORS),
    'lazy': case(
        'SGD', ['weight_decay', 'lazy_optimization'], learning_rate=0.05, include_in_lazy_optimization=['Embedding'],
        **DECAY),
    'average': case('SGD', ['exponential_moving_average'], learning_rate=0.05, ema_momentum=0.9),
    'adafactor': case('AdaFactor', learning_rate=0.05, beta2=0.9, min_dim_size_to_factor=3),
}  # fmt: skip


@pytest.fixture(scope='module')
def ours():
    """Returns {(TF_KERAS, name): (weights after each batch, averaged weights or None)}, trained on this stack."""
    if STACK != 'keras3':
        K.clear_session()
    made = {}
    for tf_keras, table in ((True, TF_KERAS), (False, KERAS2)):
        for name, each in table.items():
            cls = getattr(optimizers, each['base'])
            for extension in each['extensions']:
                cls = getattr(optimizers, 'extend_with_' + extension)(cls)
            made[tf_keras, name] = cls(**dict(each['options'], **(PAPER if each['base'] == 'Adam' else {})))
    ran, passed = bench.Bench(made), []
    for each in pulls(20):
        ran.step(each)
        passed.append(ran.read_all())
    averaging = [key for key in made if hasattr(made[key], 'apply_ema_weights')]
    for key in averaging:
        made[key].apply_ema_weights()
    averaged = ran.read_all()
    return {key: ([each[key] for each in passed], averaged[key] if key in averaging else None) for key in made}


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
    folder, found = tmp_path_factory.mktemp('optimizers'), {}
    for tf_keras, table in ((True, TF_KERAS), (False, KERAS2)):
        path = str(folder / 'cases.json')
        with open(path, 'w') as file:
            # JSON would make the steps of a schedule strings, as bert4keras expects of a saved one.
            json.dump(table, file)
        found[tf_keras] = run_peer(PEER, path, tf_keras=tf_keras)
    return found


@pytest.mark.parametrize(
    'tf_keras, name', [(True, name) for name in TF_KERAS] + [(False, name) for name in KERAS2],
    ids=lambda value: {True: 'TF_KERAS', False: 'Keras 2.3.1'}[value] if isinstance(value, bool) else value)
def test_twenty_batches_follow_bert4keras(ours, theirs, tf_keras, name):
    passed, averaged = ours[tf_keras, name]
    arrays = theirs[tf_keras]
    for t, weights in enumerate(passed):
        assert_within(weights, [arrays['%s/%d/%d' % (name, t, i)] for i in range(3)])
    assert max(np.abs(after - before).max() for after, before in zip(passed[-1], start())) > 5e-3
    if averaged is not None:
        assert_within(averaged, [arrays['%s/averaged/%d' % (name, i)] for i in range(3)])
