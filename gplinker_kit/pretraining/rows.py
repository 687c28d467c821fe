"""From texts to batches of one shape: what a masked or a causal language model reads, and what it has to tell.

A stream of batches says with each of them where it stands, so that a training that was stopped goes on with the same
batches. Notation: b rows a batch, n tokens a row, m hidden tokens a row.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import islice

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.pretraining.corpus import BEGINNING, Place
from gplinker_kit.pretraining.masking import RATE, cut_at_words, mask_words, word_numbers
from gplinker_kit.snippets.packing import pack_lengths
from gplinker_kit.tokenizers.characters import is_special
from gplinker_kit.tokenizers.words import jieba_words

OBJECTIVES = ('mlm', 'lm')
NOTHING = -1  # in place of a token that nobody has to tell

Batch = namedtuple('Batch', 'tokens targets documents')
Batch.__doc__ = """int32 (b, n) each: tokens, 0 for padding; what to tell, -1 for nothing; numbers of texts, or None.
"""
Where = namedtuple('Where', 'place chunk done rest')
Where.__doc__ = """Where a stream of batches is: `done` batches of chunk `chunk` have been made.

The chunk begins at the `Place` of the texts, with the rows `rest`, a Batch, that the one before it left over.
"""


class RowMaker:
    """Makes rows of texts.

    Arguments:
        tokenizer: a `Tokenizer`; for 'mlm' its vocabulary has [MASK]. length: int, n at most. objective: 'mlm', hidden
        words are to be told, or 'lm', the next token. segment: function, str -> list of its words, such as
        `jieba_words`; None hides single tokens. rate: share of the words that are hidden. packed: bool, as many texts
        a row as there is room for, for models with `packed=True`.
    Raises: ValueError for an unknown objective, a length below 4, a vocabulary without [MASK].
    """

    def __init__(self, tokenizer, length=512, objective='mlm', segment=jieba_words, rate=RATE, packed=False):
        if objective not in OBJECTIVES:
            raise ValueError('unknown objective %r.%s' % (objective, hint(objective, OBJECTIVES)))
        if length < 4:
            raise ValueError('length must be at least 4 tokens, got %r' % (length,))
        if not 0 < rate < 1:
            raise ValueError('rate must lie between 0 and 1, got %r' % (rate,))
        self.tokenizer, self.length, self.objective = tokenizer, length, objective
        self.segment, self.rate, self.packed = segment, rate, packed
        self.start, self.end = tokenizer.special_id('start'), tokenizer.special_id('end')
        if objective == 'mlm':
            self.mask = tokenizer.special_id('mask')
            self.choices = np.array(sorted(i for token, i in tokenizer._token_dict.items() if not is_special(token)))

    def examples(self, texts, random):
        """[(tokens, targets)] of texts, two arrays of one length each; long texts are cut where a word ends."""
        found = []
        for text, (ids, _, offsets) in zip(texts, self.tokenizer.encode_batch_with_offsets(texts, None)):
            body, offsets = np.array(ids[1:-1], 'int64'), offsets[1:-1]
            if not len(body):
                continue
            words = np.arange(len(body))
            if self.objective == 'mlm' and self.segment is not None:
                words = word_numbers(text, self.segment(text), offsets)
            room = self.length - (2 if self.objective == 'mlm' else 1)
            for start, stop in cut_at_words(words, room):
                make = self._masked if self.objective == 'mlm' else self._causal
                found.append(make(body[start:stop], words[start:stop], random, stop == len(body)))
        return found

    def _masked(self, body, words, random, last):
        shown, hidden = mask_words(body, words, random, self.mask, self.choices, self.rate)
        targets = np.where(hidden, body, NOTHING)
        return (np.concatenate([[self.start], shown, [self.end]]),
                np.concatenate([[NOTHING], targets, [NOTHING]]))

    def _causal(self, body, words, random, last):
        whole = np.concatenate([[self.start], body, [self.end] * last])
        return whole[:-1], whole[1:]

    def rows(self, texts, random):
        """A Batch of all the rows that texts make, shuffled."""
        examples = self.examples(texts, random)
        lengths = [len(tokens) for tokens, _ in examples]
        if self.packed:
            packing = pack_lengths(np.array(lengths, 'int64'), self.length)
            parts = [packing.fill([tokens for tokens, _ in examples]),
                     packing.fill([targets for _, targets in examples], NOTHING), packing.documents()]
        else:
            parts = [np.zeros((len(examples), self.length), 'int32'),
                     np.full((len(examples), self.length), NOTHING, 'int32'), None]
            for row, pair in enumerate(examples):
                for part, values in zip(parts, pair):
                    part[row, : len(values)] = values
        order = random.permutation(len(parts[0]))
        return Batch(*[None if part is None else part[order] for part in parts])

    def empty(self):
        """A Batch of no rows."""
        none = np.zeros((0, self.length), 'int32')
        return Batch(none, none, none if self.packed else None)


def batches(stream, maker, size, seed=0, where=None, chunk=1024):
    """Yields (Batch of `size` rows, the Where behind it) without an end.

    Arguments: stream: TextStream. maker: RowMaker. size: int, rows a batch. seed: int, of the masking and the order of
        rows. where: Where to go on from, or None. chunk: texts that are made into rows, and packed, at once.
    """
    place, number, done, rest = where or Where(BEGINNING, 0, 0, maker.empty())
    texts = stream.texts(Place(*place))
    while True:
        taken = list(islice(texts, chunk))
        made = maker.rows([text for text, _ in taken], np.random.RandomState([seed, number]))
        pool = Batch(*[None if new is None else np.concatenate([old, new]) for old, new in zip(rest, made)])
        count = len(pool.tokens) // size
        for k in range(done, count):
            yield _taken(pool, k * size, (k + 1) * size), Where(place, number, k + 1, rest)
        place, number, done, rest = taken[-1][1], number + 1, 0, _taken(pool, count * size, None)


def _taken(batch, start, stop):
    return Batch(*[None if part is None else part[start:stop] for part in batch])


def trimmed(batch, multiple=32):
    """The Batch without columns that are padding in every row, but for a rest up to a multiple of tokens."""
    longest = int(((batch.tokens != 0) | (batch.targets != NOTHING)).any(axis=0).nonzero()[0].max(initial=0)) + 1
    return Batch(*[None if part is None else part[:, : -(-longest // multiple) * multiple] for part in batch])


def hidden_places(targets, multiple=16):
    """Places (b, m) of the tokens to be told, ascending, and these (b, m), -1 where a row has fewer; m is a multiple.

    Only these go through the head of a masked language model, whose matrix is as high as the vocabulary.
    """
    found = targets != NOTHING
    width = max(1, -(-int(found.sum(axis=1).max(initial=0)) // multiple)) * multiple
    places, wanted = np.zeros((len(targets), width), 'int32'), np.full((len(targets), width), NOTHING, 'int32')
    for row, own in enumerate(found):
        where = np.flatnonzero(own)
        places[row, : len(where)], wanted[row, : len(where)] = where, targets[row, where]
    return places, wanted
