"""Events of many texts: tokenize, cut what is long into windows, predict in length-sorted batches, decode.

numpy only; the model is a callable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from gplinker_kit.events.batches import bucket_batch, bucket_length, cut_batches, pad_batch
from gplinker_kit.events.decoder import Extraction, decode_reading
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.reading import Reading
from gplinker_kit.events.schema import Schema
from gplinker_kit.events.windows import Window, cut_windows
from gplinker_kit.hints import Encoded


def _require_chunk(chunk):
    if isinstance(chunk, bool) or not isinstance(chunk, (int, np.integer)) or chunk < 1:
        raise ValueError('chunk must be an integer of at least 1, got %r' % (chunk,))
    return chunk


def _require_texts(texts, first=0):
    for number, text in enumerate(texts, first):
        if not isinstance(text, str):
            raise ValueError('texts[%d] must be a str, got %s' % (number, type(text).__name__))


class Extractor:
    """Extracts events with a trained model.

    A text that is longer than the model reads is cut into overlapping windows (events/windows.py), so that all of it is
    read; events/decoder.py says how its events are put together. Windows of many texts share batches; all windows of a
    long text are equally long and follow one another, so that few texts are unfinished at a time.

    Batches are made of windows of similar length. JAX and XLA compile a program for each shape of input, and padding
    costs time, so lengths are rounded up to a multiple of `length_multiple`, and batches that are not full are filled
    up with copies of their last text to a power of two: a few fixed shapes, and one text alone costs one text. Where
    shapes do not matter it is None: nothing is rounded, and a batch ends where padding would cost more than a call.

    Arguments:
        tokenizer: has `encode_batch_with_offsets(texts, maxlen=None)`, which returns one (token ids, segment ids,
            offsets) a text: equally long lists, offsets as in `decode`.
        schema: Schema whose labels are the model's argument heads, in order.
        predict: callable of two int32 arrays (b, n), token ids and segment ids, both 0-padded, that returns the packed
            scores of arguments (b, n, n + 2 * len(schema)), heads (b, n, n + 2t) and tails (b, n, n + 2t), t = 1, or
            len(schema.event_types) where links are typed.
        thresholds: Thresholds; by default 0 everywhere.
        policy: Policy.
        max_length: the most tokens a window, [CLS] and [SEP] included.
        batch_size: the most windows a batch.
        length_multiple: as above, int or None.
        window_stride: tokens between the starts of two windows, at most max_length − 2; None is half of what a window
            holds.
    Raises:
        ValueError: a size that is not a positive integer, a stride that would leave tokens unread.
    """

    def __init__(
        self, tokenizer: Any, schema: Schema, predict: Callable[[np.ndarray, np.ndarray], Sequence[np.ndarray]],
        thresholds: Thresholds | None = None, policy: Policy | None = None, max_length: int = 256, batch_size: int = 32,
        length_multiple: int | None = 16, window_stride: int | None = None,
    ) -> None:
        for name, size, least in (('max_length', max_length, 3), ('batch_size', batch_size, 1),
                                  ('length_multiple', 1 if length_multiple is None else length_multiple, 1),
                                  ('window_stride', 1 if window_stride is None else window_stride, 1)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < least:
                raise ValueError('%s must be an integer of at least %d, got %r' % (name, least, size))
        if window_stride is not None and window_stride > max_length - 2:
            raise ValueError('window_stride must be at most max_length - 2 = %d or tokens between two windows are '
                             'never read, got %d' % (max_length - 2, window_stride))
        self.tokenizer = tokenizer
        self.schema = schema
        self.predict = predict
        self.thresholds = Thresholds() if thresholds is None else thresholds
        self.policy = Policy() if policy is None else policy
        self.max_length = int(max_length)
        self.batch_size = int(batch_size)
        self.length_multiple = None if length_multiple is None else int(length_multiple)
        self.window_stride = None if window_stride is None else int(window_stride)

    def extract(
        self, texts: Sequence[str], progress: Callable[[int, int], object] | None = None, chunk: int = 4096,
    ) -> list[Extraction]:
        """Returns the list of Extractions of a list of texts, in their order.

        Arguments:
            texts: sequence of str. A text without a token has no events.
            progress: called as progress(done, total), in numbers of texts, once a batch.
            chunk: how many texts are tokenized and sorted together.
        Raises:
            ValueError: a text that is no str (its index is said; nothing has been predicted then), scores of a wrong
                shape, NaN scores (text and head are named).
        """
        if isinstance(texts, (str, bytes)):
            raise ValueError('texts must be a list of str, got a single %s' % type(texts).__name__)
        texts = list(texts)
        _require_texts(texts)
        extractions = []
        for first in range(0, len(texts), _require_chunk(chunk)):
            report = None if progress is None else lambda done, first=first: progress(first + done, len(texts))
            extractions.extend(self._extract(texts[first:first + chunk], first, report))
        return extractions

    def iter_extract(self, texts: Iterable[str], chunk: int = 2048) -> Iterator[Extraction]:
        """Yields the Extractions of any iterable of texts, endless ones too, in its order.

        `chunk` texts are read, sorted into batches and extracted at a time; no more is held in memory. The first result
        comes when the first chunk is full or the input ends.

        Raises:
            ValueError: as `extract`; the results of earlier chunks have been yielded then.
        """
        if isinstance(texts, (str, bytes)):
            raise ValueError('texts must be an iterable of str, got a single %s' % type(texts).__name__)
        return self._stream(iter(texts), _require_chunk(chunk))

    def _stream(self, texts, chunk):
        first = 0
        while True:
            part = list(islice(texts, chunk))
            if not part:
                return
            _require_texts(part, first)
            yield from self._extract(part, first)
            first += len(part)

    def _extract(self, texts, first, report=None):
        """Extracts one lot of texts; `first` is the index of its first text, for messages."""
        encoded = self.tokenizer.encode_batch_with_offsets(texts, maxlen=None)
        extractions = [Extraction(text) for text in texts]
        readable = [k for k, (_, _, offsets) in enumerate(encoded) if any(end > start for start, end in offsets)]
        readings, done = {}, len(texts) - len(readable)
        for scored in self.score_windows(encoded, readable):
            for k, window, packed, is_last in scored:
                if k not in readings:
                    readings[k] = Reading(texts[k], self.schema, self.thresholds, self.policy)
                try:
                    readings[k].add(window.first, window.offsets, packed)
                    if is_last:
                        extractions[k] = decode_reading(readings.pop(k))
                        done += 1
                except ValueError as error:
                    raise ValueError('texts[%d]: %s' % (first + k, error)) from error
            if report is not None:
                report(done)
        if report is not None and not readable:
            report(done)
        return extractions

    def score_windows(
        self, encoded: Sequence[Encoded], chosen: Iterable[int],
    ) -> Iterator[list[tuple[int, Window, Sequence[np.ndarray], bool]]]:
        """Predicts the windows of encoded texts, those of many texts in one batch.

        Arguments:
            encoded: list of (token ids, segment ids, offsets), not cut to a length.
            chosen: the numbers of the texts in it to predict.
        Yields:
            a batch at a time, list of (number of the text, Window, packed scores as `decode` takes them, whether it is
            the text's last window). The windows of a text come together, in ascending order; of the texts the longest
            first: what does not fit in memory fails at once.
        """
        # A sort that keeps the order of equals keeps the windows of a text together.
        ordered = sorted(chosen, key=lambda k: -min(len(encoded[k][0]), self.max_length))
        windows = [(k, window) for k in ordered
                   for window in cut_windows(encoded[k], self.max_length, self.window_stride)]
        following = [k for k, _ in windows[1:]] + [None]
        for batch in self._batches([len(window.ids) for _, window in windows]):
            packed = zip(*self._predict([window for _, window in windows[batch]]))
            yield [(k, window, scores, k != behind)
                   for (k, window), scores, behind in zip(windows[batch], packed, following[batch])]

    def _batches(self, lengths):
        """Returns slices of the windows, whose lengths descend."""
        if self.length_multiple is None:
            return [slice(*pair) for pair in cut_batches(lengths, self.batch_size)]
        return [slice(begin, begin + self.batch_size) for begin in range(0, len(lengths), self.batch_size)]

    def _predict(self, windows):
        """Returns the three packed arrays of a batch, float32, copies left out."""
        width, height = max(len(window.ids) for window in windows), len(windows)
        if self.length_multiple is not None:
            width = bucket_length(width, self.length_multiple, self.max_length)
            height = bucket_batch(height, self.batch_size)
        token_ids = pad_batch([window.ids for window in windows], width, height)
        segment_ids = pad_batch([window.segments for window in windows], width, height)
        outputs = self.predict(token_ids, segment_ids)
        if not isinstance(outputs, (list, tuple)) or len(outputs) != 3:
            raise ValueError('predict must return three arrays, those of arguments, heads and tails, got %s'
                             % (len(outputs) if isinstance(outputs, (list, tuple)) else type(outputs).__name__))
        types = len(self.schema.event_types)
        links = types if np.shape(outputs[1])[-1:] == (width + 2 * types,) else 1
        arrays = []
        for name, output, labels in zip(('arguments', 'heads', 'tails'), outputs, (len(self.schema), links, links)):
            array = np.asarray(output, np.float32)
            expected = (height, width, width + 2 * labels)
            if array.shape != expected:
                raise ValueError('predict must return %s of shape %s for %d labels, got %s'
                                 % (name, expected, labels, array.shape))
            arrays.append(array[:len(windows)])
        return arrays
