"""Checkpoints that do not fit: resized, or skipped with a warning."""

import math

import numpy as np
import pytest

from gplinker_kit.models import build_transformer_model
from tests.models.tiny import CONFIGS, arrays_of, build, refused

LAYER = 'bert/encoder/layer_0/'


def by_loops(array, shape):
    """Axis by axis: two neighbours at a time, each pair as often as is needed, then the end is cut; the old norm."""
    norm = math.sqrt(sum(float(x) ** 2 for x in array.ravel()))
    for axis, (old, new) in enumerate(zip(array.shape, shape)):
        rows = [array.take(i, axis=axis) for i in range(old)]
        if old != new:
            times = math.ceil(new / old)
            if times > 1:
                rows = [rows[2 * pair + k] for pair in range(old // 2) for _ in range(times) for k in (0, 1)]
            rows = rows[:new]
        array = np.stack(rows, axis=axis)
    left = math.sqrt(sum(float(x) ** 2 for x in array.ravel()))
    return array * norm / left


@pytest.fixture(scope='module')
def arrays():
    rng = np.random.RandomState(0)
    return {name: rng.normal(0, 0.3, x.shape) for name, x in sorted(arrays_of(build('bert')).items())}


@pytest.mark.parametrize('act', ['gelu', 'relu', ['gelu', 'linear']])
@pytest.mark.parametrize('sizes', [{'hidden_size': 48, 'intermediate_size': 96}, {'hidden_size': 24, 'vocab_size': 70}])
def test_a_checkpoint_of_other_sizes_is_resized(arrays, act, sizes):
    gates = len(act) if isinstance(act, list) else 1
    if gates > 1:
        arrays = dict(arrays)
        for part in ('kernel', 'bias'):
            arrays[LAYER + 'intermediate/dense_1/' + part] = arrays[LAYER + 'intermediate/dense/' + part] + 1
    wrapper = build('bert', hidden_act=act, autoresize_weights=True, **sizes)
    report = wrapper.load_weights_from_checkpoint(arrays, strict=True)
    assert set(report.resized) <= set(report.loaded) and not report.ignored and 'of them resized' in str(report)
    for name, found in arrays_of(wrapper).items():
        old, new = arrays[name].shape, found.shape
        assert (name in report.resized) == (old != new)
        expected = by_loops(arrays[name], new)
        if old == new:
            expected = arrays[name]
        elif '/query/' in name or '/key/' in name:
            expected = expected * (new[-1] / old[-1]) ** 0.25
        elif '/intermediate/' in name and act != 'relu':
            expected = expected * math.sqrt(new[-1] / old[-1])
        elif '/intermediate/' in name or name.startswith(LAYER + 'output/dense'):
            expected = expected * math.sqrt(old[0] / new[0])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_resized_is_refused(arrays):
    odd = dict(arrays, **{LAYER + 'output/dense/bias': np.ones(31), LAYER + 'output/LayerNorm/beta': np.ones((4, 8))})
    message = refused(build('bert', autoresize_weights=True), odd)
    assert 'output/dense/bias: window: axis 0 grows from 31 to 32' in message
    assert 'output/LayerNorm/beta: new_shape: expected 2 sizes' in message


def test_zeros_stay_zeros_when_resized(arrays):
    wrapper = build('bert', autoresize_weights=True, intermediate_size=96)
    wrapper.load_weights_from_checkpoint(dict(arrays, **{LAYER + 'intermediate/dense/bias': np.zeros(64)}))
    assert np.array_equal(wrapper.layers['Transformer-0-FeedForward'].get_weights()[1], np.zeros(96))


def test_what_does_not_fit_is_skipped_with_one_warning(arrays):
    broken = dict(arrays, **{LAYER + 'attention/self/query/kernel': np.zeros((32, 16))})
    del broken['bert/embeddings/position_embeddings'], broken[LAYER + 'output/dense/bias']
    wrapper = build('bert', ignore_invalid_weights=True)
    before = {name: value.copy() for name, value in arrays_of(wrapper).items()}
    with pytest.warns(UserWarning) as caught:
        report = wrapper.load_weights_from_checkpoint(broken)
    told = [str(w.message) for w in caught if 'ignored' in str(w.message)]
    assert len(told) == 1 and told[0].split('\n  ')[1:] == report.ignored
    assert sorted(line.split(':')[0] for line in report.ignored) == [
        'bert/embeddings/position_embeddings',
        LAYER + 'attention/self/query/kernel',
        LAYER + 'output/dense/bias',
    ]
    skipped = {line.split(':')[0] for line in report.ignored}
    for name, value in arrays_of(wrapper).items():
        expected = before[name] if name in skipped else arrays[name]
        np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert report.untouched == ['Embedding-Position'] and '3 that do not fit ignored' in str(report)


def test_a_table_with_other_names_is_read_as_far_as_it_goes(arrays):
    wrapper = build('bert', ignore_invalid_weights=True)
    with pytest.warns(UserWarning, match='layer Embedding-Norm: 2 weights, but 1 names'):
        wrapper.load_weights_from_checkpoint(arrays, mapping={'Embedding-Norm': ['bert/embeddings/LayerNorm/beta']})
    beta, gamma = wrapper.layers['Embedding-Norm'].get_weights()
    np.testing.assert_allclose(beta, arrays['bert/embeddings/LayerNorm/beta'], rtol=1e-6)
    assert np.array_equal(gamma, np.ones(32))


def test_a_checkpoint_of_which_nothing_fits_is_refused_all_the_same():
    wrapper = build('bert', ignore_invalid_weights=True)
    assert refused(wrapper, {'other': np.zeros(3)}).count('missing') == 21


def test_both_options_reach_the_builder(arrays):
    broken = {name: value for name, value in arrays.items() if 'position' not in name}
    with pytest.warns(UserWarning, match='position_embeddings: missing'):
        model = build_transformer_model(
            checkpoint_path=broken, ignore_invalid_weights=True, autoresize_weights=True, return_keras_model=False,
            **dict(CONFIGS['bert'], intermediate_size=32)
        )  # fmt: skip
    assert len(model.load_report.resized) == 3 and len(model.load_report.ignored) == 1
