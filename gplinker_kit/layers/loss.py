"""A layer that computes a loss from its inputs, for losses that do not compare one output with one target."""

from gplinker_kit.backend import STACK, Layer, add_loss, register
from gplinker_kit.layers.common import static_shape


@register
class Loss(Layer):
    """Adds a loss to the model and passes its inputs on.

    A subclass defines `compute_loss(inputs, mask=None)`, which gets the inputs as the layer is called with them and
    returns a scalar. The model is then compiled without a loss (`model.compile(optimizer)`) and trained without
    targets (`model.fit(x)`, `model.train_on_batch(x, None)`); what would be a target is one of the inputs.

        class CrossEntropy(Loss):
            def compute_loss(self, inputs, mask=None):
                y_true, y_pred = inputs
                return K.mean(K.sparse_categorical_crossentropy(y_true, y_pred))

        y_pred = CrossEntropy(output_axis=1)([y_true, y_pred])

    Shapes: any. With `output_axis` None the output is the inputs, with an int the one at this place, with a list those
        at these places. Masking: every output keeps the mask of its input.
    Metrics: on TF 1.15 `compute_loss` may call `self.add_metric(value, name='accuracy')` (tf.keras wants
        `aggregation='mean'` besides). Keras 3 has no such method: make a `keras.metrics.Mean` in `__init__` and call
        its `update_state` in `compute_loss`; on JAX, where Keras cannot do that either, give metrics to `compile`.
    Raises: NotImplementedError where a subclass lacks `compute_loss`.
    """

    def __init__(self, output_axis=None, **kwargs):
        super().__init__(**kwargs)
        self.output_axis = output_axis
        self.supports_masking = True
        self.autocast = False  # Keras 3 would round ids given as floats to bfloat16

    def call(self, inputs, mask=None):
        add_loss(self, self.compute_loss(inputs, mask), inputs)
        return self.select(inputs)

    def compute_loss(self, inputs, mask=None):
        raise NotImplementedError('%s does not define compute_loss(inputs, mask=None)' % type(self).__name__)

    def select(self, values):
        """Of something for each input, what belongs to the output."""
        if values is None or self.output_axis is None:
            return values
        if isinstance(self.output_axis, (list, tuple)):
            return [values[i] for i in self.output_axis]
        return values[self.output_axis]

    def compute_mask(self, inputs, mask=None):
        return self.select(mask)

    def compute_output_shape(self, input_shape):
        several = hasattr(input_shape[0], '__len__')
        return self.select([static_shape(shape) for shape in input_shape] if several else static_shape(input_shape))

    def get_config(self):
        config = super().get_config()
        config.update(output_axis=self.output_axis)
        return config

    if STACK == 'keras3':

        def add_metric(self, *args, **kwargs):
            raise AttributeError(
                '%s: Keras 3 has no add_metric. Make a keras.metrics.Mean in __init__ and call its update_state in '
                'compute_loss' % self.name
            )
