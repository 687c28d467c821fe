"""Token ids of texts and pairs, and what the features of all tasks share. Segment ids are 0 throughout, pairs included.

    features = text_features(examples, tokenizer, 128, find_task('ocnli').labels)
    for members, width in length_batches(list(map(len, features.ids)), 32, random):
        ids, labels = pad_rows([features.ids[k] for k in members], width), features.labels[members]
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.tokenizers.base import truncate


class TextFeatures(NamedTuple):
    """ids: N int32 arrays, [CLS] first [SEP] second [SEP]. labels: int32 (N,), places in the labels, or None."""

    ids: List[np.ndarray]
    labels: Optional[np.ndarray]


def text_features(examples, tokenizer, max_length, labels):
    """Encodes texts and pairs.

    Arguments:
        examples: list of TextExample. tokenizer: Tokenizer. max_length: int, the most tokens of a text or pair; of a
            pair the longer text gives way, one token at a time. labels: the labels of the task, in the order of their
            numbers.
    Returns:
        TextFeatures; `labels` is None where an example has none.
    Raises:
        ValueError: a `max_length` without room, a label that is not in `labels`.
    """
    paired = any(example.second is not None for example in examples)
    room = content_room(max_length, 3 if paired else 2)
    start, end = tokenizer.special_id('start'), tokenizer.special_id('end')
    firsts = encode_contents(tokenizer, [example.first for example in examples])
    seconds = encode_contents(tokenizer, [example.second or '' for example in examples]) if paired else None
    rows = []
    for number, example in enumerate(examples):
        parts = [firsts[number]] + ([seconds[number]] if example.second is not None else [])
        rows.append(join_parts(cut_parts(parts, room), start, end))
    return TextFeatures(rows, _numbers([example.label for example in examples], labels))


def encode_contents(tokenizer, texts):
    """Returns the token ids of each text, a list of lists without start and end token. Equal texts are encoded once."""
    places = {}
    for text in texts:
        places.setdefault(text, len(places))
    encoded = [ids[1:-1] for ids, _, _ in tokenizer.encode_batch_with_offsets(list(places))]
    return [encoded[places[text]] for text in texts]


def content_room(max_length, specials):
    """Returns what `specials` special tokens leave of `max_length`. Raises ValueError where that is nothing."""
    if isinstance(max_length, bool) or not isinstance(max_length, (int, np.integer)) or max_length <= specials:
        raise ValueError('max_length must be an integer above %d, the number of special tokens, got %r'
                         % (specials, max_length))
    return int(max_length) - specials


def cut_parts(parts, room):
    """Returns copies of lists that have at most `room` items in all: the longest loses its last one, then again."""
    parts = [list(part[:room]) for part in parts]
    truncate(room, -1, parts)
    return parts


def join_parts(parts, start, end):
    """Returns int32 (n,): `start`, then each list of ids with `end` behind it."""
    ids = [start]
    for part in parts:
        ids += part
        ids.append(end)
    return np.array(ids, 'int32')


def pad_rows(rows, width=None):
    """Stacks b int arrays into int32 (b, n), padded with 0. width: int, or None for the longest row.

    Raises: ValueError: a row that is longer than `width`.
    """
    longest = max((len(row) for row in rows), default=0)
    width = longest if width is None else width
    if longest > width:
        raise ValueError('width must be at least %d, the length of the longest row, got %r' % (longest, width))
    padded = np.zeros((len(rows), width), 'int32')
    for place, row in zip(padded, rows):
        place[:len(row)] = row
    return padded


def _numbers(found, labels):
    if any(label is None for label in found):
        return None
    places = {label: place for place, label in enumerate(labels)}
    for number, label in enumerate(found):
        if label not in places:
            raise ValueError('examples[%d] has the label %r, which is none of `labels`.%s'
                             % (number, label, hint(label, labels)))
    return np.array([places[label] for label in found], 'int32')
