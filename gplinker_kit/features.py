"""Vectors of sentences and tokens from any encoder that this library can open.

    extractor = FeatureExtractor.open('chinese_roformer-v2-char_L-12_H-768_A-12')
    extractor.sentence_vectors(['今天天气很好。', '天气不错。'])   # (2, 768) float32
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import islice

import numpy as np

from gplinker_kit.backend import Model, prepare
from gplinker_kit.errors import CheckpointError, hint
from gplinker_kit.events.batches import bucket_batch, bucket_length, pad_batch
from gplinker_kit.files import read_json
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.pretrained_folder import open_folder
from gplinker_kit.tokenizers import Tokenizer, jieba_words
from gplinker_kit.tokenizers.characters import is_cjk

POOLINGS = ('cls', 'mean', 'first-last')
LONGEST = 512
_FIRST = re.compile(r'^Transformer-0-(FeedForward|GatedAttentionUnit|FLASH)-Norm$')


@dataclass
class TokenVectors:
    """The vectors of one text, [CLS] and [SEP] included.

    tokens: n strings of the vocabulary. ids: n ints. offsets: n pairs (start, end) in code points of the text, (0, 0)
    for the start and end token. vectors: (n, D) float32. first: (n, D), what the first layer gives, or None. cut:
    whether the text was longer than the extractor reads.
    """

    tokens: list
    ids: list
    offsets: list
    vectors: np.ndarray
    first: np.ndarray | None
    cut: bool

    def pooled(self, pooling='mean'):
        """Returns one vector (D,) float32.

        pooling: 'cls', that of the first token; 'mean' over the tokens; 'first-last', the mean over the tokens of the
        first and of the last layer (Su et al., 2021, arXiv:2103.15316).
        """
        check_pooling(pooling)
        if pooling == 'cls':
            return self.vectors[0].copy()  # a view would keep the vectors of all tokens
        if pooling == 'first-last':
            if self.first is None:
                raise ValueError("pooling 'first-last' needs iter_vectors(…, first=True)")
            return (self.vectors.mean(axis=0) + self.first.mean(axis=0)) / 2
        return self.vectors.mean(axis=0)


class FeatureExtractor:
    """An encoder with its tokenizer.

    Arguments:
        wrapper: what `build_transformer_model(…, return_keras_model=False)` returns, an encoder without heads.
        tokenizer: a `Tokenizer` whose vocabulary belongs to it.
        max_length: the most tokens that are read of a text, [CLS] and [SEP] included. batch_size: the most texts a
            batch. length_multiple: lengths of batches are rounded up to this.
    Raises: ValueError: a vocabulary of another size than the encoder's table, or a size that cannot be.
    """

    def __init__(self, wrapper, tokenizer, max_length=LONGEST, batch_size=32, length_multiple=16):
        for name, size, least in (('max_length', max_length, 3), ('batch_size', batch_size, 1),
                                  ('length_multiple', length_multiple, 1)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < least:
                raise ValueError('%s must be an integer of at least %d, got %r' % (name, least, size))
        rows = wrapper.layers[wrapper.prefixed('Embedding-Token')].input_dim
        if tokenizer._vocab_size > rows:
            raise ValueError('the vocabulary has %d tokens and the encoder (vocab_size) %d rows; they belong to '
                             'different models' % (tokenizer._vocab_size, rows))
        if tokenizer._token_dict.get('[PAD]') != 0:
            raise ValueError("the vocabulary's first token must be '[PAD]': id 0 is padding, which is masked")
        if len(wrapper.model.inputs) != (2 if wrapper.segment_vocab_size else 1):
            raise ValueError('the encoder must take token ids and, if it has them, segment ids, and no further inputs '
                             '(custom_position_ids, additional_input_layers); it takes %d' % len(wrapper.model.inputs))
        table = wrapper.layers.get(wrapper.prefixed('Embedding-Position'))
        positions = None if table is None else table.input_dim ** (2 if table.hierarchical else 1)
        self.max_length = int(max_length) if table is None else min(int(max_length), positions)
        self.wrapper = wrapper
        self.tokenizer = tokenizer
        self.batch_size = int(batch_size)
        self.length_multiple = int(length_multiple)
        self._models = {}

    @classmethod
    def open(cls, source, preset=None, do_lower_case=None, **options):
        """Opens an unpacked folder of a published model, or a model folder of `gplinker train`.

        Arguments: source: path. preset: name of a published model, where the folder's files do not say it.
            do_lower_case: bool, or None for what the model was made with. options: as the constructor's.
        Raises: CheckpointError, ValueError: a missing file is named, and so is what does not fit.
        """
        found = open_folder(source, preset)
        if found.vocab is None:
            raise CheckpointError('%s: missing vocab.txt' % found.folder)
        if do_lower_case is None:
            do_lower_case = _is_lower_case(found)
        tokenizer = Tokenizer(found.vocab, do_lower_case=do_lower_case)
        if has_words(tokenizer._token_dict):
            tokenizer = Tokenizer(found.vocab, do_lower_case=do_lower_case, pre_tokenize=jieba_words)
        wrapper = build_transformer_model(
            found.config_path, found.source, model=found.model, preset=found.preset, return_keras_model=False)
        return cls(wrapper, tokenizer, **options)

    @property
    def width(self):
        """D, the size of a vector."""
        return self.wrapper.model.output_shape[-1]

    def sentence_vectors(self, texts, pooling='mean', progress=None):
        """Returns (N, D) float32, one row a text, in their order; `progress` is called with the number of texts done.

        Raises: ValueError: an unknown pooling, or a text that is no str.
        """
        check_pooling(pooling)
        rows = []
        for found in self.iter_vectors(texts, first=pooling == 'first-last'):
            rows.append(found.pooled(pooling))
            if progress is not None:
                progress(len(rows))
        return np.stack(rows) if rows else np.zeros((0, self.width), 'float32')

    def iter_vectors(self, texts, first=False, chunk=1024):
        """Yields the `TokenVectors` of any iterable of texts, in its order.

        `chunk` texts are read, sorted into batches by length, and computed at a time. first: also what the first layer
        gives.
        """
        if isinstance(texts, (str, bytes)):
            raise ValueError('texts must be an iterable of str, got a single %s' % type(texts).__name__)
        return self._stream(iter(texts), bool(first), chunk)

    def _stream(self, texts, first, chunk):
        while True:
            part = list(islice(texts, chunk))
            if not part:
                return
            encoded = self.tokenizer.encode_batch_with_offsets(part)
            found = [None] * len(part)
            # The longest first: what does not fit in memory fails at once.
            order = sorted(range(len(part)), key=lambda k: -min(len(encoded[k][0]), self.max_length))
            for begin in range(0, len(order), self.batch_size):
                members = order[begin:begin + self.batch_size]
                kept = [self._cut(encoded[k][0]) for k in members]
                states = self._predict(kept, first)
                for place, (k, ids) in enumerate(zip(members, kept)):
                    found[k] = self._of_text(encoded[k], ids, [state[place, : len(ids)] for state in states])
            yield from found

    def _cut(self, values):
        """Keeps the start and the end token."""
        return values if len(values) <= self.max_length else values[: self.max_length - 1] + values[-1:]

    def _of_text(self, encoded, ids, states):
        tokens = self.tokenizer.ids_to_tokens(ids)
        first = np.array(states[1]) if len(states) > 1 else None  # copies: a view would keep the batch
        cut = len(encoded[0]) > len(ids)
        return TokenVectors(tokens, ids, self._cut(encoded[2]), np.array(states[0]), first, cut)

    def _predict(self, rows, first):
        """Token ids of several texts -> [last layer (b, n, D)], with `first` also [first layer (b, n, D)], float32."""
        width = bucket_length(max(map(len, rows)), self.length_multiple, self.max_length)
        ids = pad_batch(rows, width, bucket_batch(len(rows), self.batch_size))
        inputs = [ids, np.zeros_like(ids)][: len(self.wrapper.inputs)]
        states = self._model(first).predict_on_batch(inputs)
        return [np.asarray(state, 'float32') for state in (states if first else [states])]

    def _model(self, first):
        if first not in self._models:
            outputs = self.wrapper.model.output
            if first:
                if self.wrapper.norm_position == 'pre':
                    raise ValueError('first-last: blocks of a pre-norm encoder end in no norm; take another pooling')
                layer = next((layer for name, layer in self.wrapper.layers.items() if _FIRST.match(name)), None)
                if layer is None:
                    raise ValueError('first-last: the encoder has no layer Transformer-0-…-Norm')
                outputs = [outputs, layer.output]
            self._models[first] = prepare(Model(self.wrapper.model.inputs, outputs))
        return self._models[first]


def check_pooling(pooling):
    """Raises a ValueError for an unknown pooling."""
    if pooling not in POOLINGS:
        raise ValueError('unknown pooling %r.%s' % (pooling, hint(str(pooling), POOLINGS)))


def has_words(vocabulary):
    """Whether the tokens of {token: id} are words, before which jieba has to cut the text: two Chinese characters."""
    words = sum(len(token) > 1 and all(map(is_cjk, token)) for token in vocabulary)
    return words * 20 > len(vocabulary)


def _is_lower_case(found):
    if found.preset is not None:
        return found.preset.vocabulary.do_lower_case
    config = read_json(found.config_path) if found.config_path and os.path.exists(found.config_path) else {}
    settings = config.get('settings') if isinstance(config, dict) else None
    return bool(settings.get('do_lower_case', True)) if isinstance(settings, dict) else True
