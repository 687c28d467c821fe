"""CHID: idioms that were taken out of texts, to be chosen among ten.

A line is {"content": [text, ...], "candidates": [ten idioms]}; a text has blanks such as #idiom000378#. The answers are
in a file of their own, one object {"#idiom000378#": place of the right candidate}, named like the first with `_answer`
before its ending. All blanks of a line share their candidates, and no two of them the right one.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple, Optional, Tuple

from gplinker_kit.records import read_document, read_lines

CANDIDATES = 10
BLANK = re.compile(r'#idiom\d{6}#')


class ChidExample(NamedTuple):
    """One blank.

    id: the blank as it stands in `content`. group: the number of its line in the file, from 0. content: the whole text,
    with this blank and perhaps others. candidates: ten strings. answer: the place of the right one, or None.
    """

    id: str
    group: int
    content: str
    candidates: Tuple[str, ...]
    answer: Optional[int]


def answers_path(path):
    """Returns the path of the answers to a file: dev.json has its in dev_answer.json."""
    stem, ending = os.path.splitext(os.fspath(path))
    return stem + '_answer' + ending


def read_chid(path, labeled=True):
    """Reads a file of CHID and, where it is labeled, its answers.

    Returns: list of ChidExample, a blank each, in the file's order.
    Raises: DataError: naming file and line: another structure, not ten candidates, a blank that comes twice, one that
        has no answer, an answer that is no place of a candidate.
    """
    answers = _read_answers(answers_path(path)) if labeled else {}
    examples, seen = [], {}
    for group, record in enumerate(read_lines(path)):
        candidates = tuple(part.check(str, 'a candidate, a string')
                           for part in record.parts('candidates', 'a list of candidates'))
        if len(candidates) != CANDIDATES:
            raise record.error('expected %d candidates, got %d' % (CANDIDATES, len(candidates)))
        for part in record.parts('content', 'a list of texts'):
            content = part.check(str, 'a text')
            for blank in BLANK.findall(content):
                if blank in seen:
                    raise part.error('the blank %s is on line %d already; each needs a number of its own'
                                     % (blank, seen[blank]))
                if labeled and blank not in answers:
                    raise part.error('the blank %s has no answer in %s' % (blank, answers_path(path)))
                seen[blank] = record.line
                examples.append(ChidExample(blank, group, content, candidates, answers.get(blank)))
    return examples


def _read_answers(path):
    record = read_document(path)
    answers = record.check(dict, 'an object {blank: place}')
    for blank, place in answers.items():
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < CANDIDATES:
            raise record.child(blank).error('expected a place from 0 to %d, got %r' % (CANDIDATES - 1, place))
    return answers
