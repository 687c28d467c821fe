"""A warm start: the encoder first learns to guess hidden tokens of the training texts (masked language model)."""

from __future__ import annotations

import math

import numpy as np


def hide(batch, width, share, mask, special, random):
    """Hides a share of every text's tokens, at least one.

    Arguments:
        batch: list of token id lists. width: int, tokens a row. mask: id of what stands in place of a hidden token.
        special: ids that are never hidden. random: numpy RandomState.
    Returns:
        int32 arrays: token ids (b, width), positions (b, m) of the hidden ones and the ids (b, m) that stood there,
        -1 where a text has fewer.
    """
    tokens = np.zeros((len(batch), width), 'int32')
    positions, wanted = np.zeros((2, len(batch), math.ceil(share * width)), 'int32')
    wanted[:] = -1
    for row, ids in enumerate(batch):
        tokens[row, :len(ids)] = ids
        usual = np.flatnonzero(~np.isin(ids, special))
        chosen = np.sort(random.permutation(usual)[:max(1, int(share * len(usual)))])
        positions[row, :len(chosen)], wanted[row, :len(chosen)] = chosen, tokens[row, chosen]
        tokens[row, chosen] = mask
    return tokens, positions, wanted


def hidden_crossentropy(y_true, y_pred):
    """y_true (b, m): ids, -1 for no token; y_pred (b, m, v): logits -> mean cross-entropy of the tokens, a scalar."""
    from gplinker_kit.backend import K, ops

    y_true = ops.reshape(ops.cast(y_true, 'int32'), ops.shape(y_pred)[:2])
    counts = ops.cast(ops.greater_equal(y_true, 0), 'float32')
    loss = K.sparse_categorical_crossentropy(ops.maximum(y_true, 0), y_pred, from_logits=True)
    return ops.sum(loss * counts) / ops.maximum(ops.sum(counts), 1.0)


def guesser(encoder):
    """Returns a Keras model around an encoder's wrapper: (token ids, segment ids, positions) -> logits.

    Shapes: ids (b, n), positions (b, m), logits (b, m, v). The logits are products of the hidden states at the
    positions with the table of token embeddings, which the encoder keeps using: what is learned stays in it.
    """
    from gplinker_kit.backend import Input, Layer, Model, batch_gather

    class Guess(Layer):
        """Hidden states (b, n, e) and positions (b, m) -> logits (b, m, v) by the tied token table."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def compute_mask(self, inputs, mask=None):
            return None

        def call(self, inputs, mask=None):
            x, positions = inputs
            return encoder.layers['Embedding-Token'](batch_gather(x, positions), mode='dense')

        def compute_output_shape(self, shapes):
            return shapes[1] + (encoder.vocab_size,)

    positions = Input((None,), dtype='int32', name='Positions')
    return Model(list(encoder.inputs) + [positions], Guess()([encoder.output, positions]))


def warm_start(gplinker, items, recipe, mask, special, share=0.15):
    """Trains the encoder of `gplinker` in place on the texts of `items`; returns the mean loss of every epoch.

    mask: the id of [MASK]. special: ids that are never hidden. share: of the tokens that are hidden.
    """
    return warm_encoder(gplinker.encoder, items, recipe, gplinker.settings.max_length, mask, special, share)


def warm_encoder(encoder, items, recipe, longest, mask, special, share=0.15):
    """The same for an encoder's wrapper by itself; longest: bound of the tokens a text has, see `length_batches`."""
    from gplinker_kit.fitting import epoch_batches, train_step
    from gplinker_kit.optimizers import Adam

    random = np.random.RandomState(recipe.seed)
    epochs = [epoch_batches(items, recipe, longest, random) for _ in range(recipe.epochs)]
    model = guesser(encoder)
    model.compile(loss=hidden_crossentropy,
                  optimizer=Adam(recipe.schedule(sum(map(len, epochs))), global_clipnorm=recipe.clipnorm))
    losses = []
    for batches in epochs:
        total = 0.0
        for indices, width in batches:
            tokens, positions, wanted = hide([items[i][0] for i in indices], width, share, mask, special, random)
            total += train_step(model, [tokens, np.zeros_like(tokens), positions], wanted)
        losses.append(total / len(batches))
    return losses
