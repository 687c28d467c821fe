"""What the encoder benchmark measures: published base models, two shapes of a batch, and what a pass must compute."""

from __future__ import annotations

import numpy as np

SHAPES = {'8x128': (8, 128), '4x512': (4, 512)}
KINDS = ('forward', 'train')
LABELS = 10  # of the softmax over every token that training ends in
RATE = 1e-5

_BASE = {'hidden_size': 768, 'num_hidden_layers': 12, 'num_attention_heads': 12, 'intermediate_size': 3072}
MODELS = {
    'bert': dict(_BASE, vocab_size=21128, hidden_act='gelu'),
    'roformer': dict(_BASE, vocab_size=50000, hidden_act='gelu'),
    'roformer_v2': dict(_BASE, vocab_size=12000, hidden_act='relu'),
    'gau_alpha': dict(
        _BASE, vocab_size=12000, hidden_act='swish', num_hidden_layers=24, num_attention_heads=1,
        intermediate_size=1536, attention_key_size=128),
}  # fmt: skip


def config(model, quick=False, dropout=0.0, **changes):
    """Returns the published configuration of a model, with two blocks only for `quick`, and with `changes`."""
    made = dict(
        MODELS[model], type_vocab_size=2, max_position_embeddings=512, hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout)  # fmt: skip
    return dict(made, **dict({'num_hidden_layers': 2} if quick else {}, **changes))


def batch(shape):
    """Returns (token ids, segment ids, labels), int32 (b, n): texts as long as the batch, of real tokens only."""
    size = SHAPES[shape]
    tokens = np.random.RandomState(0).randint(1, 12000, size).astype('int32')
    labels = np.random.RandomState(1).randint(0, LABELS, size).astype('int32')
    return tokens, np.zeros_like(tokens), labels


def keras_pass(keras, kind, encoder, inputs, labels, optimizer, **compiling):
    """Returns the function that makes one pass of a Keras model: a prediction, or a step of training.

    Arguments: keras: the module that `encoder`, a model, was made with. inputs: as it takes them. labels: (b, n).
    optimizer: class of the optimizer. compiling: further arguments of `compile`, where it is trained.
    """
    if kind == 'forward':
        return lambda: encoder.predict_on_batch(inputs)
    output = keras.layers.Dense(LABELS, activation='softmax')(encoder.output)
    trained = keras.models.Model(encoder.input, output)
    trained.compile(loss='sparse_categorical_crossentropy', optimizer=optimizer(RATE), **compiling)
    targets = labels[..., None]
    return lambda: trained.train_on_batch(inputs, targets)


def flops(made, shape, kind):
    """`flops_of` a batch of `SHAPES`."""
    return flops_of(made, SHAPES[shape], kind)


def flops_of(made, size, kind):
    """Floating-point operations of the matrix products of one pass, on (rows, length) tokens, of configuration `made`.

    Training costs the forward pass and twice as much backward. Lookups, norms, activations and the labels' layer are
    not counted.
    """
    rows, length = size
    return (3 if kind == 'train' else 1) * rows * length * made['num_hidden_layers'] * token_flops(made, length)


def token_flops(made, length):
    """Floating-point operations of one block's matrix products for one token of a text; twice a multiply-add."""
    width, inner = made['hidden_size'], made['intermediate_size']
    if 'attention_key_size' in made:
        size = made['attention_key_size']
        return 2 * (width * (2 * inner + size) + inner * width + length * (size + inner))
    return 2 * (4 * width * width + 2 * width * inner + 2 * length * width)


def row_name(model, kind, shape, peer=None):
    """`roformer_v2_train_8x128`, with the peer behind it where a model has several."""
    return '_'.join([model, kind, shape] + ([peer] if peer else []))
