"""FewFC as both sides of the GPLinker benchmark read it: the same texts, encoded the same, in the same batches.

numpy only: the peer's process must not load our backend.
"""

from __future__ import annotations

import os

import numpy as np

from benchmarks.processes import ROOT
from gplinker_kit.events import read_examples, read_schema
from gplinker_kit.events.labels import align
from gplinker_kit.tokenizers import Tokenizer

DATA = os.path.join(os.path.dirname(ROOT), 'shared', 'data')
SCHEMA, TRAIN, DEV = (
    os.path.join(DATA, 'fewfc', 'duee_%s.json' % name) for name in ('event_schema', 'train', 'dev')
)
VOCAB = os.path.join(DATA, 'vocab', 'roformer_v2_char', 'vocab.txt')
NEEDS = (SCHEMA, TRAIN, DEV, VOCAB)
MAX_LENGTH, BATCH, HEAD_SIZE = 256, 32, 64
LAYERS, WIDTH, HEADS, INNER, DROPOUT, RATE = 4, 256, 4, 1024, 0.1, 5e-4


def schema():
    """Returns the corpus's Schema: 10 types, 75 labels."""
    return read_schema(SCHEMA)


def tokenizer():
    """Returns our Tokenizer of RoFormerV2's vocabulary."""
    return Tokenizer(VOCAB, do_lower_case=True)


def examples(path, count=None):
    """Returns the labelled examples of a file, the first `count`."""
    return read_examples(path, schema())[:count]


def encode(chosen):
    """Returns [(token ids, segment ids, Targets)], at most MAX_LENGTH tokens a text."""
    labels = schema()
    encoded = tokenizer().encode_batch_with_offsets([example.text for example in chosen], MAX_LENGTH)
    return [
        (ids, segments, align(example.events, offsets, labels, text=example.text))
        for example, (ids, segments, offsets) in zip(chosen, encoded)
    ]


def dev_texts(count=None):
    """Returns dev texts cut to what one pass holds: the published scripts read no further, ours would read windows."""
    texts = [example.text for example in examples(DEV, count)]
    encoded = tokenizer().encode_batch_with_offsets(texts, MAX_LENGTH)
    return [text[:max(end for _, end in offsets)] for text, (_, _, offsets) in zip(texts, encoded)]


def shuffled(count=None, seed=0):
    """Returns batches of training items, drawn as the peer draws them: by a permutation, whatever the length.

    They are the first `count` of an epoch (None: all), and the same in every process.
    """
    everything = examples(TRAIN)
    order = np.random.RandomState(seed).permutation(len(everything))[:None if count is None else count * BATCH]
    items = encode([everything[i] for i in order])
    return [items[at:at + BATCH] for at in range(0, len(items), BATCH)]


def cross_section(batches, count, width):
    """Returns `count` batches: in ascending order of `width(batch)`, the middle one of each of `count` equal shares."""
    ordered = sorted(batches, key=width)
    return [ordered[(2 * share + 1) * len(ordered) // (2 * count)] for share in range(count)]


def widest(count):
    """Returns those `count` of the first three shuffled batches that are padded to most, the widest first."""
    return sorted(shuffled(3), key=longest, reverse=True)[:count]


def longest(items):
    """Returns the number of tokens of the longest item."""
    return max(len(ids) for ids, _, _ in items)


def step_flops(rows, width):
    """Floating-point operations of the matrix products of one training step on (rows, width) tokens, both passes.

    Twice a multiply-add, and the backward pass costs twice the forward one. The pointers' shared scores are counted,
    the biases and the loss are not: what is left out is no matrix product or below 1%.
    """
    token = LAYERS * (4 * WIDTH * WIDTH + 2 * WIDTH * INNER + 2 * width * WIDTH)
    token += 3 * (WIDTH * 2 * HEAD_SIZE + width * HEAD_SIZE)
    return 3 * 2 * rows * width * token
