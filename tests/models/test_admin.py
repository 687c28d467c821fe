"""Admin: the factors are what has added up before them, and fold into the norms."""

import numpy as np
import pytest

from gplinker_kit.backend import Model
from gplinker_kit.models import admin
from gplinker_kit.models.checkpoint.loading import layers_and_names
from tests.models.tiny import batch, build

KINDS = {'gau_alpha': ('GatedAttentionUnit',)}


def sublayers(model):
    kinds = KINDS.get(model, ('MultiHeadSelfAttention', 'FeedForward'))
    return ['Transformer-%d-%s' % (i, kind) for i in (0, 1) for kind in kinds]


def admin_model(model, **options):
    wrapper = build(model, num_hidden_layers=2, residual='admin', **options)
    rng = np.random.RandomState(0)
    for layer in wrapper.model.layers:  # all but the factors, which a profile would overwrite
        if not layer.name.endswith('-Residual'):
            layer.set_weights([rng.normal(0.1, 0.4, value.shape) for value in layer.get_weights()])
    return wrapper


@pytest.mark.smoke
@pytest.mark.parametrize('model, options', [('bert', {'dropout_rate': 0.5}), ('gau_alpha', {})])
def test_every_factor_is_what_has_added_up(model, options):
    wrapper, inputs = admin_model(model, **options), batch()
    found = admin.profile(wrapper.model, inputs)
    names = sublayers(model)
    assert list(found) == [name + '-Residual' for name in names]
    for name in names:
        (omega,) = wrapper.layers[name + '-Residual'].get_weights()
        np.testing.assert_allclose(omega, found[name + '-Residual'], rtol=1e-6)
    branches = [name + '-Dropout' if options else name for name in names]
    inner = ['Embedding-Dropout' if options and model == 'bert' else 'Embedding-Norm']
    inner += [name + '-Norm' for name in names[:-1]]
    tensors = [wrapper.layers[name].output for name in inner + branches]
    values = [np.asarray(x) for x in Model(wrapper.model.inputs, tensors).predict_on_batch(inputs)]
    mask = inputs[0] != 0
    expected = 1.0
    for name, x, branch in zip(names, values, values[len(inner):]):
        assert found[name + '-Residual'] == pytest.approx(expected, rel=1e-4)
        expected = np.sqrt(np.var((expected * x)[mask]) + np.var(branch[mask]))
    assert expected > 1.1


def test_padding_does_not_count():
    wrapper, inputs = admin_model('bert', max_position=24), batch()
    found = admin.profile(wrapper.model, inputs)
    again = admin.profile(wrapper.model, [np.pad(x, ((0, 0), (0, 5)), 'constant') for x in inputs])
    assert again == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize('model, options', [
    ('bert', {'embedding_size': 24, 'hidden_act': ['gelu', 'linear']}),
    ('gau_alpha', {'norm': 'layer', 'stack': 'scan'}),
    ('flash', {'norm': 'layer'}),
    ('mc_tfm', {'norm': 'layer'}),
    ('bert', {'attention': 'linear'}),
], ids=str)  # fmt: skip
def test_folding_changes_nothing(model, options):
    wrapper = randomise_factors(build(model, num_hidden_layers=2, residual='admin', **options))
    plain = build(model, num_hidden_layers=2, checkpoint_path=admin.fold(wrapper), **dict(options, stack='unrolled'))
    assert not plain.load_report.untouched and not plain.load_report.unused_layers
    found, expected = (np.asarray(each.model.predict_on_batch(batch())) for each in (plain, wrapper))
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-5)  # values up to 3, divided and multiplied


def randomise_factors(wrapper):
    """Random weights, whose factors and gains do not come near 0."""
    rng, arrays = np.random.RandomState(5), {}
    for layer, names in layers_and_names(wrapper, wrapper.variable_mapping()):
        for name, weight in zip(names, layer.weights):
            shape = tuple(int(size) for size in weight.shape)
            near_one = name.endswith(('alpha', 'gamma'))
            arrays[name] = rng.uniform(0.7, 1.6, shape) if near_one else rng.normal(0, 0.3, shape)
    wrapper.load_weights_from_checkpoint(arrays)
    return wrapper


def test_norms_without_a_gain_cannot_take_the_factors():
    with pytest.raises(ValueError, match='admin.fold: the norm Embedding-Norm must have a gain and a shift'):
        admin.fold(build('roformer_v2', residual='admin'))


def test_a_factor_of_zero_and_models_without_factors():
    wrapper = build('bert', residual='admin')
    layer = wrapper.layers['Transformer-0-FeedForward-Residual']
    layer.set_weights([np.zeros(32)])
    with pytest.raises(ValueError, match='admin.fold: a factor of Transformer-0-FeedForward is 0'):
        admin.fold(wrapper)
    plain = build('bert')
    with pytest.raises(ValueError, match="admin.fold: the model must be built with residual='admin'"):
        admin.fold(plain)
    with pytest.raises(ValueError, match='admin.profile: the model has no sums with factors'):
        admin.profile(plain.model, batch())
