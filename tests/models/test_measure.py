"""The measuring tools against a model worked by hand, and the increments of deep models."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, Model, ops
from gplinker_kit.layers import Dense, Dropout, Embedding
from gplinker_kit.models import measure
from tests.models.tiny import build

RNG = np.random.RandomState(0)
X, Y = RNG.normal(size=(4, 3)).astype('float32'), RNG.normal(size=(4, 2)).astype('float32')


def linear():
    """y = (x·A + b)·C, with dropout that must not be on."""
    x = Input((3,))
    model = Model(x, Dense(2, use_bias=False, name='two')(Dropout(0.5)(Dense(5, name='one')(x))))
    model.set_weights([RNG.normal(size=w.shape) for w in model.get_weights()])
    return model


def by_hand(model):
    """(loss, {name: gradient}) of the mean square in float64."""
    a, b, c = [w.astype('float64') for w in model.get_weights()]
    hidden = X @ a + b
    difference = hidden @ c - Y
    behind = 2 * difference / difference.size
    gradients = {'one/kernel': X.T @ behind @ c.T, 'one/bias': (behind @ c.T).sum(0), 'two/kernel': hidden.T @ behind}
    return np.mean(difference**2), gradients


@pytest.mark.smoke
def test_gradients_and_norms_of_a_linear_model():
    model = linear()
    loss, expected = by_hand(model)
    found_loss, found = measure.gradients(model, X, Y, 'mse')
    assert found_loss == pytest.approx(loss, rel=1e-5) and list(found) == list(expected)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-4, atol=1e-5)
    norms = measure.gradient_norms(model, [X], Y, lambda y_true, y_pred: (y_true - y_pred) ** 2)
    for name, gradient in expected.items():
        assert norms[name] == pytest.approx((np.abs(gradient).sum(), np.linalg.norm(gradient), gradient.size), rel=1e-4)
    everything = np.concatenate([gradient.ravel() for gradient in expected.values()])
    assert measure.total(norms) == pytest.approx((np.abs(everything).sum(), np.linalg.norm(everything), 30), rel=1e-4)
    layers = measure.by_layer(norms)
    assert list(layers) == ['one', 'two'] and layers['one'].count == 20 and layers['two'] == norms['two/kernel']
    one = np.concatenate([expected['one/kernel'].ravel(), expected['one/bias']])
    assert layers['one'][:2] == pytest.approx((np.abs(one).sum(), np.linalg.norm(one)), rel=1e-4)


@pytest.mark.smoke
@pytest.mark.parametrize('rule', ['sgd', 'sign', 'lamb'])
def test_what_one_step_changes(rule):
    model, rate = linear(), 1e-3
    before, (loss, gradients) = model.get_weights(), by_hand(model)
    # LAMB's step is as long as the weight itself, times the rate.
    sizes = [1.0 if rule == 'sign' else np.linalg.norm(w) / np.sqrt(w.size) for w in before]
    steps = [-rate * (g if rule == 'sgd' else size * np.sign(g)) for g, size in zip(gradients.values(), sizes)]
    found = measure.step_change(model, X, Y, 'mse', rule, rate)
    after = [w + step for w, step in zip(before, steps)]
    change = (X @ after[0] + after[1]) @ after[2] - (X @ before[0] + before[1]) @ before[2]
    model.set_weights(after)
    assert found.loss == pytest.approx(loss, rel=1e-5)
    assert found.loss_change == pytest.approx(by_hand(model)[0] - loss, rel=2e-2)
    assert found.output_change == pytest.approx(np.sqrt(np.mean(change**2)), rel=1e-3)
    assert found.update.l2 == pytest.approx(np.sqrt(sum(np.sum(step**2) for step in steps)), rel=1e-4)
    norm = sum(np.sum(g**2) if rule == 'sgd' else s * np.abs(g).sum() for g, s in zip(gradients.values(), sizes))
    assert found.loss_change == pytest.approx(-rate * norm, rel=0.1)
    if rule == 'lamb':
        assert found.update.l2 == pytest.approx(rate * np.sqrt(sum(np.sum(w**2) for w in before)), rel=1e-4)


def test_the_weights_are_put_back():
    model = linear()
    before = model.get_weights()
    watched = Model(model.inputs, model.get_layer('one').output)
    found = measure.step_change(model, X, Y, 'mse', 'sign', 0.01, watched)
    assert all(np.array_equal(one, two) for one, two in zip(before, model.get_weights()))
    # Three inputs and a bias move by 0.01 each, up or down.
    assert 0 < found.output_change < 0.01 * (1 + np.abs(X).sum(1).max())
    with pytest.raises(ValueError, match="unknown rule 'signs'. Did you mean 'sign'"):
        measure.step_change(model, X, Y, 'mse', 'signs')


def test_several_steps_from_one_gradient():
    """Each as it is alone, of chosen weights, and LAMB's by the weights of a block, not of all blocks together."""
    wrapper = build('roformer', num_hidden_layers=2, segment_vocab_size=0, stack='scan')
    model, tokens, targets = wrapper.model, np.arange(1, 9).reshape(2, 4), np.ones((2, 4, 32))
    model.set_weights([RNG.normal(0, 0.2, w.shape) * np.linspace(1, 3, len(w)).reshape((-1,) + (1,) * (w.ndim - 1))
                       for w in model.get_weights()])
    rates = {'sgd': 1e-3, 'lamb': 1e-4}
    gradients, changes = measure.step_changes(model, tokens, targets, 'mse', rates)
    for rule, rate in rates.items():
        alone = measure.step_change(model, tokens, targets, 'mse', rule, rate)
        assert changes[rule][:3] == pytest.approx(alone[:3], rel=1e-3)
        assert changes[rule].update == pytest.approx(alone.update, rel=1e-4)
    assert measure.total(measure.norms(gradients)).l2 * 1e-3 == pytest.approx(changes['sgd'].update.l2, rel=1e-4)
    moved = measure.step_changes(model, tokens, targets, 'mse', rates, moved=lambda name: 'kernel' in name)[1]
    stack = wrapper.layers['Transformer-Stack']
    kernels = [block for w in stack.get_weights() if w.ndim == 3 for block in w.astype('float64')]
    assert len(kernels) == 12 and moved['lamb'].update.count == sum(w.size for w in kernels)
    # Of blocks as large as 1 and 3; √5 in both would be 12% more. Entries without a gradient stay.
    expected = 1e-4 * sum(np.linalg.norm(w) * w.size**0.5 for w in kernels)
    assert moved['lamb'].update.l1 == pytest.approx(expected, rel=0.03)
    with pytest.raises(ValueError, match='moved names none of the weights'):
        measure.step_changes(model, tokens, targets, 'mse', rates, moved=lambda name: False)


def test_activations_and_rows_of_a_table_that_nobody_looks_up():
    ids = Input((2,), dtype='int32')
    x = Embedding(5, 3, name='table')(ids)
    model = Model(ids, Dense(1, name='end')(x))
    table, kernel, bias = (RNG.normal(size=w.shape).astype('float32') for w in model.get_weights())
    model.set_weights([table, kernel, bias])
    rows = np.array([[1, 4], [1, 1]])
    found = measure.activation_rms(model, rows)
    assert sorted(found) == ['end', 'table']
    assert found['table'] == pytest.approx(np.sqrt(np.mean(table[rows] ** 2)), rel=1e-5)
    assert found['end'] == pytest.approx(np.sqrt(np.mean((table[rows] @ kernel + bias) ** 2)), rel=1e-5)
    gradient = measure.gradients(model, rows, np.zeros((2, 2, 1)), 'mse')[1]['table/embeddings']
    assert np.abs(gradient).sum(1).nonzero()[0].tolist() == [1, 4]


def test_models_that_cannot_be_measured():
    x = Input((3,))
    two = Model(x, [Dense(1)(x), Dense(1)(x)])
    with pytest.raises(ValueError, match='measure: a functional Keras model with one output is needed'):
        measure.gradients(two, X, Y, 'mse')


# === The increments of deep models: the table of kexue.fm/archives/8978, in shape ===


def increments(blocks, **options):
    """(‖∇‖₂², ‖∇‖₁, norms) of the blocks' weights at the start of a masked language model of periodic texts."""
    wrapper = build(
        'roformer', vocab_size=24, hidden_size=16, num_attention_heads=2, intermediate_size=64, hidden_act='relu',
        num_hidden_layers=blocks, segment_vocab_size=0, initialization='xavier', stack='scan', with_mlm='linear',
        **options,
    )  # fmt: skip
    rng = np.random.RandomState(1)
    wrapper.model.set_weights(start(wrapper, rng))
    tokens = np.tile(rng.randint(2, 24, (16, 4)), (1, 3))
    labels, hidden = tokens.copy(), rng.rand(16, 12) < 0.3
    norms = measure.gradient_norms(wrapper.model, np.where(hidden, 1, tokens), labels, cross_entropy)
    found = measure.total({name: norm for name, norm in norms.items() if name.startswith('Transformer-')})
    return found.l2**2, found.l1, norms


def start(wrapper, rng):
    """Weights that are the same on every stack, of the deviations that the model has drawn."""
    return [
        value if value.std() == 0 else rng.normal(0, value.std(), value.shape) for value in wrapper.model.get_weights()
    ]


def cross_entropy(labels, logits):
    picked = ops.one_hot(ops.cast(labels, 'int32'), 24)
    return -ops.sum(ops.cast(picked, 'float32') * ops.log_softmax(logits), axis=-1)


@pytest.mark.once
def test_increments_grow_with_depth_or_not():
    """From 3 to 12 blocks. Post-norm: both norms grow as the depth, pre-norm: more slowly; the scheme for Adam: ‖∇‖₁ is
    nearly flat; that for SGD, and DeepNorm: ‖∇‖₂ is, while ‖∇‖₁ still grows; that for LAMB: ‖∇‖₁ times the gain.
    """
    growth = {}
    for residual in ('plain', 'pre', 'adam', 'sgd', 'lamb', 'deepnorm'):
        options = {'norm_position': 'pre'} if residual == 'pre' else {'residual': residual}
        shallow, deep = (increments(blocks, **options) for blocks in (3, 12))
        growth[residual] = deep[0] / shallow[0], deep[1] / shallow[1]
    assert growth['plain'][0] > 2 and growth['plain'][1] > 2.3
    assert growth['adam'][1] < 1.8 and growth['deepnorm'][0] < 1.8
    assert growth['deepnorm'][1] > 1.2
    assert growth['sgd'][0] < 1.8 and growth['sgd'][1] > 1.2
    assert 0.5 * growth['lamb'][1] < 1.3 < growth['lamb'][1]  # its gain is (2N)^(-1/2)
    assert 1.2 < growth['pre'][1] and growth['pre'][0] < growth['plain'][0]


def test_queries_and_keys_hardly_matter():
    """Why DeepNorm leaves them alone."""
    norms = increments(6, residual='deepnorm')[2]

    def mean(part):
        return np.mean([norm.l2 for name, norm in norms.items() if name.endswith('/%s_kernel' % part)])

    assert max(mean('query'), mean('key')) < 0.3 * min(mean('value'), mean('output'))
