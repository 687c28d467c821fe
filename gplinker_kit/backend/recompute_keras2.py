"""Recomputation on TF 1.15: the result of a call gets a gradient that runs the call again."""

import itertools

import tensorflow as tf

from gplinker_kit.backend.random_tf1 import Draws

_NUMBER = itertools.count()
# What keeps its state in the operation: it would draw other numbers the second time.
_RANDOM = {
    'Multinomial', 'ParameterizedTruncatedNormal', 'RandomGamma', 'RandomPoissonV2', 'RandomShuffle',
    'RandomStandardNormal', 'RandomUniform', 'RandomUniformInt', 'TruncatedNormal',
}  # fmt: skip


def recomputed(call, args, kwargs):
    """Returns call(*args, **kwargs), see `recompute.recompute_grad`."""
    nested = (args, kwargs)
    given = tf.nest.flatten(nested)
    places = [i for i, value in enumerate(given) if tf.is_tensor(value) and not isinstance(value, tf.Variable)]
    draws = Draws()
    graph = tf.compat.v1.get_default_graph()

    def run(tensors):
        values = list(given)
        for place, tensor in zip(places, tensors):
            values[place] = tensor
        new_args, new_kwargs = tf.nest.pack_sequence_as(nested, values)
        return call(*new_args, **new_kwargs)

    inputs = [given[place] for place in places]
    before = len(graph.get_operations())
    with tf.GradientTape() as tape, draws.first():
        result = run(inputs)
    _check_random(graph.get_operations()[before:], call)
    outputs = tf.nest.flatten(result)
    floating = [i for i, output in enumerate(outputs) if tf.is_tensor(output) and output.dtype.is_floating]
    points = [i for i, tensor in enumerate(inputs) if tensor.dtype.is_floating]
    variables = list(tape.watched_variables())

    def gradient(changes):
        # Nothing of the second pass may run before the backward pass has come here.
        with tf.control_dependencies(changes):
            copies = [tf.identity(tensor) for tensor in inputs]
        with draws.again():
            again = tf.nest.flatten(run(copies))
        return tf.gradients([again[i] for i in floating], [copies[i] for i in points] + variables, changes)

    wrapped = _with_gradient([outputs[i] for i in floating], [inputs[i] for i in points], variables, gradient)
    for place, output in zip(floating, wrapped):
        outputs[place] = output
    return tf.nest.pack_sequence_as(result, outputs)


def _with_gradient(outputs, inputs, variables, gradient):
    """Returns `outputs` as functions of `inputs` and `variables` whose gradients `gradient` computes.

    `tf.custom_gradient` would do, but for calls without weights it warns or fails.
    """
    name = 'GplinkerKitRecompute%d' % next(_NUMBER)

    @tf.RegisterGradient(name)
    def registered(op, *changes):
        return [None] * len(outputs) + gradient(list(changes[:len(outputs)]))

    everything = outputs + inputs + [tf.convert_to_tensor(variable) for variable in variables]
    with tf.compat.v1.get_default_graph().gradient_override_map({'IdentityN': name}):
        results = tf.identity_n(everything)
    return results[:len(outputs)]


def _check_random(operations, call):
    for operation in operations:
        if operation.type in _RANDOM:
            raise ValueError(
                '%s draws random numbers (%s) that a second pass cannot draw again; use backend.dropout, '
                'backend.random_normal or backend.random_uniform' % (call.__qualname__, operation.name)
            )
