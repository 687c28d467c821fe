"""A few steps of a small model over two devices of Keras 3, in a process of its own; test_horovod.py takes it too.

    python -m tests.backend.spread keras|tensorflow OUT.npz

JAX learns from XLA_FLAGS that there are two.
"""

import sys

import numpy as np

from gplinker_kit.adversarial import adversarial_training, gradient_penalty
from gplinker_kit.backend import Input, Model, distribute, layers, ops, set_random_seed, workers
from gplinker_kit.fitting import close_update, train_step
from gplinker_kit.optimizers import Adam, extend_with_gradient_accumulation
from gplinker_kit.recipe import Recipe

RECIPE = Recipe(accumulate=2)
SIZES = (5, 5, 5)  # of the batches; shares of two have one text too much, and the last update has one batch


def squares(wanted, scores):
    """A loss for each text."""
    return ops.sum(ops.square(scores - wanted), axis=-1)


def batch(seed, size):
    random = np.random.RandomState(seed)
    return [random.randint(0, 30, (size, 4)).astype('int32')], [random.normal(0, 1, (size, k)) for k in (2, 3)]


def trained(sizes=SIZES, adversarial=False):
    """Returns {name: array}: the losses, the weights before and after, and scores of three texts."""
    set_random_seed(1)
    tokens = Input((4,), dtype='int32')
    x = layers.GlobalAveragePooling1D()(layers.Embedding(30, 8, name='table')(tokens))
    model = Model([tokens], [layers.Dense(2)(x), layers.Dense(3)(x)])
    first = model.get_weights()
    if adversarial:
        model = adversarial_training(gradient_penalty(model, 'table', 0.1), 'table', 0.5)
    # Both the clipping and the order of the two matter: the sum of the shares is what is clipped.
    optimizer = extend_with_gradient_accumulation(Adam)(0.01, global_clipnorm=0.5, grad_accum_steps=RECIPE.accumulate)
    model.compile(loss=[squares, squares], optimizer=optimizer)
    losses = []
    for done, size in enumerate(sizes, 1):
        losses.append(train_step(model, *batch(done, size)))
        close_update(model, RECIPE, done, len(sizes))
    found = {'losses': np.array(losses), 'parts': workers().parts}
    for name, arrays in (('first', first), ('weights', model.get_weights()),
                         ('scores', workers().predict_on_batch(model, batch(0, 3)[0]))):
        found.update(('%s%d' % (name, k), np.asarray(array)) for k, array in enumerate(arrays))
    return found


def two_devices():
    """Makes TensorFlow see two devices of this CPU."""
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices('CPU')[0], [tf.config.LogicalDeviceConfiguration()] * 2)


def main(kind, out):
    if kind == 'tensorflow':
        two_devices()
    distribute(kind)
    np.savez(out, **trained())


if __name__ == '__main__':
    main(*sys.argv[1:])
