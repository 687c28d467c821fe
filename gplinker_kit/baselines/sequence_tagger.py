"""A CRF over BIO tags of (type, role): the baseline of LIC2020 (Su, kexue.fm/archives/7321)."""

from __future__ import annotations

import numpy as np

from gplinker_kit.backend import K, Model, prepare
from gplinker_kit.baselines.grouping import one_event_a_type
from gplinker_kit.baselines.network import Network, build_encoder, cut_texts, score_windows
from gplinker_kit.baselines.spans import mentions_of, merge_windows
from gplinker_kit.clue.tags import count_tags, from_tags, to_tags
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.fitting import encode
from gplinker_kit.layers import ConditionalRandomField, Dense
from gplinker_kit.snippets import ViterbiDecoder

# How many times further than other weights the transitions move in a step. With a checkpoint as published, at a rate of
# 2e-5; from scratch, where rates are 25 times that, so that they move as far.
PRETRAINED, SCRATCH = 100, 4


class SequenceTagger:
    """An encoder with a CRF over 1 + 2 * len(schema) tags; what is found of a type is one event.

    A token has one tag: of spans that share tokens one is learned (see clue/tags.py), and none is found nested in
    another. Arguments: see `make_system`.
    """

    axes = ('outside',)

    def __init__(self, settings, schema, tokenizer, checkpoint=None):
        self.settings, self.schema, self.tokenizer = settings, schema, tokenizer
        encoder = build_encoder(settings, tokenizer, checkpoint)
        self.crf = ConditionalRandomField(SCRATCH if checkpoint is None else PRETRAINED, name='Tag-CRF')
        scores = Dense(count_tags(len(schema)), name='Tag-Scores')(encoder.output)
        model = prepare(Model(encoder.inputs, self.crf(scores)))
        self.networks = (Network('tags', model, [self.crf.sparse_loss], self._encode, _targets),)

    def _encode(self, examples):
        items, report = encode(self, examples, DUEE.occurrences)
        cells = [targets.arguments.tolist() for _, _, targets in items]
        tags = [to_tags(spans, len(ids)) for (ids, _, _), spans in zip(items, cells)]
        kept = sum(int((row % 2).sum()) for row in tags)
        words = '%s; %d of %d spans have tags of their own' % (
            report.describe('arguments'), kept, sum(map(len, cells)))
        return [(ids, segments, row) for (ids, segments, _), row in zip(items, tags)], words

    def predict(self, texts, batch_size=32):
        """Returns a tuple of Events for each text, at most one of each type, without scores."""
        return [self.decide(reading, (0.0,)) for reading in self.readings(texts, batch_size)]

    def readings(self, texts, batch_size=32):
        """Returns (text, offsets, Windows, scores of the tags (n, k) of each Window, decoder) for each text."""
        def read(scores, windows):
            return [one[:len(window.ids)].copy() for one, window in zip(scores, windows)]

        decoder = ViterbiDecoder(K.eval(self.crf.trans), starts=[0], ends=[0])
        encoded, windows = cut_texts(texts, self.tokenizer, self.settings)
        found = score_windows(self.networks[0].model, windows, self.settings, batch_size, read)
        return [(text, one[2], of_text, scores, decoder)
                for text, one, of_text, scores in zip(texts, encoded, windows, found)]

    def decide(self, reading, point):
        """Returns the tuple of Events of a reading, with point[0] added to the scores of tag O."""
        text, offsets, windows, scores, decoder = reading
        found = []
        for one in scores:
            one = one.copy()
            one[:, 0] += point[0]
            found.append([span + (None,) for span in from_tags(decoder.decode(one))])
        spans = merge_windows(windows, found) if windows else []
        return one_event_a_type(mentions_of(spans, offsets), text, self.schema)


def _targets(tags, width):
    padded = np.zeros((len(tags), width, 1), 'int32')
    for row, one in zip(padded, tags):
        row[:len(one), 0] = one
    return [padded]
