"""Published results on CLUE, in percent. Those on dev and those on test are not comparable.

Test: what the models' authors report from CLUE's server, 'cmrc2018' is exact match, 'cluener' macro-F1. Dev: the GAU-α
scripts' own metrics, one seed, the best epoch on dev: 'cmrc2018' compares token positions with the first reference only
and lies some 8 points below exact match, 'cluener' is micro-F1 of spans.

Sources: https://kexue.fm/archives/8739 and https://kexue.fm/archives/8998 (test), https://kexue.fm/archives/9052 (dev).
"""

from __future__ import annotations

from typing import Dict, NamedTuple

COLUMNS = ('iflytek', 'tnews', 'afqmc', 'cmnli', 'ocnli', 'wsc', 'csl', 'cmrc2018', 'c3', 'chid', 'cluener')


class Published(NamedTuple):
    """A model's results: `split` is 'dev' or 'test', `scores` {task: percent}."""

    model: str
    split: str
    scores: Dict[str, float]


def _rows(split, text):
    rows = []
    for line in text.strip().split('\n'):
        model, numbers = line.split(':')
        rows.append(Published(model.strip(), split, dict(zip(COLUMNS, map(float, numbers.split())))))
    return rows


_TEST = """
BERT base (CLUE):    60.29 57.42 73.70 79.69 72.20 74.60 80.36 71.60 64.50 82.04 78.82
BERT base:           61.19 56.29 73.37 79.37 71.73 73.85 84.03 72.10 61.33 85.13 78.68
RoBERTa base:        61.12 58.35 73.61 80.81 74.27 82.28 85.33 75.40 67.11 86.04 79.38
RoBERTa large:       60.58 55.51 75.14 82.16 75.47 81.97 85.07 78.85 76.74 88.65 80.19
RoFormer base:       61.08 56.74 73.82 80.97 73.10 80.57 84.93 73.50 66.29 86.30 79.69
RoFormerV2 small:    60.46 51.46 72.39 76.93 67.70 69.11 83.00 71.80 64.49 77.35 78.20
RoFormerV2 base:     62.50 58.74 75.63 80.62 74.23 82.71 84.17 77.00 75.57 85.95 79.87
RoFormerV2 large:    62.65 58.06 76.95 81.20 75.83 88.03 84.97 80.50 78.34 87.68 80.17
"""
_DEV = """
BERT base:                  60.06 56.80 72.41 79.56 73.93 78.62 83.93 56.17 60.54 85.69 79.45
RoBERTa base:               60.64 58.06 74.05 81.24 76.00 87.50 84.50 56.54 67.66 86.71 79.47
RoFormer base:              60.91 57.54 73.52 80.92 76.07 86.84 84.63 56.26 67.24 86.57 79.72
RoFormerV2 base, MLM only:  60.87 56.54 72.75 80.34 75.36 80.92 84.67 57.91 64.62 85.09 81.08
GAU-α base:                 61.41 57.76 74.17 81.82 75.86 79.93 85.67 58.09 68.24 87.91 80.01
"""
PUBLISHED = tuple(_rows('test', _TEST) + _rows('dev', _DEV))
# The columns of the published dev rows whose metric is not the official one, and what it is.
OTHER_METRICS = {
    'cmrc2018': 'token positions equal to those of the first reference',
    'cluener': 'micro-F1 of spans',
}
