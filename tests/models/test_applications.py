"""lm and unilm: who sees whom, against masks written out, for our models and for those that users write."""

import numpy as np
import pytest

from gplinker_kit.backend import Layer
from gplinker_kit.models import (
    BERT,
    LM_Mask,
    RoFormerV2,
    UniLM_Mask,
    build_transformer_model,
    extend_with_language_model,
    extend_with_unified_language_model,
)
from gplinker_kit.models.masks import causal_mask, prefix_mask
from tests.helpers import compute
from tests.models.test_transformer import train
from tests.models.tiny import ARCHITECTURES, CONFIGS, batch, build, randomise
from tests.models.user_models import UserGAU

SEGMENTS = np.array([[0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])


def causal(length):
    """Loops: j ≤ i."""
    return np.array([[j <= i for j in range(length)] for i in range(length)])


def prefix(segments):
    """Loops, of what UniLM says: the source sees the source, a target token the source and the target up to itself.

    A row is source, target, padding (0 again): padding sees all before it, as the last target token does.
    """
    rows = []
    for row in segments:
        row = list(row)
        first = row.index(1) if 1 in row else len(row)
        last = len(row) - row[::-1].index(1) - 1 if 1 in row else -1
        rows.append([
            [j < first or j <= min(i, last) or (i >= last and j > last) if i >= first else j < first
             for j in range(len(row))]
            for i in range(len(row))
        ])  # fmt: skip
    return np.array(rows)


def test_the_masks_are_what_the_loops_say():
    ours = compute(lambda x: causal_mask(5) & (x[0] > 0), np.ones(5))
    assert ours.dtype == bool and np.array_equal(ours, causal(5))
    for dtype in ('float32', 'int32'):
        ours = compute(prefix_mask, SEGMENTS.astype(dtype))
        assert ours.dtype == bool and np.array_equal(ours, prefix(SEGMENTS))


def reached(model, tokens, segments):
    """Which outputs (n,) of the only text change with each of its tokens: boolean (token, output)."""
    changed = np.repeat(tokens, 1 + tokens.shape[1], axis=0)
    for i in range(tokens.shape[1]):
        changed[1 + i, i] = changed[0, i] % 48 + 1
    outputs = model.predict([changed, np.repeat(segments, len(changed), axis=0)])
    return np.abs(outputs[1:] - outputs[0]).max(-1) > 1e-4


@pytest.mark.parametrize('application', ['LM', 'UniLM'])
@pytest.mark.parametrize('model', ARCHITECTURES + (UserGAU,))
def test_each_token_reaches_those_that_may_see_it(model, application):
    config = CONFIGS.get(model, CONFIGS['gau_alpha'])
    wrapper = build(model, application=application, **config)
    name = {'LM': 'Attention-LM-Mask', 'UniLM': 'Attention-UniLM-Mask'}[application]
    assert wrapper.with_mlm is True and wrapper.model.output_shape[-1] == 50
    assert isinstance(wrapper.layers[name], Layer) and isinstance(wrapper, type(wrapper).__mro__[2])
    randomise(wrapper.model, seed=1)
    tokens = batch(size=1, length=6)[0]
    segments = SEGMENTS[:1]
    expected = causal(6) if application == 'LM' else prefix(segments)[0]
    if application == 'LM':
        segments = 0 * segments
    assert np.array_equal(reached(wrapper.model, tokens, segments), expected.T)


@pytest.mark.parametrize('model', ['roformer_v2', UserGAU])
def test_an_encoder_and_its_language_model_share_weights_and_train(model):
    config = CONFIGS.get(model, CONFIGS['gau_alpha'])
    encoder = build(model, **config)
    wrapper = build(model, application='unilm', with_mlm='linear', layers=encoder.layers, **config)
    assert wrapper.layers is encoder.layers and wrapper.with_mlm == 'linear'
    before = encoder.model.get_weights()
    losses = train(wrapper.model)
    assert losses[-1] < losses[0]
    assert all(not np.array_equal(a, b) for a, b in zip(before, encoder.model.get_weights()))


def test_users_mix_the_masks_into_their_classes():
    class Writer(LM_Mask, RoFormerV2):
        pass

    class Pair(UniLM_Mask, BERT):
        def __init__(self, **kwargs):
            super(Pair, self).__init__(**kwargs)  # noqa: UP008  (as published)
            self.with_mlm = 'linear'

    writer = build_transformer_model(model=Writer, return_keras_model=False, **CONFIGS['roformer_v2'])
    assert 'Attention-LM-Mask' in writer.layers and writer.model.output_shape[-1] == 32
    pair = build_transformer_model(model=Pair, return_keras_model=False, **CONFIGS['bert'])
    assert 'Attention-UniLM-Mask' in pair.layers and pair.model.output_shape[-1] == 50


@pytest.mark.parametrize('extend', [extend_with_language_model, extend_with_unified_language_model])
def test_extended_classes_build_by_hand(extend):
    cls = extend(RoFormerV2)
    wrapper = cls(**CONFIGS['roformer_v2'])
    wrapper.build(**CONFIGS['roformer_v2'])  # scripts pass everything to both
    named = 'lm' if extend is extend_with_language_model else 'unilm'
    by_name = build('roformer_v2', application=named)
    assert [layer.name for layer in wrapper.model.layers] == [layer.name for layer in by_name.model.layers]
    with pytest.raises(ValueError, match='unknown keyword argument .layer_norm_conds.. Did you mean .layer_norm_cond'):
        wrapper.build(layer_norm_conds=None)


def test_heads_stand_beside_the_predicted_tokens():
    wrapper = build('bert', application='unilm', with_pool=True)
    assert [tuple(shape[1:]) for shape in wrapper.model.output_shape] == [(32,), (None, 50)]


def test_other_models_without_tokens_to_predict_are_refused():
    class Other:
        def __init__(self, **kwargs):
            pass

    with pytest.raises(ValueError, match='Other has no option with_mlm'):
        extend_with_language_model(Other)()


@pytest.mark.smoke
def test_forward_and_backward():
    wrapper = build('bert', application='unilm', with_mlm='linear')
    assert np.all(np.isfinite(train(wrapper.model)))
