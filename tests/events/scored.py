"""Labelled texts with noisy scores, for what is tuned on them."""

import random
from dataclasses import replace

import numpy as np

from tests.events.decoding import LETTERS, SCHEMA, packed_of, random_events, windows_of
from tests.events.oracles import character_offsets, gold_cells

TYPES = len(SCHEMA.event_types)


def scored_texts(count, seed=0, noise=2.5, size=None, typed=False):
    """Returns [(text, gold events, windows)]: gold cells score 3, others −3 and less, plus normal noise.

    size: content tokens a window, or None for one window a text.
    """
    generator, normal = random.Random(seed), np.random.RandomState(seed)
    text, made = LETTERS[:26], []
    for _ in range(count):
        events = random_events(generator, text)
        arguments, heads, tails = gold_cells(events, SCHEMA)
        packed = packed_of((arguments, heads, tails), text, SCHEMA, TYPES if typed else 1)
        for part in packed:
            n = len(part)
            part[:, :n] = np.maximum(part[:, :n], -5)
            part[:, n:] = np.maximum(part[:, n:], -2.5)
            part[:, :n] += normal.normal(0, noise, (n, n)).astype('float32')
            part[:, n:] += normal.normal(0, noise / 4, part[:, n:].shape).astype('float32')
        offsets = character_offsets(text)
        windows = [(0, offsets, packed)] if size is None else windows_of(offsets, packed, size, size // 2)
        if size is not None:  # windows do not agree: each has a context of its own
            for _, _, packed in windows:
                for part in packed:
                    part[:, :len(part)] += normal.normal(0, noise / 3, (len(part),) * 2).astype('float32')
        made.append((text, events, windows))
    return made


def as_documents(texts, period=9):
    """The same scores of texts that repeat themselves, so that words are mentioned again, and gold without places."""
    made = []
    for text, gold, windows in texts:
        text = ''.join(text[place % period] for place in range(len(text)))

        def placeless(node, text=text):
            return node if node is None or node.start is None else replace(
                node, text=text[node.start:node.end], start=None)

        events = [replace(one, trigger=placeless(one.trigger), arguments=tuple(map(placeless, one.arguments)))
                  for one in gold]
        made.append((text, events, windows))
    return made
