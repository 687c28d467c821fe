"""What heads cost: seconds a training step by length, and seconds to find the spans of many sentences, in turn.

All are measured in one process, one after the other in each round, so that a machine that slows down slows all of
them. Counted are seconds of the processor, which other programs on the machine change little.
"""

from __future__ import annotations

import time

import numpy as np

STEP, NETWORK, DECODING = 'training step', 'network, all sentences', 'decoding, all sentences'


def long_batch(sentences, count, width):
    """Returns `count` rows of exactly `width` tokens, sentences joined, with their spans: (ids, list of span lists).

    A span that is cut at the end of its row is left out. Sentences are taken again from the first where there are not
    enough.
    """
    ids, spans, at = np.zeros((count, width), 'int32'), [], 0
    for row in ids:
        filled, found = 0, []
        while filled < width:
            sentence = sentences[at % len(sentences)]
            at += 1
            piece = sentence.ids[:width - filled]
            row[filled:filled + len(piece)] = piece
            found += [(kind, first + filled, last + filled) for kind, first, last in sentence.spans
                      if last < len(piece)]
            filled += len(piece)
        spans.append(found)
    return ids, spans


def inference_batches(sentences, size=32):
    """Returns (numbers of sentences, ids (b, n), lengths) of batches of similar length, padded to a multiple of 8."""
    order = sorted(range(len(sentences)), key=lambda number: len(sentences[number].ids))
    batches = []
    for at in range(0, len(order), size):
        numbers = order[at:at + size]
        lengths = [len(sentences[number].ids) for number in numbers]
        ids = np.zeros((len(numbers), -(-max(lengths) // 8) * 8), 'int32')
        for row, number in zip(ids, numbers):
            row[:len(sentences[number].ids)] = sentences[number].ids
        batches.append((numbers, ids, lengths))
    return batches


def measure_steps(taggers, sentences, lengths, batch_size, rounds):
    """Returns rows (head, STEP, tokens, round, seconds); two rounds before the first are not counted."""
    from gplinker_kit.fitting import train_step

    rows = []
    for width in lengths:
        ids, spans = long_batch(sentences, batch_size, width)
        targets = [tagger.targets(spans, width) for tagger in taggers]
        for number in range(-2, rounds):
            for tagger, wanted in zip(taggers, targets):
                started = time.process_time()
                train_step(tagger.model, [ids, np.zeros_like(ids)], wanted)
                if number >= 0:
                    rows.append((tagger.name, STEP, width, number, time.process_time() - started))
    return rows


def measure_finding(taggers, sentences, rounds):
    """Returns rows (head, NETWORK or DECODING, '', round, seconds); one round before the first is not counted."""
    rows, batches = [], inference_batches(sentences)
    for number in range(-1, rounds):
        for tagger in taggers:
            seconds = np.zeros(2)
            for _, ids, lengths in batches:
                started = time.process_time()
                scores = np.asarray(tagger.model.predict_on_batch([ids, np.zeros_like(ids)]))
                between = time.process_time()
                tagger.find(scores, lengths)
                seconds += between - started, time.process_time() - between
            if number >= 0:
                rows += [(tagger.name, what, '', number, spent) for what, spent in zip((NETWORK, DECODING), seconds)]
    return rows


def median(rows, name, what, width=''):
    """Returns the median seconds of a head, or None where it was not measured."""
    values = [row[4] for row in rows if row[:3] == (name, what, width)]
    return float(np.median(values)) if values else None
