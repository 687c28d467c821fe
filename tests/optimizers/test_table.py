"""Every optimizer × every extension, every pair of extensions on Adam: 20 batches against the numpy twin."""

import functools
import itertools

import numpy as np
import pytest

from gplinker_kit import optimizers
from gplinker_kit.backend import K
from gplinker_kit.optimizers.extensions import ORDER
from tests.helpers import STACK
from tests.optimizer_oracles import bare
from tests.optimizers import bench
from tests.optimizers.common import assert_within

BATCHES = 20
BASES = {
    'Adam': ('Adam', 0.02, {}),
    'Adam, paper': ('Adam', 0.02, {'epsilon': 1e-3, 'epsilon_form': 'paper'}),
    'Adam, uncorrected': ('Adam', 0.01, {'bias_correction': False}),
    'SGD': ('SGD', 0.05, {}),
    'SGD, Nesterov': ('SGD', 0.02, {'momentum': 0.9, 'nesterov': True}),
    'AdaFactor': ('AdaFactor', 0.02, {}),
    'AdaFactor, factored': ('AdaFactor', 0.05, {'min_dim_size_to_factor': 3, 'beta1': 0.5}),
    'AdaFactor, by itself': (
        'AdaFactor', None, {'exclude_from_parameter_scale': ['gamma'], 'clipping_threshold': 0.5, 'beta2': 0.9}),
    'AdaFactor, unscaled': ('AdaFactor', None, {'multiply_by_parameter_scale': False, 'clipping_threshold': None}),
    'Lion': ('Lion', 0.01, {}),
}  # fmt: skip
MAIN = ('Adam', 'SGD, Nesterov', 'AdaFactor, factored', 'Lion')
EXTENSIONS = {
    'weight_decay': {'weight_decay_rate': 0.3, 'exclude_from_weight_decay': ['Norm']},
    'layer_adaptation': {'exclude_from_layer_adaptation': ['Norm']},
    'piecewise_linear_lr': {'lr_schedule': {3: 1, 12: 0.25}},
    'parameter_wise_lr': {'paramwise_lr_schedule': {'Embedding': 0.5, 'kernel': 2.0, 'Dense': 0.7}},
    'lazy_optimization': {'include_in_lazy_optimization': ['^Embedding', 'gamma(_[0-9]+)?:0$']},
    'lookahead': {'steps_per_slow_update': 3, 'slow_step_size': 0.4},
    'exponential_moving_average': {'ema_momentum': 0.9},
    'gradient_accumulation': {'grad_accum_steps': 3},
}
PUBLISHED = ('weight_decay', 'layer_adaptation', 'piecewise_linear_lr', 'gradient_accumulation')
CASES = {base: (base, ()) for base in BASES}
CASES.update(('%s + %s' % (base, name), (base, (name,))) for base in MAIN for name in ORDER)
CASES.update(('Adam + %s + %s' % pair, ('Adam', pair)) for pair in itertools.combinations(ORDER, 2))
CASES['as published'] = ('Adam, uncorrected', PUBLISHED)
CASES['all'] = ('Adam', ORDER)


def extended(base, names):
    """Returns the class; the extensions come in the order of the table turned round, which must not matter."""
    cls = getattr(optimizers, base)
    for name in reversed(names):
        cls = getattr(optimizers, 'extend_with_' + name)(cls)
    return cls


def make(case):
    key, names = CASES[case]
    base, rate, options = BASES[key]
    arguments = {k: v for name in names for k, v in EXTENSIONS[name].items()}
    return extended(base, names)(learning_rate=rate, **dict(options, **arguments))


def own_rate(scale):
    return lambda batch: min(batch**-0.5, 0.01) * scale


def twin(case):
    key, names = CASES[case]
    base, rate, options = BASES[key]
    if rate is None:
        rate = own_rate(1.0 if options.get('multiply_by_parameter_scale', True) else 0.05)
    return bare.bare_twin(base, rate, {name: EXTENSIONS[name] for name in names}, **options)


GROUPS = [sorted(CASES)[k : k + 12] for k in range(0, len(CASES), 12)]


@functools.lru_cache(maxsize=None)
def trained_group(index):
    """Trains some of the cases at once; returns {case: (weights after each batch, after flushing, averaged, reset)}."""
    if STACK != 'keras3':
        K.clear_session()
    group = GROUPS[index]
    ran = bench.Bench({case: make(case) for case in group})
    passed = []
    for factors in bare.pulls(BATCHES):
        ran.step(factors)
        passed.append(ran.read_all())
    averaging = [case for case in group if 'exponential_moving_average' in CASES[case][1]]
    for case in group:
        if 'gradient_accumulation' in CASES[case][1]:
            ran.optimizers[case].flush()
    flushed = ran.read_all()
    for case in averaging:
        ran.optimizers[case].apply_ema_weights()
    averaged = ran.read_all()
    for case in averaging:
        ran.optimizers[case].reset_old_weights()
    reset = ran.read_all()
    for case in set(group).difference(averaging):
        averaged[case] = None
    return {case: ([each[case] for each in passed], flushed[case], averaged[case], reset[case]) for case in group}


def trained(case):
    return trained_group(next(k for k, group in enumerate(GROUPS) if case in group))[case]


@pytest.mark.parametrize('case', sorted(CASES))
def test_twenty_batches_follow_the_numpy_twin(case):
    passed, flushed, averaged, reset = trained(case)
    oracle = twin(case)
    expected, expected_flushed = bare.expected(oracle, bare.pulls(BATCHES))
    moved = [np.abs(after - before).max() for after, before in zip(expected[-1], bare.start())]
    assert max(moved) > 5e-3
    for found, theirs in zip(passed, expected):
        assert_within(found, theirs)
    assert_within(flushed, expected_flushed)
    if averaged is not None:
        assert_within(averaged, oracle.averaged())
    for kept, again in zip(flushed, reset):
        np.testing.assert_array_equal(kept, again)


def test_the_extensions_really_act():
    """Each one changes where Adam ends; otherwise the table would prove nothing."""
    plain = trained('Adam')[1]
    for name in ORDER:
        _, flushed, averaged, _ = trained('Adam + ' + name)
        found = flushed if averaged is None else averaged
        assert max(np.abs(a - b).max() for a, b in zip(found, plain)) > 1e-3, name
