"""From token vectors to one vector a text. Notation: b batch, n length, e width."""

from gplinker_kit.backend import Layer, ops, register
from gplinker_kit.layers.common import mask_out, static_shape

DATA_FORMATS = ('channels_last', 'channels_first')


def masked_mean(x, mask=None, axis=1, keepdims=False):
    """The mean over `axis` of x, of the places where `mask` is True (the rank of x, 1 long in the axis of width).

    Taken in float32, returned in the dtype of x; 0 where the mask has no True.
    """
    if mask is None:
        return ops.mean(x, axis=axis, keepdims=keepdims)
    real = ops.cast(mask, 'float32')
    total = ops.sum(ops.cast(x, 'float32') * real, axis=axis, keepdims=keepdims)
    return ops.cast(total / ops.maximum(ops.sum(real, axis=axis, keepdims=keepdims), 1.0), x.dtype)


def masked_max(x, mask=None, axis=1, keepdims=False):
    """The maximum over `axis` of x, as `masked_mean` is the mean; 0 too where the mask has no True."""
    if mask is None:
        return ops.max(x, axis=axis, keepdims=keepdims)
    top = ops.max(mask_out(ops.cast(x, 'float32'), mask), axis=axis, keepdims=keepdims)
    known = ops.any(ops.cast(mask, 'bool'), axis=axis, keepdims=keepdims)
    return ops.cast(ops.where(known, top, 0.0), x.dtype)


class _GlobalPooling1D(Layer):
    """What both poolings share; `reduce` of a subclass is one of the functions above."""

    def __init__(self, data_format='channels_last', keepdims=False, **kwargs):
        super().__init__(**kwargs)
        data_format = data_format or 'channels_last'
        if data_format not in DATA_FORMATS:
            raise ValueError(
                '%s: data_format must be one of %s. Received: %r'
                % (type(self).__name__, ', '.join(DATA_FORMATS), data_format)
            )
        self.data_format = data_format
        self.keepdims = keepdims
        self.supports_masking = True

    def call(self, inputs, mask=None):
        axis = 1 if self.data_format == 'channels_last' else 2
        mask = None if mask is None else ops.expand_dims(mask, 3 - axis)
        return self.reduce(inputs, mask, axis, self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        b, second, third = static_shape(input_shape)
        if self.data_format == 'channels_last':
            return (b, 1, third) if self.keepdims else (b, third)
        return (b, second, 1) if self.keepdims else (b, second)

    def get_config(self):
        config = super().get_config()
        config.update(data_format=self.data_format, keepdims=self.keepdims)
        return config


@register
class GlobalAveragePooling1D(_GlobalPooling1D):
    """The mean of the real tokens.

    Shapes: (b, n, e) -> (b, e), or (b, 1, e) with `keepdims`; with data_format 'channels_first' (b, e, n) -> (b, e) or
        (b, e, 1). Masking: padding does not count, and a text without a real token gives 0; the output has no mask.
    Arguments: data_format: 'channels_last' (None is the same) or 'channels_first'. keepdims: bool.
    Raises: ValueError for another data_format.
    """

    reduce = staticmethod(masked_mean)


@register
class GlobalMaxPooling1D(_GlobalPooling1D):
    """The maximum over the real tokens, channel by channel; otherwise as `GlobalAveragePooling1D`."""

    reduce = staticmethod(masked_max)


@register
class FirstToken(Layer):
    """Takes the vector of the first token ([CLS]). Shapes: (b, n, e) -> (b, e). Masking: the output has none."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return inputs[:, 0]

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        shape = static_shape(input_shape)
        return shape[:1] + shape[2:]
