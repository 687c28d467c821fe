"""The constants of residual schemes against tables worked out by hand."""

import pytest

from gplinker_kit.models.residual_schemes import (
    Constants,
    DeepNorm,
    check_residual,
    deepnorm_constants,
    layer_arguments,
    scheme_constants,
)


@pytest.mark.parametrize('arguments, encoder, decoder', [
    (('encoder', 12), (2.2133638, 0.3194716), None),  # 24^(1/4), 96^(-1/4)
    (('decoder', None, 100), None, (3.7606031, 0.1880302)),  # 200^(1/4), 800^(-1/4)
    # (18⁴ · 6)^(1/16) = 2.3038415 times 0.81, and 0.87 divided by it; 18^(1/4), 72^(-1/4).
    (('encoder-decoder', 18, 6), (1.8661116, 0.3776302), (2.0597671, 0.3432945)),
])  # fmt: skip
def test_the_table_of_the_deepnet_paper(arguments, encoder, decoder):
    found = deepnorm_constants(*arguments)
    assert isinstance(found, DeepNorm)
    for side, wanted in zip(found, (encoder, decoder)):
        assert side is None if wanted is None else side == pytest.approx(wanted, rel=2e-6)


@pytest.mark.parametrize('arguments, words', [
    (('encoders', 3), "unknown architecture 'encoders'. Did you mean 'encoder'"),
    (('encoder', 3, 3), "architecture='encoder' takes decoder_layers=None. Received: 3"),
    (('decoder',), "architecture='decoder' takes decoder_layers=a positive integer. Received: None"),
    (('encoder-decoder', 0, 1), 'takes encoder_layers=a positive integer. Received: 0'),
])  # fmt: skip
def test_sides_of_an_architecture(arguments, words):
    with pytest.raises(ValueError, match=words):
        deepnorm_constants(*arguments)


@pytest.mark.parametrize('residual, position, alpha, gain', [
    ('sgd', 'post', 2, 1 / 2), ('adam', 'post', 4, 1 / 4), ('lamb', 'post', 1, 1 / 4),
    ('sgd', 'pre', 1, 1 / 4), ('adam', 'pre', 1, 1 / 16), ('lamb', 'pre', 1, 1 / 4),
])  # fmt: skip
def test_the_table_of_optimizers(residual, position, alpha, gain):
    """Eight blocks, so sixteen sub-layers, of two matrices each."""
    assert scheme_constants(residual, 16, position) == pytest.approx((alpha, gain))


@pytest.mark.parametrize('residual, alpha, gain', [('sgd', 2, 1 / 2), ('adam', 4, 1 / 4), ('lamb', 1, 1 / 4)])
def test_three_matrices_one_behind_the_other(residual, alpha, gain):
    """64 gated attention units. That of LAMB is GAU-α's own L^(-1/3)."""
    assert scheme_constants(residual, 64, matrices=3) == pytest.approx((alpha, gain))
    for power, scheme in ((0.5, 'sgd'), (1.0, 'adam')):  # the conditions themselves
        found = scheme_constants(scheme, 64, matrices=3)
        assert found.gain**2 / found.alpha == pytest.approx(64**-power)
        assert scheme_constants(scheme, 64, 'pre', 3).gain ** 2 == pytest.approx(64**-power)


def test_deepnorm_of_a_sublayer_is_that_of_the_table():
    for blocks in (1, 6, 1000):
        assert scheme_constants('deepnorm', 2 * blocks) == pytest.approx(deepnorm_constants('encoder', blocks).encoder)
    found = scheme_constants('deepnorm', 24, matrices=3)
    assert found.gain**2 / found.alpha == pytest.approx(48**-0.5)


@pytest.mark.parametrize('residual, arguments', [
    ('plain', {}), (1, {}), (0.25, {'epsilon': 0.25}), ((2, 0.5), {'alpha': 2.0}), ([1.0, 0.5], {}), ('lamb', {}),
    ('admin', {'learn_alpha': True}), ('rezero', {'epsilon': 0.0, 'learn_epsilon': True}),
    ('skipinit', {'epsilon': 0.0, 'learn_epsilon': True}),
])  # fmt: skip
def test_what_the_sum_is_made_with(residual, arguments):
    residual = check_residual(residual)
    assert layer_arguments(residual, scheme_constants(residual, 16)) == arguments
    assert scheme_constants((2.0, 0.5), 16) == Constants(2.0, 0.5)


@pytest.mark.parametrize('residual, position, words', [
    ('deepnrom', 'post', "Received: 'deepnrom'. Did you mean 'deepnorm'"),
    ('deepnorm', 'pre', "residual='deepnorm' is made for norm_position='post'"),
    ('admin', 'pre', "residual='admin' is made for norm_position='post'"),
    (-0.1, 'post', 'Received: -0.1'), (True, 'post', 'Received: True'), ((1, 2, 3), 'post', r'Received: \(1, 2, 3\)'),
])  # fmt: skip
def test_schemes_that_there_are_not(residual, position, words):
    with pytest.raises(ValueError, match=words):
        check_residual(residual, position)
