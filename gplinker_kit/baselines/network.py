"""A network of a system: an encoder with heads, what it learns from, and what it says of texts, batched by length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gplinker_kit.backend import Model, prepare
from gplinker_kit.baselines.spans import merge_windows
from gplinker_kit.events.batches import GOLD_MULTIPLE, bucketed_batches, pad_inputs
from gplinker_kit.events.labels import pad_targets
from gplinker_kit.events.windows import cut_windows
from gplinker_kit.layers import EfficientGlobalPointer
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models import build_transformer_model
from gplinker_kit.settings_file import check_positions, check_vocabulary


@dataclass(frozen=True)
class Network:
    """One Keras model and what trains it.

    title: what to call it. model: Keras model, [token ids, segment ids] -> scores. losses: for `compile`.
    encode: function of examples -> (items, words about them); an item is (token ids, segment ids, what is to be
    learned). targets: function of such last parts, a list, and the width of the batch -> list of arrays for the losses.
    gold_labels: labels of each target that consists of cells, for messages about faulty batches.
    """

    title: str
    model: object
    losses: list
    encode: object
    targets: object
    gold_labels: tuple = ()

    def batch(self, items, width):
        """Returns (inputs, targets) of items, `width` tokens wide."""
        return pad_inputs(items, width), self.targets([item[2] for item in items], width)

    @property
    def weights(self):
        """How many weights it has."""
        return sum(int(np.prod(np.shape(weight))) for weight in self.model.get_weights())


def build_encoder(settings, tokenizer, checkpoint=None):
    """Returns the wrapper of the encoder that `settings` describe, as a GPLinker has it.

    Raises: ValueError: a vocabulary or a length that does not fit, or what the builder refuses.
    """
    check_vocabulary(settings, tokenizer)
    encoder = build_transformer_model(
        model=settings.model, checkpoint_path=checkpoint, return_keras_model=False, **settings.encoder)
    check_positions(settings, encoder)
    return encoder


def pointer_model(settings, tokenizer, checkpoint, labels, name):
    """Returns (Keras model, loss) of an encoder with one pointer: scores of spans, packed, (b, n, n + 2 * labels)."""
    encoder = build_encoder(settings, tokenizer, checkpoint)
    pointer = EfficientGlobalPointer(labels, settings.head_size, packed=True, name=name)
    model = prepare(Model(encoder.inputs, pointer(encoder.output)))
    return model, factorised_pointer_crossentropy(labels)


def cell_targets(cells, width):
    """Returns the targets of a pointer: a list with one array (b, G, 3), of cells (G, 3) of each item."""
    return [pad_targets(cells, GOLD_MULTIPLE)]


def score_rows(model, rows, max_length, batch_size, multiple=16):
    """Predicts rows (token ids, segment ids), those of similar length together, the longest first.

    Yields: a batch at a time, (numbers of its rows, scores, an array a row).
    """
    for members, inputs in bucketed_batches(rows, batch_size, multiple, max_length):
        scores = np.asarray(model.predict_on_batch(inputs[:len(model.inputs)]))
        yield members, scores[:len(members)]


def cut_texts(texts, tokenizer, settings):
    """Returns (encodings of the texts, list of Windows of each); a text without a token has none."""
    encoded = tokenizer.encode_batch_with_offsets(list(texts), maxlen=None)
    return encoded, [cut_windows(one, settings.max_length, settings.window_stride)
                     if any(end > start for start, end in one[2]) else [] for one in encoded]


def score_windows(model, windows, settings, batch_size, read):
    """Predicts the windows of many texts together.

    Arguments: windows: a list of Windows for each text. read: function of scores of several windows and these Windows
        -> what to keep of each.
    Returns: for each text a list of what was kept of its windows.
    """
    flat = [window for of_text in windows for window in of_text]
    found = [None] * len(flat)
    for members, scores in score_rows(model, [window[:2] for window in flat], settings.max_length, batch_size):
        for number, kept in zip(members, read(scores, [flat[number] for number in members])):
            found[number] = kept
    ends = np.cumsum([len(of_text) for of_text in windows], dtype=int).tolist()
    return [found[end - len(of_text):end] for end, of_text in zip(ends, windows)]


def read_texts(model, texts, tokenizer, settings, read, batch_size=32):
    """Finds spans in texts; a text that is too long is read in windows.

    Arguments: read: function of scores of several windows and these Windows -> a list of spans for each, see `spans`.
    Returns: a pair for each text: (its encoding, list of spans in the tokens of the whole text).
    """
    encoded, windows = cut_texts(texts, tokenizer, settings)
    found = score_windows(model, windows, settings, batch_size, read)
    return [(one, merge_windows(of_text, spans) if of_text else [])
            for one, of_text, spans in zip(encoded, windows, found)]
