"""Adversarial training and gradient penalty: training options of any functional model, on both stacks.

    model = adversarial_training(model, 'Embedding-Token', epsilon=0.5)
    model.compile(loss=..., optimizer=...)
    model.fit(...)

Both return a new, uncompiled model over the same layers: compile and train that one. It predicts, evaluates and saves
as the given model, whose weights it shares, and may be extended by the other option too.
"""

import math
import numbers

from gplinker_kit.backend import Model, search_layer
from gplinker_kit.backend import adversarial as engine
from gplinker_kit.errors import hint


def adversarial_training(model, embedding_name='Embedding-Token', epsilon=1.0):
    """Trains on the worst nearby embedding (the fast gradient method).

    Each step takes the gradient g of the loss with respect to the whole table, with dropout off, adds
    ε · g / (‖g‖₂ + 1e-8) to it, makes the usual training step there, and takes the change back. The loss and the
    metrics shown are those at the perturbed table. A step costs two.

    Arguments:
        model: a functional Keras model that is not compiled yet; its losses may come from `compile` or from layers.
        embedding_name: name of the layer whose `embeddings` are perturbed, as `search_layer` finds it.
        epsilon: number above 0, the Euclidean length of the change.
    Returns:
        A model to compile.
    Raises:
        ValueError: no such layer (with the nearest name), or it is frozen; a model that is compiled or no functional
            one; an epsilon that is no positive number.

    Source: Miyato et al., 2017 (arXiv:1605.07725), https://kexue.fm/archives/7234.
    """
    return engine.extend(model, engine.FastGradient, _attack(model, embedding_name, epsilon, 'adversarial_training'))


def gradient_penalty(model, embedding_name='Embedding-Token', epsilon=1.0):
    """Trains on the loss plus ½ · ε · ‖g‖₂², g its gradient with respect to the whole table.

    The loss shown while training contains the penalty; `evaluate` gives the loss alone. Every operation needs a second
    derivative, which TF 1.15 lacks for its loops (`scan`, in the CRF) and for Keras's sparse_categorical_crossentropy:
    take categorical_crossentropy or a loss that is written out.

    Arguments, result and errors: as `adversarial_training`.
    Source: https://kexue.fm/archives/7234. The published code squares the gradients of the token places and not those
    of the rows of the table, which differs where a batch has a token twice.
    """
    return engine.extend(model, engine.GradientPenalty, _attack(model, embedding_name, epsilon, 'gradient_penalty'))


def _attack(model, name, epsilon, owner):
    number = isinstance(epsilon, numbers.Real) and not isinstance(epsilon, bool)
    if not number or not 0 < epsilon < math.inf:
        raise ValueError('%s: epsilon must be a positive number. Received: %r' % (owner, epsilon))
    if not isinstance(model, Model):
        raise ValueError('%s: model must be a Keras model. Received: %s' % (owner, type(model).__name__))
    layer = search_layer(model, name)
    if layer is None:
        raise ValueError('%s: the model has no layer %r.%s' % (owner, name, hint(name, sorted(_names(model)))))
    if not hasattr(layer, 'embeddings'):
        raise ValueError('%s: layer %r has no embeddings, it is a %s' % (owner, name, type(layer).__name__))
    if not any(weight is layer.embeddings for weight in model.trainable_weights):
        raise ValueError('%s: the table of layer %r is frozen' % (owner, name))
    return engine.Attack(layer, float(epsilon))


def _names(model):
    for layer in model.layers:
        yield layer.name
        if isinstance(layer, Model):
            yield from _names(layer)
