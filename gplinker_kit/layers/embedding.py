"""Token embedding that can also project back onto the vocabulary, as bert4keras's does."""

from gplinker_kit.backend import Layer, compute_dtype, floatx, initializers, is_tf_keras, keras, ops, register
from gplinker_kit.layers.common import require_positive, serialize_initializer, static_shape


@register
class Embedding(Layer):
    """Looks up rows of a table; with `mode='dense'` multiplies by the transposed table instead (tied output).

    Shapes: ids (b, n), integers of any dtype -> (b, n, e); in any other mode (b, n, e) -> (b, n, input_dim).
    Masking: with `mask_zero`, id 0 is padding, except at position 0, which is never masked: a text of padding alone
        then still has a key to attend to. For inputs that are not (b, n) an incoming mask passes through.
    Arguments:
        input_dim: int, number of rows. output_dim: int, width e.
        embeddings_initializer: initializer of the table. mask_zero: bool.
        embeddings_regularizer, activity_regularizer, embeddings_constraint: as in Keras's own Embedding. input_length:
        not used; it is there for models saved with Keras's own Embedding, in whose place Keras 2 loads ours.
    Weights: table (input_dim, e).
    Raises: ValueError for a size that is no positive integer.
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer='uniform',
        embeddings_regularizer=None,
        activity_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        input_length=None,
        **kwargs
    ):
        if is_tf_keras:
            # It would take the dtype of the table from the ids.
            kwargs['dtype'] = kwargs.get('dtype') or floatx()
        super().__init__(**kwargs)
        require_positive('Embedding', input_dim=input_dim, output_dim=output_dim)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.mask_zero = mask_zero
        self.embeddings_regularizer = keras.regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = keras.constraints.get(embeddings_constraint)
        self.activity_regularizer = keras.regularizers.get(activity_regularizer)
        self.input_length = input_length
        self.supports_masking = True
        self.autocast = False  # Keras 3 would round ids given as floats to bfloat16

    def build(self, input_shape):
        self.embeddings = self.add_weight(
            name='embeddings',
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )
        self.built = True

    def call(self, inputs, mask=None, mode='embedding'):
        dtype = compute_dtype(self)
        if mode == 'embedding':
            return ops.cast(ops.take(self.embeddings, ops.cast(inputs, 'int32'), axis=0), dtype)
        table = ops.cast(ops.convert_to_tensor(self.embeddings), dtype)
        return ops.matmul(ops.cast(inputs, dtype), ops.transpose(table))

    def compute_mask(self, inputs, mask=None):
        if len(inputs.shape) != 2:
            return mask
        if not self.mask_zero:
            return None
        real = ops.not_equal(inputs, 0)
        return ops.concatenate([ops.ones_like(real[:, :1]), real[:, 1:]], axis=1)

    def compute_output_shape(self, input_shape):
        shape = static_shape(input_shape)
        return shape + (self.output_dim,) if len(shape) == 2 else shape[:-1] + (self.input_dim,)

    def get_config(self):
        config = super().get_config()
        config.update(
            input_dim=self.input_dim,
            output_dim=self.output_dim,
            embeddings_initializer=serialize_initializer(self.embeddings_initializer),
            mask_zero=self.mask_zero,
            embeddings_regularizer=keras.regularizers.serialize(self.embeddings_regularizer),
            embeddings_constraint=keras.constraints.serialize(self.embeddings_constraint),
            activity_regularizer=keras.regularizers.serialize(self.activity_regularizer),
            input_length=self.input_length,
        )
        return config
