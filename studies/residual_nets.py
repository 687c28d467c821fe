"""Nets of N equal blocks, plain and residual: what is in them, how large things are when they are fresh, and training.

F(x) = relu(x·A)·B, A (d, 2d), B (2d, d), without biases, as large as x when fresh (He's initial values), or orthogonal
there: A = [Q, -Q], B = [P; -P] with orthogonal Q, P make F(x) = x·Q·P. The blocks of a net are one layer, a loop over
stacked matrices, so that a thousand of them are built as fast as ten.
"""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np

from studies.residual_growth import orthogonal

# residual: None for a net without x + …, else the function of N that is ε. norm: whether each block ends with one.
Kind = namedtuple('Kind', 'residual norm orthogonal')
KINDS = {
    'plain, He': Kind(None, False, False),
    'plain, layer norm': Kind(None, True, False),
    'plain, orthogonal': Kind(None, False, True),
    'residual, ε = 1': Kind(lambda n: 1.0, False, False),
    'residual, ε = 1, layer norm': Kind(lambda n: 1.0, True, False),
    'residual, ε = 1/√N': Kind(lambda n: n**-0.5, False, False),
}
CLASSES = 4
RATES = (1e-5, 1e-2)  # of the steps of SGD whose effect is looked at
# forward: RMS of the last block's output by that of the input. backward: the same of the loss's gradients, from the
# last block's output to the input. squares: of the gradients of all matrices in blocks. small, large: what one step
# of SGD by each of `RATES` changes the loss by.
Fresh = namedtuple('Fresh', 'forward backward squares small large')


def build(kind, blocks, width):
    """Returns (model x (b, d) -> logits (b, 4), the layer of the blocks, the last layer)."""
    from gplinker_kit.backend import Input, Model
    from gplinker_kit.layers import Dense, FeedForward, LayerNormalization, Residual
    from gplinker_kit.models.block_stack import BLOCK_INPUT, BlockStack, Step

    residual, norm, _ = KINDS[kind]
    layers = {'Block-%d-FeedForward': FeedForward(2 * width, 'relu', use_bias=False)}
    steps = [Step(0, [BLOCK_INPUT], False, {})]
    if residual is not None:
        steps.append(Step(len(layers), [BLOCK_INPUT, 0], True, {}))
        layers['Block-%d-Residual'] = Residual(epsilon=residual(blocks))
    if norm:
        steps.append(Step(len(layers), [len(steps) - 1], False, {}))
        layers['Block-%d-Norm'] = LayerNormalization(scale=False, offset=False)
    x = Input((width,))
    stack = BlockStack(blocks, list(layers.values()), list(layers), steps, name='Blocks')
    head = Dense(CLASSES, use_bias=False, name='Head')
    return Model([x], head(stack(x))), stack, head


def initialise(model, kind, seed):
    """Draws the matrices anew."""
    random, fresh = np.random.RandomState(seed), []
    for weight in model.get_weights():
        rows, columns = weight.shape[-2:]
        if weight.ndim == 2:
            value = random.normal(0, rows**-0.5, weight.shape)
        elif KINDS[kind].orthogonal:
            halves = np.stack([orthogonal(min(rows, columns), random) for _ in range(len(weight))])
            value = np.concatenate([halves, -halves], axis=2 if columns > rows else 1)
        else:  # relu keeps half of the mean square
            value = random.normal(0, (2.0 / rows) ** 0.5 if columns > rows else rows**-0.5, weight.shape)
        fresh.append(value.astype('float32'))
    model.set_weights(fresh)


def task(count, width, random):
    """Returns (x (count, d), classes (count, 1)): in which quadrant of one fixed plane x lies."""
    plane = np.random.RandomState(1234).normal(size=(width, 2))
    x = random.normal(size=(count, width)).astype('float32')
    return x, ((x @ plane > 0) @ np.array([1, 2]))[:, None].astype('int32')


def crossentropy(y_true, y_pred):
    from gplinker_kit.backend import keras

    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)


def tables(stack, head, width, count):
    """Returns a model of the same blocks whose input and last hidden vectors are weights, as many as `count` rows.

    Rows of the identity choose among them, so that the gradients of the weights are those of the vectors. What is added
    to the last ones is to be 0.
    """
    from gplinker_kit.backend import Input, Model
    from gplinker_kit.layers import Add, Dense

    rows = Input((count,))
    start, end = (Dense(width, use_bias=False, name=name) for name in ('Start', 'End'))
    return Model([rows], head(Add()([stack(start(rows)), end(rows)])))


def measured(kind, blocks, width, seeds, count=32):
    """Returns `Fresh` for each seed."""
    from gplinker_kit.models import measure

    model, stack, head = build(kind, blocks, width)
    watched, found = tables(stack, head, width, count), []
    for seed in seeds:
        initialise(model, kind, seed)
        x, wanted = task(count, width, np.random.RandomState(seed))
        watched.get_layer('Start').set_weights([x])
        watched.get_layer('End').set_weights([np.zeros_like(x)])
        gradients = measure.gradients(watched, np.eye(count, dtype='float32'), wanted, crossentropy)[1]
        start, end = gradients.pop('Start/kernel'), gradients.pop('End/kernel')
        gradients.pop('Head/kernel')
        squares = sum(float(np.square(value.astype('float64')).sum()) for value in gradients.values())
        changes = [measure.step_change(model, x, wanted, crossentropy, 'sgd', rate).loss_change for rate in RATES]
        size = measure.activation_rms(model, x)['Blocks']
        found.append(Fresh(size / rms(x), ratio(rms(start), rms(end)), squares, *changes))
    return found


def rms(x):
    return float(np.sqrt(np.square(np.asarray(x, 'float64')).mean()))


def ratio(a, b):
    """a / b, which is not a number where b is 0 or nothing is finite."""
    return a / b if b else math.nan


def trained(kind, blocks, width, seeds, rates, steps, batch=32):
    """Trains with SGD; returns {(rate, seed): loss of each step}, which ends at one that is not finite.

    The model is built once: what differs are weights and the rate.
    """
    from gplinker_kit.fitting import train_step
    from gplinker_kit.optimizers import SGD

    model, _, _ = build(kind, blocks, width)
    model.compile(loss=crossentropy, optimizer=SGD(1.0))
    losses = {}
    for rate in rates:
        model.optimizer.learning_rate = rate
        for seed in seeds:
            initialise(model, kind, seed)
            random, curve = np.random.RandomState(seed), []
            while len(curve) < steps and (not curve or math.isfinite(curve[-1])):
                x, wanted = task(batch, width, random)
                curve.append(train_step(model, [x], wanted))
            losses[rate, seed] = curve
    return losses
