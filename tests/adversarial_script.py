"""What scripts for TF 1.15 and Keras 2.3.1 do by hand: the fast gradient method (FGM) and a gradient penalty.

The method here takes the table of embeddings through numpy, as is common; examples/migration has one
that stays in the graph.
"""

import contextlib

import numpy as np

from gplinker_kit.backend import K, search_layer


def table_of(output, layer_name):
    """Returns the weights of the embedding layer of that name below a tensor."""
    return search_layer(output, layer_name).embeddings


@contextlib.contextmanager
def moved(table, step):
    """Adds an array to a variable for as long as the context lasts."""
    at_rest = K.get_value(table)
    K.set_value(table, at_rest + step)
    yield
    K.set_value(table, K.get_value(table) - step)


def train_on_attacked(model, layer_name, length):
    """Gives a compiled model a train function whose embeddings stand a step up the loss while it learns."""
    table = table_of(model.output, layer_name)
    slope, = K.gradients(model.total_loss, [table])
    feeds = model._feed_inputs + model._feed_targets + model._feed_sample_weights
    measure = K.function(feeds, [K.zeros_like(table) + slope])  # the sum is dense
    model._make_train_function()
    learn = model.train_function

    def attack_and_learn(batch):
        direction, = measure(batch)
        with moved(table, length * direction / (np.sqrt(np.sum(direction**2)) + 1e-8)):
            return learn(batch)

    model.train_function = attack_and_learn


def log_loss(labels, probabilities):
    """Cross-entropy in plain operations: TensorFlow's own has no second derivative."""
    classes = K.int_shape(probabilities)[-1]
    of_label = K.batch_dot(K.one_hot(K.cast(labels[:, 0], 'int32'), classes), probabilities, axes=1)
    return -K.log(of_label[:, 0] + K.epsilon())


def penalised(loss, layer_name, weight):
    """Returns a loss function: a mean loss and half the squared length of its gradient at an embedding's places."""

    def with_penalty(labels, outputs):
        mean = K.mean(loss(labels, outputs))
        slope, = K.gradients(mean, [table_of(outputs, layer_name)])
        return mean + weight / 2 * K.sum(K.square(slope.values))

    return with_penalty
