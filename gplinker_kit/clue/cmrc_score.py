"""The official score of CMRC2018: exact match and F1, the best over all references of a question.

* Exact match: equal once lower-cased, stripped, and without the characters of `PUNCTUATION`.
* F1: both strings are cut into segments without that punctuation; common is the longest run of equal segments (a common
  substring, not a subsequence), precision its share of the predicted segments, recall that of the reference's.
* A segment is a Chinese character, or a word of what stands between two of them. The official program cuts that with
  NLTK's `word_tokenize`; `words` follows the rules of the Penn Treebank behind it and needs no package. It does
  not tell opening from closing quotation marks.
* A question without prediction scores 0 and counts.

Two oddities of the official program are kept: '……' in its list never matches, because characters are compared one by
one, so that '…' stays; and its range of Chinese characters ends at U+9FA5.

Reference: Cui et al., 2019, arXiv:1810.07366, and the evaluation program published with the data.
"""

from __future__ import annotations

import re

PUNCTUATION = frozenset('-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』')
_CHINESE = re.compile('[\u4e00-\u9fa5]')
_CONTRACTED = r"'(?:s|m|d|ll|re|ve)(?![^\W_])"
_ALONE = r'\[\](){}<>;@#$%&?!"“”‘«»„–—'
_WORD = re.compile('|'.join((
    r'\.\.+',
    _CONTRACTED,
    '[%s]' % _ALONE,
    r',(?![0-9])',  # 1,000 stays whole
    r"[^\W_]+?(?=n't(?![^\W_]))|n't(?![^\W_])",
    r'(?:(?!\.\.|%s)[^\s,%s]|,(?=[0-9]))+' % (_CONTRACTED, _ALONE),
)))


def answer_scores(references, prediction):
    """Returns (exact match, F1) of a predicted answer, each from 0 to 1, the best over the references.

    references: non-empty iterable of str. prediction: str.
    """
    bare, segments = without_punctuation(prediction), segment(prediction)
    return (
        float(any(without_punctuation(reference) == bare for reference in references)),
        max(segment_f1(segment(reference), segments) for reference in references),
    )


def without_punctuation(text):
    """Returns `text` lower-cased, stripped, and without PUNCTUATION."""
    return ''.join(character for character in text.lower().strip() if character not in PUNCTUATION)


def segment(text):
    """Returns the list of segments of `text`: Chinese characters, and the words between them, without PUNCTUATION."""
    segments, other = [], []
    for character in without_punctuation(text):
        if _CHINESE.match(character):
            segments += words(''.join(other))
            segments.append(character)
            other = []
        else:
            other.append(character)
    return segments + words(''.join(other))


def words(text):
    """Returns the list of words of a text that is not Chinese: cut at spaces, most punctuation stands alone."""
    found = _WORD.findall(text)
    last = found[-1] if found else ''
    if len(last) > 1 and (last.endswith("'") or last.endswith('.') and not last.endswith('..')):
        found[-1:] = [last[:-1], last[-1]]  # at the end of the text a full stop is no part of an abbreviation
    return found


def common_run(first, second):
    """Returns the length of the longest run of items that two sequences have in common.

    Time: the number of pairs of equal items.
    """
    places = {}
    for place, item in enumerate(second):
        places.setdefault(item, []).append(place)
    longest, runs = 0, {}  # {place: length of the run that ends there}
    for item in first:
        runs = {place: runs.get(place - 1, 0) + 1 for place in places.get(item, ())}
        longest = max(longest, max(runs.values(), default=0))
    return longest


def segment_f1(reference, prediction):
    """Returns the F1 of two lists of segments, 2 · common / (both lengths); 0 where they have nothing in common."""
    common = common_run(reference, prediction)
    return 2.0 * common / (len(reference) + len(prediction)) if common else 0.0
