import itertools

import numpy as np
import pytest

from gplinker_kit.events.decoder import decode
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.schema import TRIGGER, Schema
from tests.events.decoding import Characters
from tests.events.oracles import summary

SCHEMA = Schema([('胜负', ['胜者', '败者'])])
TEXTS = ['甲胜乙', '', '丙胜', '甲甲乙乙胜', ' \n', '没有事件' * 6, '胜', '乙', '甲' * 9 + '胜', '今天甲队胜了乙队']


class Rules:
    """A model: 胜 is a trigger, 甲 wins, 乙 loses, all are linked to all. Remembers the shapes that it has seen."""

    roles = (('胜', TRIGGER), ('甲', '胜者'), ('乙', '败者'))

    def __init__(self):
        self.shapes, self.rows = [], []

    def __call__(self, token_ids, segment_ids):
        assert token_ids.dtype == segment_ids.dtype == np.int32
        assert token_ids.shape == segment_ids.shape and not segment_ids.any()
        self.shapes.append(token_ids.shape)
        self.rows.extend(token_ids.tolist())
        b, n = token_ids.shape
        arguments = np.full((b, n, n + 2 * len(SCHEMA)), -9, np.float32)
        for character, role in self.roles:
            label = SCHEMA.index('胜负', role)
            sample, token = np.nonzero(token_ids == ord(character))
            arguments[sample, token, token] = 6
            arguments[sample, token, n + label] = arguments[sample, token, n + len(SCHEMA) + label] = 0
        links = np.ones((b, n, n + 2), np.float32)
        return arguments, links, links.copy()


def extractor(predict=None, **options):
    return Extractor(Characters(), SCHEMA, predict or Rules(), **options)


@pytest.mark.parametrize('batch_size', [1, 3, 32])
@pytest.mark.parametrize('chunk', [1, 4, 4096])
def test_each_text_gets_its_own_events_in_input_order(batch_size, chunk):
    predict = Rules()
    found = extractor(predict, batch_size=batch_size, length_multiple=4).extract(TEXTS, chunk=chunk)
    assert [one.text for one in found] == TEXTS
    for one in found:
        (ids, segments, offsets), = Characters().encode_batch_with_offsets([one.text])
        packed = [part[0] for part in Rules()(np.array([ids], np.int32), np.array([segments], np.int32))]
        assert one == decode(one.text, offsets, packed, SCHEMA)
    assert [len(one.events) for one in found] == [1, 0, 1, 1, 0, 0, 1, 1, 1, 1]
    # 甲 and 甲, both winners, are linked with 胜 and with each other: one event
    arguments = frozenset({('胜者', '甲', 0), ('胜者', '甲', 1), ('败者', '乙', 2), ('败者', '乙', 3)})
    assert summary(found[3].events[0]) == ('胜负', ('胜', 4), arguments)


def test_iter_extract_is_extract():
    whole = extractor().extract(TEXTS)
    for chunk in (1, 3, 100):
        assert list(extractor(batch_size=2).iter_extract(iter(TEXTS), chunk=chunk)) == whole


def test_an_endless_input_is_read_chunk_by_chunk():
    taken = []

    def texts():
        for number in itertools.count():
            taken.append(number)
            yield '甲' * (number % 7) + '胜'

    results = extractor().iter_extract(texts(), chunk=10)
    assert taken == [], 'nothing is read before the first result is asked for'
    first = [next(results) for _ in range(10)]
    assert len(taken) == 10 and [len(one.text) for one in first] == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    next(results)
    assert len(taken) == 20


def test_few_shapes():
    predict = Rules()
    texts = ['胜' * (1 + k % 58) for k in range(150)]
    extractor(predict, batch_size=16, length_multiple=16, max_length=60).extract(texts)
    assert {n for _, n in predict.shapes} == {16, 32, 48, 60}, 'multiples of 16, and the window itself'
    assert [b for b, _ in predict.shapes] == [16] * 9 + [8], '150 = 9 · 16 + 6'
    lengths = [n for _, n in predict.shapes]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.once
def test_any_shapes():
    """Nothing is rounded or filled up, the long text has a batch of its own, and the events are the same."""
    predict, texts = Rules(), TEXTS[:5] + ['胜' * 300] + ['甲' * (1 + k % 4) + '胜' for k in range(40)]
    found = extractor(predict, length_multiple=None, batch_size=32, max_length=400).extract(texts)
    assert predict.shapes[0] == (1, 302) and sum(height for height, _ in predict.shapes) == 44, predict.shapes
    for (height, width), (_, narrower) in zip(predict.shapes, predict.shapes[1:]):
        assert height <= 32 and width >= narrower
    assert found == extractor(max_length=400).extract(texts)


def test_a_batch_is_filled_with_copies():
    predict = Rules()
    extractor(predict, batch_size=8, length_multiple=5).extract(['甲', '胜乙', '丙'])
    rows = [[1, ord('胜'), ord('乙'), 2, 0], [1, ord('甲'), 2, 0, 0], [1, ord('丙'), 2, 0, 0]]
    assert predict.rows == rows + rows[-1:]
    predict = Rules()
    extractor(predict, batch_size=32).extract(['甲'])
    assert predict.shapes == [(1, 16)], 'one text alone costs one text'


def test_texts_without_a_token_are_not_predicted():
    predict = Rules()
    found = extractor(predict).extract(['', ' \t', '　'])
    assert [one.events for one in found] == [(), (), ()] and predict.shapes == []
    assert extractor(predict).extract([]) == []


def test_progress():
    calls = []
    extractor(batch_size=3).extract(TEXTS, progress=lambda done, total: calls.append((done, total)), chunk=6)
    # 6 texts, 2 of them empty: batches of 3 and 1; then 4 texts: batches of 3 and 1
    assert calls == [(5, 10), (6, 10), (9, 10), (10, 10)]
    calls = []
    extractor().extract(['', ''], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(2, 2)]


def test_thresholds_and_policy_reach_the_decoder():
    assert extractor(thresholds=Thresholds(arguments=7)).extract(['甲胜'])[0].events == ()
    assert len(extractor(thresholds=Thresholds(heads=3)).extract(['甲胜'])[0].events) == 2
    assert extractor(policy=Policy(trigger_policy='drop')).extract(['甲乙'])[0].events == ()
    cut = extractor(policy=Policy(max_positives=1)).extract(['甲胜乙', '丙'])
    assert [one.truncated for one in cut] == [True, False] and cut[0].limits == ('max_positives',)


def test_a_text_that_is_no_text_is_named():
    predict = Rules()
    with pytest.raises(ValueError, match=r'texts\[2\] must be a str, got NoneType'):
        extractor(predict).extract(['甲', '乙', None])
    assert predict.shapes == [], 'checked before any work'
    results = extractor(predict).iter_extract(iter(['甲', '乙', '胜', b'x']), chunk=2)
    assert [next(results).text, next(results).text] == ['甲', '乙']
    with pytest.raises(ValueError, match=r'texts\[3\] must be a str, got bytes'):
        next(results)
    for call in (extractor().extract, extractor().iter_extract):
        with pytest.raises(ValueError, match='got a single str'):
            call('甲胜乙')


def test_a_diverged_model_is_named_with_its_text():
    def predict(token_ids, segment_ids):
        arguments, heads, tails = Rules()(token_ids, segment_ids)
        heads[token_ids == ord('丙')] = np.nan
        return arguments, heads, tails

    with pytest.raises(ValueError, match=r'texts\[3\]: the heads scores hold NaN'):
        list(extractor(predict).iter_extract(['甲', '胜', '乙', '甲丙'], chunk=2))


@pytest.mark.parametrize('change, message', [
    (lambda outputs: outputs[:2], 'predict must return three arrays, .*, got 2'),
    (lambda outputs: outputs[0], 'predict must return three arrays, .*, got ndarray'),
    (lambda outputs: (outputs[0][:, :, 2:],) + outputs[1:], r'arguments of shape \(1, 16, 22\) for 3 labels, got'),
    (lambda outputs: outputs[:2] + (outputs[0],), r'tails of shape \(1, 16, 18\) for 1 labels, got \(1, 16, 22\)'),
])
def test_what_predict_returns_is_checked(change, message):
    with pytest.raises(ValueError, match=message):
        extractor(lambda *inputs: change(Rules()(*inputs))).extract(['甲胜乙'])


@pytest.mark.parametrize('name, value', [('max_length', 2), ('window_stride', 0), ('batch_size', 0),
                                         ('length_multiple', 1.5), ('batch_size', True)])
def test_bad_sizes(name, value):
    with pytest.raises(ValueError, match='%s must be an integer of at least . *, got %r' % (name, value)):
        extractor(**{name: value})


@pytest.mark.parametrize('chunk', [0, 2.5, None])
def test_bad_chunks(chunk):
    with pytest.raises(ValueError, match='chunk must be an integer of at least 1, got %r' % chunk):
        extractor().extract(['甲'], chunk=chunk)
    with pytest.raises(ValueError, match='chunk must be an integer of at least 1, got %r' % chunk):
        extractor().iter_extract(['甲'], chunk=chunk)


def test_with_the_real_tokenizer():
    pytest.importorskip('tokenizers')
    from gplinker_kit.tokenizers import Tokenizer

    # ids are chosen so that Rules reads them: the code points of the characters
    vocabulary = dict({'[PAD]': 0, '[CLS]': 1, '[SEP]': 2, '[UNK]': 3}, **{c: ord(c) for c in '甲乙胜'})
    tokenizer = Tokenizer(vocabulary, do_lower_case=True)
    texts = ['İ 甲\u3000胜!', '', '甲胜乙丙', '甲丙丙胜丁丁丁乙']
    found = Extractor(tokenizer, SCHEMA, Rules(), max_length=6).extract(texts)
    assert summary(found[0].events[0]) == ('胜负', ('胜', 4), frozenset({('胜者', '甲', 2)}))
    assert [len(one.events) for one in found] == [1, 0, 1, 2]
    # windows of 4 tokens: 甲丙丙胜 丙胜丁丁 丁丁丁乙: 乙 is never seen beside 胜, nor anything linked to both
    assert {summary(e) for e in found[3].events} == {('胜负', ('胜', 3), frozenset({('胜者', '甲', 0)})),
                                                     ('胜负', None, frozenset({('败者', '乙', 7)}))}
