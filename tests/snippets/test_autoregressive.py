"""AutoRegressiveDecoder on a toy model that is a table, against a beam search with lists."""

import warnings
from collections import namedtuple

import numpy as np
import pytest

from gplinker_kit.snippets import AutoRegressiveDecoder, softmax
from gplinker_kit.snippets.autoregressive import take_rows
from gplinker_kit.snippets.next_tokens import best_continuations, best_rows, draw
from tests import sequence_oracles as oracles

V = 7
START, END = 2, 1


class Toy(AutoRegressiveDecoder):
    """Logits from a table; counts its calls and their rows."""

    def __init__(self, *args, seed=0, **kwargs):
        super().__init__(*args, **kwargs)
        self.table = 2 * np.random.RandomState(seed).normal(size=(V, V, V))
        self.rows = []

    @AutoRegressiveDecoder.wraps(default_rtype='logits')
    def predict(self, inputs, output_ids, states):
        """The next token."""
        self.rows.append(len(output_ids))
        return oracles.next_logits(self.table, inputs[0], output_ids)


class Remembering(Toy):
    """As Toy, but what it needs of the outputs is in its states alone."""

    State = namedtuple('State', 'last given lengths')

    @AutoRegressiveDecoder.wraps(default_rtype='probas', use_states=True)
    def predict(self, inputs, output_ids, states):
        given, count = (states['nested'][0].given, states['count']) if count_of(states) else (inputs[0], 0)
        assert len(given) == len(inputs[0]) == len(output_ids)
        if count_of(states):
            # What the state remembers of the outputs, moved along with their beams, is what they are.
            np.testing.assert_array_equal(states['nested'][0].last, output_ids[:, :-1])
        state = self.State(output_ids, given, np.arange(9))
        scores = softmax(oracles.next_logits(self.table, given, output_ids))
        return scores, {'nested': [state, None], 'count': count + 1}


def count_of(states):
    return states['count'] if states else 0


def inputs_of(count, length=5, seed=1):
    return np.random.RandomState(seed).randint(0, V, (count, length))


def log_probabilities(decoder, given):
    def step(output):
        ids = np.array([output], dtype=int).reshape(1, -1)
        return np.log(softmax(oracles.next_logits(decoder.table, given[None], ids))[0] + 1e-12)

    return step


@pytest.mark.parametrize('cls', [Toy, Remembering])
@pytest.mark.parametrize('start, end, minlen, topk, min_ends', [
    (START, END, 1, 1, 1), (START, END, 1, 4, 1), (None, END, 4, 3, 1), (START, END, 1, 3, 2), (END, END, 3, 5, 2),
    (START, None, 1, 3, 1), (START, END, 20, 3, 1), (START, END, 1, 2 * V, 1),
])  # fmt: skip
def test_beam_search(cls, start, end, minlen, topk, min_ends):
    """Alone, and all at once: the same, and what lists give."""
    decoder = cls(start, end, 8, minlen)
    texts = inputs_of(12)
    alone = [decoder.beam_search([text], topk, min_ends=min_ends) for text in texts]
    for text, found in zip(texts, alone):
        first = [] if start is None else [start]
        expected = oracles.beam_search(log_probabilities(decoder, text), first, end, 8, minlen, topk, min_ends)
        assert found.dtype.kind == 'i' and found.tolist() == expected
    if end is not None and minlen < 20:
        assert len({len(found) for found in alone}) > 1, 'all outputs end together'
    together = decoder.beam_search_batch([[text] for text in texts], topk, min_ends=min_ends)
    assert [found.tolist() for found in together] == [found.tolist() for found in alone]


def test_inputs_of_one_shape_are_predicted_together():
    decoder = Toy(START, None, 3)
    texts = list(inputs_of(4)) + list(inputs_of(2, length=3)) + list(inputs_of(1))
    found = decoder.beam_search_batch([[text] for text in texts], 2)
    assert decoder.rows == [5, 10, 10, 2, 4, 4]
    assert [ids.tolist() for ids in found] == [decoder.beam_search([text], 2).tolist() for text in texts]


def test_no_inputs():
    class Free(AutoRegressiveDecoder):
        @AutoRegressiveDecoder.wraps()
        def predict(self, inputs, output_ids, states):
            assert inputs == []
            return np.tile([[0.1, 0.6, 0.3]], (len(output_ids), 1))

    assert Free(0, 2, 3).beam_search([], 1).tolist() == [0, 1, 1, 1]
    assert [ids.tolist() for ids in Free(0, 2, 2).beam_search_batch([[], []], 1)] == [[0, 1, 1]] * 2
    assert Free(0, 2, 2).beam_search_batch([], 1) == []


def test_states_of_the_first_call_belong_to_the_inputs():
    class Stateful(Toy):
        @AutoRegressiveDecoder.wraps(default_rtype='logits', use_states=True)
        def predict(self, inputs, output_ids, states):
            given, steps = states
            return oracles.next_logits(self.table, given, output_ids), (given, steps + 1)

    decoder, texts = Stateful(START, END, 6), inputs_of(5)
    pairs = decoder.beam_search_batch([[np.zeros(length)] for length in (1, 2, 1, 2, 1)], 3, states=(texts, 0))
    for text, found in zip(texts, pairs):
        assert found.tolist() == decoder.beam_search([np.zeros(1)], 3, states=(text[None], 0)).tolist()
        assert found.tolist() == Toy(START, END, 6).beam_search([text], 3).tolist()


@pytest.mark.parametrize('options', [
    {}, {'topk': 3}, {'topp': 0.7}, {'topk': 4, 'topp': 0.8}, {'temperature': 0.5}, {'topk': 50, 'topp': 1.0},
], ids=repr)  # fmt: skip
def test_samples_have_the_frequencies_of_the_model(options):
    """The first token of many samples, for two inputs at once."""
    decoder, texts = Toy(None, END, 1), inputs_of(2)
    np.random.seed(3)
    n = 4000
    found = decoder.random_sample_batch([[text] for text in texts], n, **options)
    for text, samples in zip(texts, found):
        expected = softmax(decoder.table[text[0], 0] / options.get('temperature', 1))
        expected = cut(expected, options.get('topk', V), options.get('topp', 1.0))
        counts = np.bincount([ids[0] for ids in samples], minlength=V)
        assert len(samples) == n and (counts[expected == 0] == 0).all()
        assert np.abs(counts / n - expected).max() < 5 * np.sqrt(0.25 / n)


def cut(chances, topk, topp):
    order = np.argsort(-chances)[:topk]
    kept = chances[order] / chances[order].sum()
    out = np.zeros(len(chances))
    total = 0.0
    for token, chance in zip(order, kept):
        if total < topp:
            out[token] = chance
        total += chance
    return out / out.sum()


def test_draws_are_those_of_numpy_choice():
    rng = np.random.RandomState(0)
    probas = rng.dirichlet(np.ones(30), 50).astype('float32')
    np.random.seed(9)
    found = draw(probas)
    np.random.seed(9)
    expected = [np.random.choice(30, p=row / row.sum()) for row in probas]
    assert found.tolist() == expected


@pytest.mark.parametrize('cls', [Toy, Remembering])
def test_samples_end_where_they_should(cls):
    decoder = cls(START, END, 9, minlen=4)
    np.random.seed(1)
    alone = decoder.random_sample([inputs_of(1)[0]], 40, min_ends=1)
    together = decoder.random_sample_batch([[text] for text in inputs_of(3)], 40)
    assert len(alone) == 40 and [len(samples) for samples in together] == [40] * 3
    for samples in [alone] + together:
        lengths = [len(ids) for ids in samples]
        assert lengths == sorted(lengths) and 4 <= lengths[0] < lengths[-1] <= 10
        for ids in samples:
            assert ids[0] == START and END not in ids[3:-1] and (len(ids) == 10 or ids[-1] == END)


def test_likeliest_samples_are_a_beam_of_one():
    decoder, texts = Toy(START, END, 6), inputs_of(6)
    expected = [ids.tolist() for ids in decoder.beam_search_batch([[text] for text in texts], 1)]
    samples = decoder.random_sample_batch([[text] for text in texts], 2, topk=1)
    assert [[ids.tolist() for ids in pair] for pair in samples] == [[ids, ids] for ids in expected]


def test_wraps():
    decoder, text, ids = Toy(START, END, 3), inputs_of(1), np.array([[START]])
    logits = oracles.next_logits(decoder.table, text, ids)
    for temperature in (1, 0.5):
        probas, states = decoder.predict([text], ids, None, temperature, 'probas')
        np.testing.assert_allclose(probas, softmax(logits / temperature), rtol=1e-12)
        assert states is None
    np.testing.assert_allclose(decoder.predict([text], ids)[0], np.log(softmax(logits) + 1e-12))
    probas = Remembering(START, END, 3).predict([text], ids, None, 0.5, 'probas')[0]
    np.testing.assert_allclose(probas, softmax(2 * logits), rtol=1e-9)
    assert Toy.predict.__doc__ == 'The next token.'


def test_best_continuations():
    rng = np.random.RandomState(0)
    owner, widths = np.array([0, 0, 2, 3, 3, 3]), np.array([3, 9, 2, 40])
    scores = rng.normal(size=(6, 5))
    rows, tokens, totals = best_continuations(scores, owner, widths)
    assert owner[rows].tolist() == [0] * 3 + [2] * 2 + [3] * 15
    np.testing.assert_array_equal(totals, scores[rows, tokens])
    for each, width in ((0, 3), (2, 2), (3, 15)):
        np.testing.assert_array_equal(np.sort(totals[owner[rows] == each]),
                                      np.sort(scores[owner == each].ravel())[-width:])
    assert best_rows(np.array([1.0, 2, 2, 5, 0]), np.array([0, 0, 0, 1, 3])).tolist() == [1, 3, 4]


@pytest.mark.parametrize('arguments, message', [
    ((-1, 1, 3), 'start_id must be an integer from 0 on. Received: start_id=-1'), ((0, 1.0, 3), 'end_id must be'),
    ((0, 1, 0), 'maxlen must be an integer from 1 on. Received: maxlen=0'), ((0, 1, 3, -1), 'minlen must be'),
    ((0, 1, True), 'maxlen must be'),
])  # fmt: skip
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        AutoRegressiveDecoder(*arguments)


@pytest.mark.parametrize('call, message', [
    (lambda d: d.beam_search([[1]], 0), 'topk must be an integer from 1 on. Received: topk=0'),
    (lambda d: d.beam_search([[1]], 2, temperature=0), 'temperature must be a positive number'),
    (lambda d: d.beam_search([[1]], 2, min_ends=0), 'min_ends must be'),
    (lambda d: d.random_sample([[1]], 0), 'n must be'), (lambda d: d.random_sample([[1]], 1, topk=0), 'topk must be'),
    (lambda d: d.random_sample([[1]], 1, topp=0), r'topp must be None or lie in \(0, 1\]. Received: topp=0'),
    (lambda d: d.random_sample([[1]], 1, topp=1.5), 'topp must be'),
    (lambda d: d.predict([np.ones((1, 1), int)], np.ones((1, 1), int), None, 1, 'logit'), "Did you mean 'logits'?"),
    (lambda d: AutoRegressiveDecoder.wraps('proba'), "unknown default_rtype 'proba'. Did you mean 'probas'?"),
])  # fmt: skip
def test_wrong_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call(Toy(0, 1, 3))


def with_predict(function, **options):
    """A decoder with the undecorated method, or decorated with `options`."""
    if options:
        function = AutoRegressiveDecoder.wraps(**options)(function)
    return type('Own', (AutoRegressiveDecoder,), {'predict': function})(0, 1, 2)


def test_predictions_that_do_not_fit():
    with pytest.raises(ValueError, match=r'Own must define predict, decorated with AutoRegressiveDecoder.wraps\(...\)'):
        with_predict(lambda self, inputs, output_ids, states: np.ones((1, 3))).beam_search([], 1)
    with pytest.raises(ValueError, match='AutoRegressiveDecoder must define predict'):
        AutoRegressiveDecoder(0, 1, 2).beam_search([], 1)
    with pytest.raises(NotImplementedError, match='AutoRegressiveDecoder must define predict'):
        AutoRegressiveDecoder(0, 1, 2).predict([], np.zeros((1, 1)))
    for shape in ((1, 2, 3), (2, 3), (3,)):
        decoder = with_predict(lambda self, i, o, s, shape=shape: np.ones(shape), use_states=False)
        with pytest.raises(ValueError, match=r'predict must return the scores \(1, vocabulary\). Received: shape='):
            decoder.beam_search([], 1)
    with pytest.raises(ValueError, match=r'it must return a pair \(scores, states\)'):
        with_predict(lambda self, i, o, s: np.ones((1, 3)), use_states=True).beam_search([], 1)
    with pytest.raises(ValueError, match='probabilities of a row must have a finite, positive sum. Received: nan'):
        with_predict(lambda self, i, o, s: np.full((1, 3), np.nan), use_states=False).random_sample([], 1)


def test_states_may_be_tensors():
    from gplinker_kit.backend import STACK, ops

    if STACK != 'keras3':
        pytest.skip('tensors have values on Keras 3 only')
    states = np.random.RandomState(0).normal(size=(3, 2)).astype('float32')
    taken = take_rows([ops.convert_to_tensor(states), states, 'x'], np.array([2, 0, 0, 1]), 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(taken[0]), states[[2, 0, 0, 1]])
    np.testing.assert_array_equal(taken[1], states[[2, 0, 0, 1]])
    assert taken[2] == 'x' and take_rows(states, np.array([2, 0]), 4) is states


def test_last_token():
    from gplinker_kit.backend import Input, Model, keras

    given = Input(shape=(None, 2))
    other = Input(shape=(None, 2))
    dense = keras.layers.Dense(3)
    decoder = Toy(0, 1, 3)
    x, y = np.random.RandomState(0).normal(size=(2, 4, 5, 2)).astype('float32')
    for model, feed in (
        (Model(given, dense(given)), x),
        (Model([given, other], dense(keras.layers.add([given, other]))), [x, y]),
    ):
        short = decoder.last_token(model)
        assert decoder.last_token(model) is short
        np.testing.assert_allclose(short.predict(feed), model.predict(feed)[:, -1], rtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        decoder.last_token(Model(given, dense(keras.layers.Masking()(given))))
    double = decoder.last_token(Model(given, [dense(given), given]))
    found = double.predict(x)
    assert [a.shape for a in found] == [(4, 3), (4, 2)]
    np.testing.assert_allclose(found[1], x[:, -1])
