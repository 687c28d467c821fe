"""Text from a model that predicts the next token: beam search and sampling, for one input or several at once.

A subclass says what the model predicts, and calls `beam_search` or `random_sample`:

    class Title(AutoRegressiveDecoder):
        @AutoRegressiveDecoder.wraps(default_rtype='probas')
        def predict(self, inputs, output_ids, states):
            token_ids, segment_ids = inputs
            token_ids = np.concatenate([token_ids, output_ids], 1)
            segment_ids = np.concatenate([segment_ids, np.ones_like(output_ids)], 1)
            return self.last_token(model).predict([token_ids, segment_ids])

Notation: s inputs, r rows that are predicted at once (the beams or samples of all inputs, one after another), l tokens
so far, v vocabulary.
"""

import functools
import inspect
import numbers

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.snippets.next_tokens import best_continuations, best_rows, draw
from gplinker_kit.snippets.padding import softmax

RTYPES = ('probas', 'logits')


def take_rows(states, places, rows):
    """The rows `places` of each array (rows, ...) in lists, tuples and dicts; anything else stays as it is."""
    if isinstance(states, dict):
        return type(states)((name, take_rows(each, places, rows)) for name, each in states.items())
    if isinstance(states, (list, tuple)):
        taken = [take_rows(each, places, rows) for each in states]
        return type(states)(*taken) if hasattr(states, '_fields') else type(states)(taken)
    shape = getattr(states, 'shape', ())
    if len(shape) == 0 or shape[0] != rows:
        return states
    if isinstance(states, np.ndarray):
        return states[places]
    from gplinker_kit.backend import ops

    return ops.take(states, places, axis=0)


def _to_probas(scores, rtype, temperature):
    if rtype == 'logits':
        return softmax(scores / temperature)
    if temperature == 1:
        return scores
    powers = np.power(scores, 1.0 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def _check_integer(name, value, least):
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError('%s must be an integer from %d on. Received: %s=%r' % (name, least, name, value))


class AutoRegressiveDecoder:
    """Beam search and random sampling over `predict`, which a subclass defines.

    Arguments:
        start_id: the token that each output starts with, or None for outputs that start empty. end_id: the token that
        ends an output, or None for outputs of full length. maxlen: how many tokens are predicted at most.
        minlen: outputs shorter than that, with start and end, do not end.
    Raises: ValueError if an argument is out of range.
    Attributes: `first_output_ids` (1, 0 or 1), what each output starts with.
    """

    def __init__(self, start_id, end_id, maxlen, minlen=1):
        for name, value in (('start_id', start_id), ('end_id', end_id)):
            if value is not None:
                _check_integer(name, value, 0)
        _check_integer('maxlen', maxlen, 1)
        _check_integer('minlen', minlen, 0)
        self.start_id = start_id
        self.end_id = end_id
        self.maxlen = maxlen
        self.minlen = minlen
        self.models = {}
        self.first_output_ids = np.array([[] if start_id is None else [start_id]], dtype=int)

    @staticmethod
    def wraps(default_rtype='probas', use_states=False):
        """Decorator of `predict(self, inputs, output_ids, states)` that adds the temperature and the kind of result.

        default_rtype: what `predict` returns, 'probas' (r, v) or 'logits' (r, v), what the softmax is taken of.
        use_states: whether it returns a pair (scores, states) instead; the states reach the next call.
        """
        if default_rtype not in RTYPES:
            raise ValueError('wraps: unknown default_rtype %r.%s' % (default_rtype, hint(default_rtype, RTYPES)))

        def decorate(predict):
            # Without __wrapped__, by which the signature would be the one of `predict`.
            @functools.wraps(predict, updated=())
            def wrapped(self, inputs, output_ids, states=None, temperature=1, rtype=default_rtype):
                if rtype not in RTYPES:
                    raise ValueError('predict: unknown rtype %r.%s' % (rtype, hint(rtype, RTYPES)))
                scores = predict(self, inputs, output_ids, states)
                states = None
                if use_states:
                    if not isinstance(scores, (tuple, list)) or len(scores) != 2:
                        raise ValueError('predict: with use_states=True it must return a pair (scores, states)')
                    scores, states = scores
                probas = _to_probas(np.asarray(scores), default_rtype, temperature)
                # The summand is bert4keras's, and keeps the logarithm of 0 finite.
                return (probas if rtype == 'probas' else np.log(probas + 1e-12)), states

            del wrapped.__wrapped__
            return wrapped

        return decorate

    def last_token(self, model):
        """Returns a model that gives the outputs of `model` at the last position only: (b, n, v) -> (b, v). Cached."""
        if model not in self.models:
            from gplinker_kit.backend import Model, layers

            slices = [layers.Lambda(lambda x: x[:, -1]) for _ in model.outputs]
            for layer in slices:
                layer.supports_masking = True  # else Keras 3 warns that the mask ends here
            outputs = [layer(output) for layer, output in zip(slices, model.outputs)]
            self.models[model] = Model(model.input, outputs if len(outputs) > 1 else outputs[0])
        return self.models[model]

    def predict(self, inputs, output_ids, states=None):
        """The scores of the next token: a list of inputs (r, ...), output_ids (r, l), states -> (r, v).

        A subclass defines it, decorated with `AutoRegressiveDecoder.wraps(...)`. What it returns as states comes back
        at the next call, with the rows of each array (r, ...) in it, also within lists, tuples and dicts, moved along
        with their beams. Anything else comes back as it is.
        """
        raise NotImplementedError(type(self).__name__ + ' must define predict')

    def beam_search(self, inputs, topk, states=None, temperature=1, min_ends=1):
        """The best output for one input.

        inputs: a list of arrays without a batch axis. topk: the number of beams. states: what the first `predict` gets,
        its arrays with 1 row. temperature: see `random_sample`. min_ends: an output ends at its `min_ends`-th end_id.
        Returns the token ids, with start and end: (l,).
        """
        return self.beam_search_batch([inputs], topk, states, temperature, min_ends)[0]

    def beam_search_batch(self, inputs, topk, states=None, temperature=1, min_ends=1):
        """`beam_search` for s inputs at once: a list of what it takes -> a list of s arrays (l,), the same as alone.

        Inputs whose arrays have the same shapes are predicted together, others in turns: to predict texts of different
        lengths together, pad them, and let `predict` mask the padding. states: an array with s rows has one for each
        input, within lists, tuples and dicts too.
        """
        _check_integer('topk', topk, 1)
        return self._in_groups(inputs, states, temperature, min_ends, functools.partial(self._search, topk))

    def random_sample(self, inputs, n, topk=None, topp=None, states=None, temperature=1, min_ends=1):
        """n random outputs for one input, with the numbers of `np.random`.

        topk: choose among the `topk` most likely tokens only. topp: among the most likely ones that together reach the
        probability `topp`; after `topk` if both are given. temperature: the logits are divided by it; below 1 the
        likely become likelier. For inputs, states and min_ends see `beam_search`.
        Returns a list of n arrays of token ids, with start and end, the first to end first.
        """
        return self.random_sample_batch([inputs], n, topk, topp, states, temperature, min_ends)[0]

    def random_sample_batch(self, inputs, n, topk=None, topp=None, states=None, temperature=1, min_ends=1):
        """`random_sample` for s inputs at once -> a list of s lists; for inputs and states see `beam_search_batch`."""
        _check_integer('n', n, 1)
        if topk is not None:
            _check_integer('topk', topk, 1)
        if topp is not None and not (isinstance(topp, numbers.Real) and 0 < topp <= 1):
            raise ValueError('topp must be None or lie in (0, 1]. Received: topp=%r' % (topp,))
        return self._in_groups(inputs, states, temperature, min_ends, functools.partial(self._sample, n, topk, topp))

    def _in_groups(self, inputs, states, temperature, min_ends, run):
        """Calls `run` for the inputs of each shape, and returns the results in the order of the inputs."""
        if not isinstance(temperature, numbers.Real) or not temperature > 0:
            raise ValueError('temperature must be a positive number. Received: temperature=%r' % (temperature,))
        _check_integer('min_ends', min_ends, 1)
        try:
            inspect.signature(self.predict).bind(inputs, None, states, temperature, 'probas')
        except TypeError:
            raise ValueError(
                '%s must define predict, decorated with AutoRegressiveDecoder.wraps(...)' % type(self).__name__
            ) from None
        inputs = [[np.asarray(array) for array in each] for each in inputs]
        groups = {}
        for place, each in enumerate(inputs):
            groups.setdefault(tuple(array.shape for array in each), []).append(place)
        results = [None] * len(inputs)
        for places in groups.values():
            arrays = [np.stack(column) for column in zip(*[inputs[place] for place in places])]
            own = take_rows(states, np.array(places), len(inputs))
            for place, result in zip(places, run(len(places), arrays, own, temperature, min_ends)):
                results[place] = result
        return results

    def _predict(self, inputs, output_ids, states, temperature, rtype):
        scores, states = self.predict(inputs, output_ids, states, temperature, rtype)
        if scores.ndim != 2 or len(scores) != len(output_ids):
            raise ValueError('%s.predict must return the scores (%d, vocabulary). Received: shape=%s'
                             % (type(self).__name__, len(output_ids), scores.shape))
        return scores, states

    def _has_ended(self, output_ids, min_ends):
        """Which rows end with the last of `min_ends` end tokens."""
        if self.end_id is None or output_ids.shape[1] < self.minlen:
            return np.zeros(len(output_ids), dtype=bool)
        ends = output_ids == self.end_id
        return ends[:, -1] & (ends.sum(axis=1) >= min_ends)

    def _search(self, topk, count, inputs, states, temperature, min_ends):
        """Beam search for `count` inputs of the same shapes -> a list of arrays."""
        output_ids, totals = np.repeat(self.first_output_ids, count, axis=0), np.zeros(count)
        owner, widths = np.arange(count), np.full(count, topk)
        results = [None] * count
        for _ in range(self.maxlen):
            scores, states = self._predict(inputs, output_ids, states, temperature, 'logits')
            rows = len(output_ids)
            parents, tokens, totals = best_continuations(totals[:, None] + scores, owner, widths)
            output_ids = np.concatenate([output_ids[parents], tokens[:, None]], axis=1)
            owner = owner[parents]
            ended = self._has_ended(output_ids, min_ends)
            kept = ~ended
            # An input is done when its best beam has ended; others that have ended are dropped.
            for row in best_rows(totals, owner):
                if ended[row]:
                    results[owner[row]] = output_ids[row]
                    kept &= owner != owner[row]
            widths = widths - np.bincount(owner[ended], minlength=count)
            parents, output_ids, totals, owner = parents[kept], output_ids[kept], totals[kept], owner[kept]
            if not len(owner):
                return results
            inputs = [array[parents] for array in inputs]
            states = take_rows(states, parents, rows)
        for row in best_rows(totals, owner):
            results[owner[row]] = output_ids[row]
        return results

    def _sample(self, n, topk, topp, count, inputs, states, temperature, min_ends):
        """n samples for each of `count` inputs of the same shapes -> a list of lists of arrays."""
        output_ids, owner = np.repeat(self.first_output_ids, count, axis=0), np.arange(count)
        results = [[] for _ in range(count)]
        for step in range(self.maxlen):
            probas, states = self._predict(inputs, output_ids, states, temperature, 'probas')
            rows = len(output_ids)
            parents = np.arange(rows) if step else np.repeat(np.arange(rows), n)
            tokens = draw(probas[parents], topk, topp)
            output_ids = np.concatenate([output_ids[parents], tokens[:, None]], axis=1)
            owner = owner[parents]
            ended = self._has_ended(output_ids, min_ends)
            for row in np.flatnonzero(ended):
                results[owner[row]].append(output_ids[row])
            parents, output_ids, owner = parents[~ended], output_ids[~ended], owner[~ended]
            if not len(owner):
                return results
            inputs = [array[parents] for array in inputs]
            states = take_rows(states, parents, rows)
        for place, ids in zip(owner, output_ids):
            results[place].append(ids)
        return results
