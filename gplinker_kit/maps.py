"""Matrices over the tokens of one text: a model's scores of a label and of links, and its attention weights."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.backend import workers
from gplinker_kit.events.scores import unpack
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.models.attention_maps import attention_model

ScoreMaps = namedtuple('ScoreMaps', 'tokens arguments heads tails thresholds')
ScoreMaps.__doc__ = """tokens: list of str. arguments, heads, tails: float32 (n, n), NaN where there is no span or link.

thresholds: the three numbers that a score must exceed.
"""


def score_maps(gplinker: GPLinker, text: str, event_type: str, role: str, item: str | None = None) -> ScoreMaps:
    """Returns the ScoreMaps of a text for one label, without [CLS] and [SEP].

    Arguments:
        gplinker: GPLinker. text: str. event_type, role, item: the label, see `Schema.index`.
    Returns:
        ScoreMaps: `arguments[i, j]` rates the span from token i to token j for the label; `heads[i, j]` and
        `tails[i, j]` rate that two arguments have their first, or last, tokens there, whichever comes first (of the
        event type where links are typed).
    Raises:
        ValueError: an unknown label, or a text without a token or longer than the model reads.
    """
    schema = gplinker.schema
    label = schema.index(event_type, role, item)
    kind = schema.event_types.index(event_type) if gplinker.link_labels > 1 else 0
    tokens, ids, segments = _encoded(gplinker, text)
    packed = gplinker.predict(ids, segments)
    labels = len(schema), gplinker.link_labels, gplinker.link_labels
    arguments, heads, tails = (_dense(one[0], count, place)[1:-1, 1:-1]
                               for one, count, place in zip(packed, labels, (label, kind, kind)))
    own = gplinker.thresholds.arguments
    thresholds = (own[label] if isinstance(own, tuple) else own,) + gplinker.thresholds.of_links(labels[1])[kind]
    return ScoreMaps(tokens[1:-1], arguments, heads, tails, thresholds)


def attention_maps(gplinker: GPLinker, text: str) -> tuple[list[str], dict[str, np.ndarray]]:
    """Returns the attention weights of the encoder for a text: (tokens, {layer name: float32 (h, n, n)}).

    Row i of a matrix is what token i takes of each token; [CLS] and [SEP] are the first and the last.
    Raises: ValueError: as `attention_model`, and a text without a token or longer than the model reads.
    """
    tokens, ids, segments = _encoded(gplinker, text)
    settings = gplinker.settings
    model, names = attention_model(gplinker.encoder, settings.model, settings.encoder)
    found = workers().predict_on_batch(model, [ids, segments][: len(gplinker.encoder.inputs)])
    found = found if isinstance(found, (list, tuple)) else [found]
    return tokens, {name: np.asarray(one)[0] for name, one in zip(names, found)}


def _encoded(gplinker, text):
    """Returns (names of the tokens, ids (1, n), segments (1, n))."""
    ((ids, segments, offsets),) = gplinker.tokenizer.encode_batch_with_offsets([text], maxlen=None)
    limit = gplinker.settings.max_length
    if len(ids) > limit:
        raise ValueError('text must have at most %d tokens with [CLS] and [SEP], which the model reads at once, got %d'
                         % (limit, len(ids)))
    if not any(end > start for start, end in offsets):
        raise ValueError('text must have a token, got %r' % text)
    tokens = [text[start:end] for start, end in offsets]
    tokens[0], tokens[-1] = '[CLS]', '[SEP]'
    return tokens, np.array([ids], 'int32'), np.array([segments], 'int32')


def _dense(packed, labels, label):
    """The scores (n, n) of one label, NaN below the diagonal."""
    shared, starts, ends = unpack(packed, labels)
    scores = shared + starts[:, label, None] + ends[None, :, label]
    return np.where(np.tri(len(scores), k=-1, dtype=bool), np.nan, scores).astype('float32')
