"""Losses and gradients of a Keras model as numbers, without training it; one function an engine.

* `loss_and_gradients(model, inputs, targets, loss)`: (loss, [gradient of each trainable weight]), numpy; inputs are
  lists of arrays. The model runs as in prediction, without dropout.
* `run(model, inputs)`: the outputs of a model as a list of arrays.
* `compute(function, arrays)`: what a function of tensors returns, a list of them, as arrays; run once, all together.
* `assign(variables, arrays)`; `weight_name(variable)`: the last part of its name.
"""

import numpy as np

from gplinker_kit.backend import ENGINE, STACK, K, keras, ops
from gplinker_kit.backend.optimizer import dense


def mean_loss(loss, targets, outputs):
    """Mean of loss(targets, outputs) over all that it returns, float32."""
    return ops.mean(ops.cast(loss(targets, outputs), 'float32'))


def weight_name(variable):
    return variable.name.split(':')[0].split('/')[-1]


def _listed(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _first(tensors):
    return tensors[0] if len(tensors) == 1 else tensors


if STACK == 'keras3':

    def run(model, inputs):
        found = model.predict_on_batch(_first(inputs))
        return [np.asarray(x) for x in _listed(found)]

    def assign(variables, arrays):
        for variable, array in zip(variables, arrays):
            variable.assign(array)

    def _numpy(tensors):
        return [np.asarray(ops.convert_to_numpy(tensor)) for tensor in tensors]

    def compute(function, arrays):
        return _numpy(_run([ops.convert_to_tensor(x) for x in arrays], function))

    def loss_and_gradients(model, inputs, targets, loss):
        tensors = _first([ops.convert_to_tensor(x) for x in inputs])
        targets = ops.convert_to_tensor(targets)
        value, gradients = _differentiate(model, tensors, targets, loss)
        weights = model.trainable_weights
        gradients = [ops.zeros_like(w.value) if g is None else dense(g) for g, w in zip(gradients, weights)]
        return float(_numpy([value])[0]), _numpy(gradients)

    if ENGINE == 'tensorflow':
        import tensorflow as tf

        def _run(tensors, function):
            return function(*tensors)

        def _differentiate(model, tensors, targets, loss):
            weights = [weight.value for weight in model.trainable_weights]

            @tf.function
            def differentiate():
                with tf.GradientTape() as tape:
                    value = mean_loss(loss, targets, model(tensors, training=False))
                return value, [dense(gradient) for gradient in tape.gradient(value, weights)]

            return differentiate()

    elif ENGINE == 'jax':
        import jax

        def _run(tensors, function):
            with keras.StatelessScope():  # keeps what random numbers do to their seeds
                return jax.jit(function)(*tensors)

        def _differentiate(model, tensors, targets, loss):
            weights = [weight.value for weight in model.trainable_variables]
            others = [weight.value for weight in model.non_trainable_variables]

            def compute(weights):
                outputs, _ = model.stateless_call(weights, others, tensors, training=False)
                return mean_loss(loss, targets, outputs)

            return jax.jit(jax.value_and_grad(compute))(weights)

    else:
        import torch

        def _run(tensors, function):
            with torch.no_grad():
                return function(*tensors)

        def _differentiate(model, tensors, targets, loss):
            value = mean_loss(loss, targets, model(tensors, training=False))
            weights = [weight.value for weight in model.trainable_weights]
            return value.detach(), torch.autograd.grad(value, weights, allow_unused=True)

else:
    import tensorflow as tf

    def run(model, inputs):
        return [np.asarray(x) for x in _listed(model.predict_on_batch(_first(inputs)))]

    def compute(function, arrays):
        return K.batch_get_value(function(*[ops.convert_to_tensor(x) for x in arrays]))

    def assign(variables, arrays):
        K.batch_set_value(list(zip(variables, arrays)))

    def loss_and_gradients(model, inputs, targets, loss):
        weights = model.trainable_weights
        value = mean_loss(loss, tf.constant(targets), model.outputs[0])
        gradients = [
            tf.zeros_like(weight) if gradient is None else dense(gradient)
            for gradient, weight in zip(K.gradients(value, weights), weights)
        ]
        found = K.function(list(model.inputs), [value] + gradients)(list(inputs))
        return float(found[0]), [np.asarray(gradient) for gradient in found[1:]]
