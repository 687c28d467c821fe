"""Heads that find named entities on one and the same encoder: GlobalPointers and a CRF over BIO tags."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.clue.tags import from_tags, to_tags
from studies import cluener

# name: (layer, RoPE, whether scores come as factors)
POINTERS = {
    'GlobalPointer': ('standard', True, False),
    'GlobalPointer, no RoPE': ('standard', False, False),
    'Efficient': ('efficient', True, True),
    'Efficient, no RoPE': ('efficient', False, True),
}
CRF = 'CRF'
HEADS = tuple(POINTERS) + (CRF,)
# Only for the comparison of times: what the efficient head costs by the other's loss, and what the encoder does alone.
DENSE, PLAIN = 'Efficient, dense scores', 'Dense layer alone'

Tagger = namedtuple('Tagger', 'name model encoder loss targets find')
Tagger.__doc__ = """A network that finds spans.

model: Keras model, token and segment ids (b, n) -> scores. encoder: its wrapper. loss: for `compile`.
targets: (list of lists of spans, width) -> what the loss takes. find: (scores, lengths) -> list of lists of spans;
lengths count [CLS] and [SEP], which are in no span.
"""


def build(name, tokenizer, seed, head_size=64, size='tiny', dropout=0.1):
    """Returns the Tagger of that name with fresh weights. The encoder's are the same for all names."""
    from gplinker_kit import backend
    from gplinker_kit.layers import EfficientGlobalPointer, GlobalPointer
    from gplinker_kit.losses import factorised_pointer_crossentropy, sparse_pointer_crossentropy
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size

    backend.set_random_seed(seed)
    sizes = dict(named_size(size), vocab_size=tokenizer._vocab_size, dropout_rate=dropout,
                 attention_dropout_rate=dropout)
    encoder = build_transformer_model(model='roformer_v2', return_keras_model=False,
                                      **resolve_config(None, 'roformer_v2', **sizes))
    labels = len(cluener.TYPES)
    if name in (CRF, PLAIN):
        return _by_tags(name, encoder, backend)
    kind, rope, packed = POINTERS.get(name, ('efficient', True, False))  # DENSE
    if kind == 'standard':
        layer = GlobalPointer(labels, head_size, RoPE=rope)
    else:
        layer = EfficientGlobalPointer(labels, head_size, RoPE=rope, packed=packed)
    model = backend.prepare(backend.Model(encoder.inputs, layer(encoder.output)))
    if packed:
        return Tagger(name, model, encoder, factorised_pointer_crossentropy(labels), _triples, _from_factors)

    def targets(spans, width):
        # As many axes as the scores have, which Keras 2 wants.
        return _triples(spans, width)[:, None]

    return Tagger(name, model, encoder, sparse_pointer_crossentropy(), targets, _from_cells)


def _by_tags(name, encoder, backend):
    from gplinker_kit.layers import ConditionalRandomField, Dense
    from gplinker_kit.snippets import ViterbiDecoder

    scores = Dense(cluener.TAGS)(encoder.output)
    if name == PLAIN:
        def loss(y_true, y_pred):
            return backend.K.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)  # Keras masks it

        def find(scores, lengths):
            return [from_tags(row[:length].argmax(-1)) for row, length in zip(scores, lengths)]
    else:
        layer = ConditionalRandomField()
        scores, loss = layer(scores), layer.sparse_loss

        def find(scores, lengths):
            decoder = ViterbiDecoder(backend.K.eval(layer.trans), starts=[0], ends=[0])
            return [from_tags(tags) for tags in decoder.decode_batch(scores, lengths)]

    model = backend.prepare(backend.Model(encoder.inputs, scores))
    return Tagger(name, model, encoder, loss, _tags, find)


def _triples(spans, width):
    from gplinker_kit.events.labels import pad_targets

    return pad_targets([np.array(one, 'int32').reshape(-1, 3) for one in spans], 32)


def _tags(spans, width):
    return np.array([to_tags(one, width) for one in spans])[:, :, None]


def _from_cells(scores, lengths):
    found = [[] for _ in lengths]
    for row, kind, first, last in zip(*(column.tolist() for column in np.nonzero(scores > 0))):
        if first > 0 and last < lengths[row] - 1:
            found[row].append((kind, first, last))
    return found


def _from_factors(scores, lengths):
    from gplinker_kit.events.scores import positives

    found = []
    for packed, length in zip(scores, lengths):
        places = np.arange(len(packed))
        cells = positives(packed, len(cluener.TYPES), (places > 0) & (places < length - 1))
        found.append(list(zip(cells.label.tolist(), cells.start.tolist(), cells.end.tolist())))
    return found


def head_parameters(tagger):
    """Returns how many weights a Tagger has beside those of its encoder."""
    count = sum(int(np.prod(weight.shape)) for weight in tagger.model.get_weights())
    return count - sum(int(np.prod(weight.shape)) for weight in tagger.encoder.model.get_weights())


def formula(name, width, head_size, labels):
    """The number of a head's weights by the articles: of width D, head size d and h labels.

    2d(D + 1)h for GlobalPointer, 2d(D + 1) + 2h(2d + 1) for the efficient one; of a CRF over k = 2h + 1 tags with the
    layer below it (D + 1)k + k².
    """
    if name == CRF:
        tags = 2 * labels + 1
        return (width + 1) * tags + tags**2
    if POINTERS[name][0] == 'standard':
        return 2 * head_size * (width + 1) * labels
    return 2 * head_size * (width + 1) + 2 * labels * (2 * head_size + 1)
