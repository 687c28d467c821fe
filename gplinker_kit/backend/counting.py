"""A number of batches that a layer keeps: read before it is counted on, and counted in training only."""

from gplinker_kit.backend.stack import STACK

if STACK == 'keras3':

    def count_batch(layer, variable, training=None):
        """Returns the value of `variable` as it was before this call; in training the call adds 1 to it.

        `variable` is a weight of `layer` that is not trained, and this is called in the layer's `call`.
        """
        before = variable.value * 1  # a copy: PyTorch assigns in place
        if training:
            variable.assign(variable.value + 1)
        return before

else:
    import tensorflow as tf

    def count_batch(layer, variable, training=None):
        """Returns the value of `variable` before this batch; Keras adds 1 to it with each batch that trains.

        A layer that is called again in the same graph, as in a model of models, counts no batch twice.
        """
        graph, before = vars(layer).get('_counted', (None, None))
        if graph is tf.compat.v1.get_default_graph():
            return before
        before = tf.identity(variable.read_value())
        if isinstance(training, (bool, int)) and not training:
            return before
        # Keras runs the updates of layers in its train function only.
        with tf.control_dependencies([before]):
            layer.add_update([variable.assign_add(tf.ones_like(before), read_value=False)])
        vars(layer)['_counted'] = (before.graph, before)
        return before
