"""The model that is trained: an encoder or decoder under its head, and how well it tells tokens.

Notation: b rows, n tokens, m tokens to be told a row, v vocabulary.
"""

import numpy as np

from gplinker_kit.backend import Input, K, Layer, Model, batch_gather, compile_options, ops, register
from gplinker_kit.layers.common import input_shapes
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.registry import find_model
from gplinker_kit.models.transformer import ID_DTYPE
from gplinker_kit.pretraining.rows import OBJECTIVES, hidden_places, trimmed


@register
class PickTokens(Layer):
    """[x (b, n, e), places (b, m)] -> (b, m, e), without a mask."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return batch_gather(*inputs)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        x, places = input_shapes(input_shape)
        return (x[0], places[1], x[2])


@register
class TokenScores(Layer):
    """[logits (b, m, v), wanted ids (b, m), -1 for none] -> float32 (b, 3).

    Of each row the sum of the cross-entropies, how many wanted tokens are the likeliest ones, and how many there are.
    """

    def __init__(self, **kwargs):
        super().__init__(**dict(kwargs, dtype='float32'))
        self.supports_masking = True
        self.autocast = False

    def call(self, inputs, mask=None):
        logits, wanted = ops.cast(inputs[0], 'float32'), ops.cast(inputs[1], 'int32')
        counts = ops.cast(ops.greater_equal(wanted, 0), 'float32')
        wanted = ops.maximum(wanted, 0)
        surprise = K.sparse_categorical_crossentropy(wanted, logits, from_logits=True)
        hits = ops.cast(ops.equal(ops.cast(ops.argmax(logits, axis=-1), 'int32'), wanted), 'float32')
        return ops.stack([ops.sum(part * counts, axis=-1) for part in (surprise, hits, ops.ones_like(counts))], axis=-1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shapes(input_shape)[0][0], 3)


def token_loss(y_true, y_pred):
    """The mean cross-entropy of the wanted tokens of a batch, a scalar; y_pred of `TokenScores`, y_true of no matter.

    A mean over tokens: rows with more of them count for more.
    """
    return ops.sum(y_pred[:, 0]) / ops.maximum(ops.sum(y_pred[:, 2]), 1.0)


def token_accuracy(y_true, y_pred):
    """The share of the wanted tokens that are the likeliest ones, a scalar."""
    return ops.sum(y_pred[:, 1]) / ops.maximum(ops.sum(y_pred[:, 2]), 1.0)


def pretraining_model(model, config, objective='mlm', packed=False, checkpoint=None):
    """Builds what is trained: (wrapper with its head, which can be saved, Keras model of the training).

    Arguments: model: name in `MODELS`, or a class. config: arguments of the builder. objective: 'mlm' or 'lm'. packed:
        bool, rows hold several texts. checkpoint: what to begin with, or None.
    The inputs of the Keras model are those of the wrapper, for 'mlm' places (b, m), and the wanted ids (b, m) or (b, n)
    in this order; its output is that of `TokenScores`. Compile it with `compile_pretraining`.
    Raises: ValueError: 'mlm' with a decoder, which sees no later token, and as the builder.
    """
    if objective not in OBJECTIVES:
        raise ValueError("objective must be 'mlm' or 'lm'. Received: %r" % (objective,))
    decoder = getattr(find_model(model), 'DECODER', False)
    if objective == 'mlm' and decoder:
        raise ValueError("objective='mlm' is for encoders; %r is a decoder: take objective='lm'" % (model,))
    given = {name: value for name, value in config.items() if name not in ('with_pool', 'with_nsp')}
    given.update(model=model, packed=packed, return_keras_model=False)
    if decoder:
        given['with_lm'] = 'linear'
    else:
        given.update(application='lm' if objective == 'lm' else 'encoder', with_mlm='linear')
    wrapper = build_transformer_model(**given)
    wanted = Input((None,), dtype=ID_DTYPE, name='Wanted')
    if objective == 'lm':
        inputs, logits = list(wrapper.inputs), wrapper.output
    else:
        places = Input((None,), dtype=ID_DTYPE, name='Places')
        body = build_transformer_model(**dict(given, layers=wrapper.layers, with_mlm=False))
        body.with_mlm = 'linear'
        inputs = list(body.inputs) + [places]
        logits = body.apply_final_layers(PickTokens(name='Picked-Tokens')([body.output, places]))
    trained = Model(inputs + [wanted], TokenScores(name='Token-Scores')([logits, wanted]))
    if checkpoint is not None:
        wrapper.load_report = wrapper.load_weights_from_checkpoint(checkpoint)
    return wrapper, trained


def compile_pretraining(trained, optimizer):
    """Gives the Keras model of `pretraining_model` its loss, its metric and an optimizer; precision as `accelerate`."""
    trained.compile(optimizer=optimizer, loss=token_loss, metrics=[token_accuracy], **compile_options())


def model_inputs(wrapper, batch, objective='mlm'):
    """The inputs of the Keras model of `pretraining_model` for a `rows.Batch`."""
    if batch.documents is None:
        batch = trimmed(batch)
    inputs = [batch.tokens] + [np.zeros_like(batch.tokens)] * bool(wrapper.segment_vocab_size)
    inputs += [] if batch.documents is None else [batch.documents]
    return inputs + (list(hidden_places(batch.targets)) if objective == 'mlm' else [batch.targets])


def train_step(trained, inputs):
    """One step: returns (loss, share of the tokens that were told)."""
    if hasattr(trained, 'reset_metrics'):
        trained.reset_metrics()
    loss, accuracy = trained.train_on_batch(inputs, np.zeros((len(inputs[0]), 3), 'float32'))[:2]
    return float(loss), float(accuracy)
