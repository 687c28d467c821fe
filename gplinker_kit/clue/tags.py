"""BIO tags of tokens, and the spans that they stand for. numpy only.

A span is (label, first, last), in tokens, both inclusive. Of h labels there are 1 + 2h tags: 0 is outside of all spans,
1 + 2l begins a span of label l, 2 + 2l goes on with it. A token has one tag, so that spans which overlap cannot all be
told.
"""

from __future__ import annotations

import numpy as np


def count_tags(labels):
    """Returns the number of tags of so many labels."""
    return 1 + 2 * labels


def to_tags(spans, length):
    """Returns int32 tags (length,). Of spans that overlap the first one stands, of those the longest."""
    tags = np.zeros(length, 'int32')
    for label, first, last in sorted(spans, key=lambda span: (span[1], -span[2])):
        if not tags[first:last + 1].any():
            tags[first:last + 1] = 2 + 2 * label
            tags[first] = 1 + 2 * label
    return tags


def from_tags(tags):
    """Returns the spans of tags; a tag that goes on with what has not begun is none."""
    spans, current = [], None
    for place, tag in enumerate(list(tags) + [0]):
        if current is not None and tag != 2 + 2 * current[0]:
            spans.append(current + (place - 1,))
            current = None
        if tag % 2:
            current = (int(tag) - 1) // 2, place
    return spans
