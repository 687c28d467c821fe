"""What one step changes in a fresh model, by its depth and the scheme of its residual sums; sizes of its gradients."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.attention import slope
from studies import patterns

VOCABULARY = 30
# Of sums α·x + F(x) of N blocks, and the gain λ of v, o and both matrices of the feed-forward network: what the builder
# is asked for, by N.
SCHEMES = {
    'Post-Norm': lambda blocks: {},
    'Pre-Norm': lambda blocks: {'norm_position': 'pre'},
    'DeepNorm': lambda blocks: {'residual': 'deepnorm'},
    'for SGD': lambda blocks: {'residual': 'sgd'},
    'for Adam': lambda blocks: {'residual': 'adam'},
    'for LAMB': lambda blocks: {'residual': 'lamb'},
    'alpha only': lambda blocks: {'residual': ((2.0 * blocks) ** 0.5, 1.0)},
}
# The theory's α and λ as powers of N; the gradient of a matrix goes as λ/α.
POWERS = {
    'Post-Norm': (0, 0), 'DeepNorm': (0.25, -0.25), 'for SGD': (0.25, -0.25), 'for Adam': (0.5, -0.5),
    'for LAMB': (0, -0.5), 'alpha only': (0.5, 0),
}  # fmt: skip
RATES = {'sgd': 0.1, 'sign': 1e-4, 'lamb': 1e-3}
MATRICES = {
    'q': 'query_kernel', 'k': 'key_kernel', 'v': 'value_kernel', 'o': 'output_kernel',
    'FFN 1': 'inner_0_kernel', 'FFN 2': 'output_kernel',
}  # fmt: skip
MEASURES = ('squares', 'sum', 'lamb')  # ‖∇‖², ‖∇‖₁ and Σ ‖θ‖‖∇‖₁: what ΔL of a step of SGD, Adam, LAMB is made of


def expected_slope(scheme, measure):
    """The theory's power of N of a measure, None for pre-norm, of which it says nothing without a scheme."""
    if scheme not in POWERS:
        return None
    alpha, gain = POWERS[scheme]
    gradient = gain - alpha
    return {'squares': 1 + 2 * gradient, 'sum': 1 + gradient, 'lamb': 1 + gradient + gain}[measure]


def matrix_slope(scheme, matrix):
    """The theory's power of N of the gradient of one matrix, None for pre-norm.

    λ/α; what q and k change passes v and o, which carry λ each: λ²/α.
    """
    if scheme not in POWERS:
        return None
    alpha, gain = POWERS[scheme]
    return (2 if matrix in ('q', 'k') else 1) * gain - alpha


def fitted_slope(depths, values):
    """The slope of log(values) by log(depths), least squares."""
    return float(slope(np.log(depths), np.log(values)))


def build(scheme, blocks, width, seed):
    """Returns (model that guesses hidden tokens, model over its weights that ends with the last block)."""
    from gplinker_kit.backend import Model

    options = SCHEMES[scheme](blocks)
    model = patterns.build(
        'roformer', VOCABULARY, seed, hidden_size=width, num_hidden_layers=blocks, num_attention_heads=2,
        intermediate_size=4 * width, hidden_act='relu', initialization='xavier', stack='scan', **options)
    last = 'Final-Norm' if 'norm_position' in options else 'Transformer-Stack'
    return model, Model(model.inputs, model.get_layer(last).output)


def is_matrix(name):
    return name.startswith('Transformer-') and name.endswith('kernel')


def is_vector(name):
    """Biases of the blocks, and factors and shifts of their norms."""
    return name.startswith('Transformer-') and not name.endswith('kernel')


def point(scheme, blocks, width, rows, length, seed):
    """Measures one fresh model; returns {name: float}.

    squares, sum, lamb: see `MEASURES`, of the blocks' matrices; vectors squares, vectors sum: of their biases and
    norms. RULE loss, RULE output: what one step of the matrices by RATES[RULE] changes, the loss and (root mean square)
    the last block's output. alike: mean cosine of the outputs of two positions of a row. loss.
    """
    from gplinker_kit.models import measure

    model, encoder = build(scheme, blocks, width, seed)
    tokens, wanted = patterns.rows(rows, length, VOCABULARY, np.random.RandomState(seed))
    gradients, changes = measure.step_changes(
        model, tokens, wanted, patterns.hidden_crossentropy, RATES, encoder, is_matrix)
    norms = measure.norms(gradients)
    matrices = measure.total({name: norm for name, norm in norms.items() if is_matrix(name)})
    vectors = measure.total({name: norm for name, norm in norms.items() if is_vector(name)})
    sizes = weight_sizes(model, blocks)
    found = {'loss': changes['sgd'].loss, 'squares': matrices.l2**2, 'sum': matrices.l1,
             'lamb': sum(sizes[name] * norm.l1 for name, norm in norms.items() if is_matrix(name)),
             'vectors squares': vectors.l2**2, 'vectors sum': vectors.l1,
             'alike': likeness(np.asarray(encoder.predict_on_batch(tokens)))}
    for rule, change in changes.items():
        found.update({rule + ' loss': change.loss_change, rule + ' output': change.output_change})
    return found


def weight_sizes(model, blocks):
    """{matrix name: ‖θ‖ / √count} of the blocks of a stack."""
    stack = model.get_layer('Transformer-Stack')
    values, found = iter(stack.get_weights()), {}
    for pattern, specs in zip(stack.names, stack.cell.weights):
        for spec in specs:
            value = next(values)
            sizes = np.sqrt(np.square(value, dtype='float64').reshape(blocks, -1).mean(axis=1))
            found.update(('%s/%s' % (pattern % index, spec[0]), float(size)) for index, size in enumerate(sizes))
    return found


def likeness(outputs):
    """Mean cosine of different positions of a row: outputs (b, n, e) -> float, 1 where a row's tokens are all alike."""
    units = outputs / np.linalg.norm(outputs, axis=-1, keepdims=True)
    count = outputs.shape[1]
    whole = np.square(units.sum(axis=1)).sum(axis=-1)
    return float(np.mean((whole - count) / (count * (count - 1))))


def matrix_sizes(scheme, blocks, width, rows, length, seed):
    """Returns {matrix: [root mean square of its gradient in each block]}."""
    from gplinker_kit.models import measure

    model, _ = build(scheme, blocks, width, seed)
    tokens, wanted = patterns.rows(rows, length, VOCABULARY, np.random.RandomState(seed))
    norms = measure.gradient_norms(model, tokens, wanted, patterns.hidden_crossentropy)
    found = {}
    for matrix, weight in MATRICES.items():
        layer = 'FeedForward' if 'FFN' in matrix else 'MultiHeadSelfAttention'
        each = [norms['Transformer-%d-%s/%s' % (index, layer, weight)] for index in range(blocks)]
        found[matrix] = [norm.l2 / math.sqrt(norm.count) for norm in each]
    return found
