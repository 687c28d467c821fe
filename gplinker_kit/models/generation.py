"""Texts that a causal model writes: many at once, with the keys and values of what was read already.

    wrapper = build_transformer_model(..., application='lm', with_mlm='linear', return_keras_model=False)
    generator = Generator(wrapper, end_id=tokenizer._token_end_id, maxlen=50)
    answers = generator.greedy([[2, 17, 30], [2, 8]])           # prompts of any lengths
    samples = generator.sample([[2, 17, 30]], n=4, topp=0.9)

Notation: s prompts, r rows that are predicted at once (the beams or samples of all prompts), v vocabulary.
"""

import numpy as np

from gplinker_kit.backend.stepping import runner, zeros
from gplinker_kit.models.decoder import Decoder
from gplinker_kit.models.masks import LM_Mask, UniLM_Mask
from gplinker_kit.models.stepping import NEVER, step_model
from gplinker_kit.snippets.autoregressive import AutoRegressiveDecoder


class _Kept:
    """What a step keeps of all rows. No array in the eyes of `AutoRegressiveDecoder`, which would move its rows."""

    def __init__(self, arrays, rows):
        self.arrays, self.rows = arrays, rows


class Generator(AutoRegressiveDecoder):
    """Greedy search, beam search and sampling with a causal model.

    Prompts are lists or arrays of token ids, of any lengths, or one array (s, n) with padding on either side, which
    `mask` (s, n) tells: True where a token is real. Where token 0 is padding for the model it is left out anyway.
    A prompt has one token at least, such as the start token. What comes back are the new tokens alone, the end token
    included.

    On JAX and TensorFlow each shape of a batch is compiled, so that lengths are rounded up to a multiple, and numbers
    of rows to a power of two: a batch of prompts takes three programs, however many tokens they get, and other batches
    of about its size take the same.
    Arguments:
        wrapper: built wrapper of a model with application 'lm' or 'unilm', or a decoder, that has a head; for 'unilm'
            the prompt is the source (segment 0) and what comes is the target (segment 1).
        end_id, maxlen, minlen: as `AutoRegressiveDecoder`, of the new tokens alone. multiple: int.
        cache: bool. False computes the whole text anew for each token; the results are the same.
    Raises: ValueError for a model that is not causal, without a head of tokens, or, with the cache, whose attention has
        no keys and values to keep; for an empty prompt; and where a learned position table is too short.
    """

    def __init__(self, wrapper, end_id=None, maxlen=64, minlen=0, cache=True, multiple=32):
        if not isinstance(multiple, int) or multiple < 1:
            raise ValueError('multiple must be a positive integer. Received: %r' % (multiple,))
        super().__init__(start_id=None, end_id=end_id, maxlen=maxlen, minlen=minlen)
        self.wrapper, self.cache, self.multiple = wrapper, cache, multiple
        self.is_prefix = isinstance(wrapper, UniLM_Mask)
        if not self.is_prefix and not isinstance(wrapper, (LM_Mask, Decoder)):
            raise ValueError(
                "Generator: %s is not causal: build it with application='lm' or 'unilm', or take a decoder"
                % type(wrapper).__name__
            )
        self.gives_logits = _gives_logits(wrapper)
        self.pads_with_zero = wrapper.layers[wrapper.prefixed('Embedding-Token')].mask_zero
        if cache:
            self.model, self.step = step_model(wrapper)
            self.run = runner(self.model)

    def greedy(self, prompts, mask=None):
        """The likeliest token, again and again: a list of s arrays (l,) of new tokens."""
        return self.beam(prompts, 1, mask)

    def beam(self, prompts, topk, mask=None, min_ends=1):
        """The best of `topk` beams for each prompt: a list of s arrays (l,) of new tokens."""
        return self.beam_search_batch(self._inputs(prompts, mask), topk, min_ends=min_ends)

    def sample(self, prompts, n=1, topk=None, topp=None, temperature=1, mask=None, min_ends=1):
        """n samples for each prompt, with the numbers of `np.random`; see `AutoRegressiveDecoder.random_sample`.

        Returns: a list of s lists of n arrays (l,) of new tokens.
        """
        return self.random_sample_batch(self._inputs(prompts, mask), n, topk, topp, None, temperature, min_ends)

    # === Prompts ===

    def _inputs(self, prompts, mask):
        """[[tokens (n,), real (n,)]], each prompt at the right end of as many places."""
        rows = [np.asarray(prompt, 'int64') for prompt in prompts]
        if mask is not None:
            rows = [row[np.asarray(real, bool)] for row, real in zip(rows, mask)]
        if self.pads_with_zero:
            rows = [row[row != 0] for row in rows]
        for number, row in enumerate(rows):
            if row.ndim != 1 or not len(row):
                raise ValueError('prompts: item %d has no token; give it the start token' % number)
        longest = max(map(len, rows), default=0)
        self._check_positions(longest)
        width = _up(longest, self.multiple)
        inputs = []
        for row in rows:
            tokens, real = np.zeros(width, 'int64'), np.zeros(width, bool)
            tokens[width - len(row) :], real[width - len(row) :] = row, True
            inputs.append([tokens, real])
        return inputs

    def _check_positions(self, longest):
        wrapper = self.wrapper
        if not getattr(wrapper, 'POSITION_TABLE', False):
            return
        known = wrapper.max_position ** (2 if wrapper.hierarchical_position else 1)
        if longest + self.maxlen - 1 > known:
            raise ValueError(
                'maxlen: a prompt of %d tokens and %d new ones need %d positions, max_position is %d'
                % (longest, self.maxlen, longest + self.maxlen - 1, known)
            )

    # === Predictions ===

    @AutoRegressiveDecoder.wraps(default_rtype='logits', use_states=True)
    def predict(self, inputs, output_ids, states):
        """[tokens (r, n), real (r, n)], new tokens (r, l) -> logits (r, v) of the next one, and the states."""
        tokens, real = inputs
        if not self.cache:
            return self._logits(self._whole(tokens, real, output_ids)), None
        if states is None:
            scores, kept = self._begin(tokens, real)
        else:
            scores, kept = self._go_on(real, output_ids, *states)
        return self._logits(scores), (np.arange(len(tokens)), kept)

    def _logits(self, scores):
        scores = np.asarray(scores, 'float32')
        return scores if self.gives_logits else np.log(np.maximum(scores, 1e-38))

    def _begin(self, tokens, real):
        """The first step: all tokens of the prompts."""
        count, width = tokens.shape
        rows, length = _power(count), _up(width + self.maxlen, self.multiple)
        kept = [zeros((rows, length, size), self.step.dtype) for size in self.step.widths]
        positions = np.maximum(np.cumsum(real, axis=1) - 1, 0)
        order = np.zeros_like(positions) if self.is_prefix else positions
        keys = np.full((count, length), NEVER)
        keys[:, :width] = np.where(real, order, NEVER)
        places = np.tile(np.arange(width), (count, 1))
        return self._run(tokens, np.zeros_like(tokens), positions, order, keys, places, _Kept(kept, rows),
                         np.arange(count))

    def _go_on(self, real, output_ids, rows, kept):
        """A further step: the last of the new tokens. `rows`: those of the step before that the texts come from."""
        (count, width), new = real.shape, output_ids.shape[1]
        lengths = real.sum(axis=1)[:, None]
        after = np.arange(new)
        keys = np.full((count, int(kept.arrays[0].shape[1])), NEVER)
        begun = np.maximum(np.cumsum(real, axis=1) - 1, 0)
        keys[:, :width] = np.where(real, 0 if self.is_prefix else begun, NEVER)
        orders = 1 + after[None] + 0 * lengths if self.is_prefix else lengths + after
        seen = (output_ids != 0) | (not self.pads_with_zero)
        keys[:, width : width + new] = np.where(seen, orders, NEVER)
        ones = np.ones((count, 1), 'int64')
        return self._run(output_ids[:, -1:], ones * self.is_prefix, lengths + new - 1, orders[:, -1:], keys,
                         ones * (width + new - 1), kept, rows)

    def _run(self, tokens, segments, positions, order, keys, places, kept, rows):
        """Runs the model with rows of nothing up to the number that it was compiled for."""
        count, total = len(tokens), max(kept.rows, _power(len(tokens)))
        given = [tokens, segments, positions, order, keys, places]
        dtypes = ['int32'] * 2 + [self.wrapper.POSITION_DTYPE or 'float32'] + ['int32'] * 3
        given = [_filled(array, total).astype(dtype) for array, dtype in zip(given, dtypes)]
        if not self.wrapper.segment_vocab_size:
            del given[1]
        scores, arrays = self.run(given, kept.arrays, _filled(rows, total).astype('int32'))
        return scores[:count, 0], _Kept(arrays, total)

    def _whole(self, tokens, real, output_ids):
        """What the model says of whole texts, padded on the right: scores (r, v) of the token after each."""
        wrapper, texts = self.wrapper, [np.concatenate([row[own], new])
                                        for row, own, new in zip(tokens, real, output_ids)]
        lengths = np.array([len(text) for text in texts])
        count, width = _power(len(texts)), _up(lengths.max(), self.multiple)
        if getattr(wrapper, 'POSITION_TABLE', False):
            width = min(width, wrapper.max_position ** (2 if wrapper.hierarchical_position else 1))
        if wrapper.sequence_length is not None:
            width = wrapper.sequence_length
        if lengths.max() > width:
            raise ValueError('sequence_length is %d, and a text has %d tokens by now' % (width, lengths.max()))
        ids, segments = np.zeros((2, count, width), 'int32')
        for row, text in enumerate(texts):
            ids[row, : len(text)] = text
            segments[row, real[row].sum() :] = int(self.is_prefix)  # padding included: what follows is not seen
        places = np.tile(np.arange(width), (count, 1))
        inside = (places < _filled(lengths, count)[:, None]).astype('int32')
        inputs = [ids] + [segments] * bool(wrapper.segment_vocab_size)
        if wrapper.custom_position_ids:
            inputs.append(places.astype(wrapper.POSITION_DTYPE or 'float32'))
        inputs += [inside] * bool(wrapper.packed)
        found = wrapper.model.predict_on_batch(inputs)
        found = np.asarray(found[-1] if isinstance(found, (list, tuple)) else found)
        return found[np.arange(len(texts)), lengths - 1]


def _gives_logits(wrapper):
    """Whether the head of a model gives logits and not probabilities."""
    head = getattr(wrapper, 'with_lm', None) or getattr(wrapper, 'with_mlm', None)
    if head is True or head == 'softmax':
        return False
    if head != 'linear':
        raise ValueError(
            "Generator: a head is needed that gives probabilities (True) or logits ('linear'). Received: %r" % (head,)
        )
    return True


def _up(length, multiple):
    """The least multiple that is no less."""
    return -(-int(length) // multiple) * multiple


def _power(count):
    """The least power of two that is no less."""
    return 1 << max(0, int(count) - 1).bit_length()


def _filled(array, rows):
    """The array with its first row again and again behind it, up to so many rows."""
    return np.concatenate([array, np.repeat(array[:1], rows - len(array), axis=0)])
