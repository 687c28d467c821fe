"""Labelled spans that a network finds in the windows of a text: from scores to tokens, from tokens to characters.

numpy only. A span is (label number, first token, last token, logit or None), both tokens inclusive.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.policy import Policy
from gplinker_kit.events.scores import positives
from gplinker_kit.events.windows import content_range, has_a_say, inner_ranges

MOST = Policy().max_positives  # spans of a window; the best are kept, as in GPLinker's decoder

Mention = namedtuple('Mention', 'label start end score')
Mention.__doc__ = """A span by its characters [start, end): label number, start, end, logit or None."""


def pointer_spans(packed, labels, offsets, floor=0.0):
    """Returns the spans whose score is above `floor`, at most MOST of them.

    Arguments: packed: float32 (n, n + 2 * labels), see events/scores.py. labels: int. offsets: (start, end) characters
        of each token, empty where no span may begin or end; n may exceed their number, the rest is padding.
    """
    valid = np.zeros(len(packed), bool)
    valid[:len(offsets)] = [end > start for start, end in offsets]
    found = positives(packed, labels, valid, floor, max_positives=MOST, name='pointer')
    return list(zip(*(column.tolist() for column in found[:4])))


def merge_windows(windows, found):
    """Returns the sorted spans of a whole text, in its own tokens, from those of its windows.

    A span that touches the edge of a window that was cut there counts only where no window shows it with its
    surroundings. Of equal spans the best score stays.

    Arguments: windows: list of Window, ascending. found: list of lists of spans, in the tokens of each window.
    """
    ranges = [content_range(window) for window in windows]
    inner = inner_ranges([(first, end - 1) for first, end in ranges])
    best = {}
    for window, own, spans in zip(windows, inner, found):
        for label, first, last, score in spans:
            first, last = first + window.first, last + window.first
            if has_a_say(first, last, own, inner):
                _keep_best(best, (label, first, last), score)
    return [key + (best[key],) for key in sorted(best)]


def mentions_of(spans, offsets):
    """Returns the sorted Mentions of spans, given the characters of each token of the text."""
    best = {}
    for label, first, last, score in spans:
        _keep_best(best, (label, offsets[first][0], offsets[last][1]), score)
    return [Mention(*key, score=best[key]) for key in sorted(best)]


def _keep_best(best, key, score):
    if best.get(key) is None or score is not None and score > best[key]:
        best[key] = score
