"""Texts that are longer than the model reads, through the Extractor."""

import numpy as np
import pytest

from gplinker_kit.events import extractor as module
from gplinker_kit.events.decoder import decode
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.events.policy import Thresholds
from gplinker_kit.events.schema import Schema
from tests.events.decoding import Characters, event, packed_of
from tests.events.oracles import character_offsets, gold_cells, summary

SCHEMA = Schema([('胜负', ['胜者', '败者'])])


class Oracle:
    """A model that knows the scores of some texts whose characters are all different: it reads them off the ids.

    Of [CLS], [SEP] and padding it says nonsense.
    """

    def __init__(self, texts, packed):
        self.places = {ord(c): (number, token) for number, text in enumerate(texts) for token, c in enumerate(text, 1)}
        self.packed, self.rows = packed, []

    def __call__(self, token_ids, segment_ids):
        outputs = [np.full(token_ids.shape + (token_ids.shape[1] + part.shape[1] - len(part),), np.nan, np.float32)
                   for part in self.packed[0]]
        for row, ids in enumerate(token_ids.tolist()):
            at = [k for k, one in enumerate(ids) if one in self.places]
            number, = {self.places[ids[k]][0] for k in at}
            tokens = [self.places[ids[k]][1] for k in at]
            self.rows.append((number, tokens[0], len(tokens)))
            for output, part in zip(outputs, self.packed[number]):
                width, n, labels = len(ids), len(part), part.shape[1] - len(part)
                output[row][np.ix_(at, at + list(range(width, width + labels)))] = \
                    part[np.ix_(tokens, tokens + list(range(n, n + labels)))]
        return outputs


def long_texts():
    """Texts of 3 to 150 characters with gold events, all characters different; (texts, packed scores, events)."""
    texts, scores, gold, code = [], [], [], 0x4e00
    for length in (40, 3, 150, 17, 18, 19, 91):
        text = ''.join(chr(code + k) for k in range(length))
        code += length
        events = [event('胜负', (text[k:k + 2], k), ('胜者', text[k + 4], k + 4), ('败者', text[k + 6:k + 8], k + 6))
                  for k in range(0, length - 8, 9)]
        texts.append(text)
        scores.append(packed_of(gold_cells(events, SCHEMA), text, SCHEMA))
        gold.append(events)
    return texts, scores, gold


@pytest.mark.parametrize('batch_size', [1, 4, 32])
def test_long_texts_are_read_to_their_end(batch_size):
    texts, scores, gold = long_texts()
    model = Oracle(texts, scores)
    calls = []
    found = Extractor(Characters(), SCHEMA, model, max_length=20, batch_size=batch_size).extract(
        texts, progress=lambda done, total: calls.append((done, total)))
    for text, packed, events, one in zip(texts, scores, gold, found):
        assert {summary(e) for e in one.events} == {summary(e) for e in events}
        assert one == decode(text, character_offsets(text), packed, SCHEMA), 'as one pass over the whole text'
    windows = sorted(set(model.rows))
    assert [row for row in windows if row[0] == 0] == [(0, 1, 18), (0, 10, 18), (0, 19, 18), (0, 23, 18)]
    assert [row for row in windows if row[0] == 4] == [(4, 1, 18)], 'a text that just fits is one window'
    assert calls[-1] == (7, 7) and calls == sorted(calls) and {total for _, total in calls} == {7}


def test_windows_of_many_texts_share_batches_and_few_texts_are_unfinished(monkeypatch):
    texts, scores, _ = long_texts()
    model, held, batches = Oracle(texts, scores), set(), []

    class Watched(module.Reading):
        def __init__(self, text, *rest):
            super().__init__(text, *rest)
            held.add(text)

    def finished(reading):
        batches.append(len(held))
        held.remove(reading.text)
        return decode_reading(reading)

    decode_reading = module.decode_reading
    monkeypatch.setattr(module, 'Reading', Watched)
    monkeypatch.setattr(module, 'decode_reading', finished)
    Extractor(Characters(), SCHEMA, model, max_length=20, batch_size=8).extract(texts)
    assert max(batches) == 1, 'a text is decoded before the next one is begun'
    together = [{number for number, _, _ in model.rows[k:k + 8]} for k in range(0, 24, 8)]
    assert [len(numbers) > 1 for numbers in together].count(True) >= 2, together


def test_the_stride():
    texts, scores, gold = long_texts()
    model = Oracle(texts, scores)
    found = Extractor(Characters(), SCHEMA, model, max_length=20, window_stride=5).extract(texts[:1])
    assert sorted(set(model.rows)) == [(0, 1, 18), (0, 6, 18), (0, 11, 18), (0, 16, 18), (0, 21, 18), (0, 23, 18)]
    assert {summary(e) for e in found[0].events} == {summary(e) for e in gold[0]}
    with pytest.raises(ValueError, match='window_stride must be at most max_length - 2 = 18 or tokens .* got 19'):
        Extractor(Characters(), SCHEMA, model, max_length=20, window_stride=19)


def test_typed_links_are_seen_from_the_shape():
    schema = Schema([('胜负', ['胜者']), ('上市', ['公司'])])
    text = ''.join(chr(0x4e00 + k) for k in range(30))
    events = [event('胜负', (text[2], 2), ('胜者', text[5], 5)), event('上市', (text[2], 2), ('公司', text[5], 5))]
    cells = gold_cells(events[:1], schema)
    cells[0].update(gold_cells(events[1:], schema)[0])
    packed = packed_of(cells, text, schema, links=2)
    found, = Extractor(Characters(), schema, Oracle([text], [packed]), max_length=12).extract([text])
    apart = {summary(events[0]), summary(event('上市', (text[2], 2))),
             summary(event('上市', None, ('公司', text[5], 5)))}
    assert {summary(e) for e in found.events} == apart
    thresholds = Thresholds(heads=(3.0, 0.0))
    found, = Extractor(Characters(), schema, Oracle([text], [packed]), thresholds, max_length=12).extract([text])
    assert len(found.events) == 4, 'the link of the first type is at its threshold'
    mixed = Oracle([text], [packed[:2] + [packed_of(cells, text, schema)[2]]])
    with pytest.raises(ValueError, match=r'tails of shape \(1, 12, 16\) for 2 labels, got \(1, 12, 14\)'):
        Extractor(Characters(), schema, mixed, max_length=12).extract([text[:9]])
