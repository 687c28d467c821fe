"""Runs a model again and again on what it returned before, which stays where it was computed.

`runner(model)` returns a function (inputs, carried, rows) -> (result, carried). `inputs` are numpy arrays; `carried` is
a list of arrays of the engine, of which the rows `rows` (integers) are taken first; the model gets both, one after the
other, and returns its result (b, …), which comes back as float32 numpy, and what is carried on. `zeros(shape, dtype)`
makes the first of those. JAX and TensorFlow compile one program for each set of shapes.
"""

import numpy as np

from gplinker_kit.backend import ENGINE, STACK, ops

if STACK != 'keras3':

    def zeros(shape, dtype):
        return np.zeros(shape, dtype)

    def runner(model):
        """On TF 1.15 what is carried passes through numpy."""

        def run(inputs, carried, rows):
            results = model.predict_on_batch(list(inputs) + [np.asarray(array)[rows] for array in carried])
            return np.asarray(results[0]).astype('float32'), [np.asarray(array) for array in results[1:]]

        return run

else:

    def zeros(shape, dtype):
        return ops.zeros(shape, dtype)

    def _call(model, inputs, carried, rows):
        results = model(list(inputs) + [ops.take(array, rows, axis=0) for array in carried], training=False)
        return ops.cast(results[0], 'float32'), list(results[1:])

    def _numpy(results):
        return np.asarray(ops.convert_to_numpy(results[0])), results[1]

    if ENGINE == 'jax':
        import jax

        def runner(model):
            @jax.jit
            def step(trainable, others, inputs, carried, rows):
                taken = [ops.take(array, rows, axis=0) for array in carried]
                results, _ = model.stateless_call(trainable, others, list(inputs) + taken, training=False)
                return ops.cast(results[0], 'float32'), list(results[1:])

            def run(inputs, carried, rows):
                values = [[variable.value for variable in group]
                          for group in (model.trainable_variables, model.non_trainable_variables)]
                return _numpy(step(*values, list(inputs), list(carried), rows))

            return run

    elif ENGINE == 'tensorflow':
        import tensorflow as tf

        def runner(model):
            step = tf.function(lambda inputs, carried, rows: _call(model, inputs, carried, rows))

            def run(inputs, carried, rows):
                arrays = [tf.convert_to_tensor(array) for array in inputs]
                return _numpy(step(arrays, list(carried), tf.convert_to_tensor(rows)))

            return run

    else:
        import torch

        def runner(model):
            def run(inputs, carried, rows):
                with torch.no_grad():
                    return _numpy(_call(model, [ops.convert_to_tensor(array) for array in inputs], carried,
                                        ops.convert_to_tensor(rows)))

            return run
