"""The seven tasks that classify a text or a pair: iflytek, tnews, afqmc, cmnli, ocnli, wsc, csl.

One JSON object a line. What is read of it, apart from `id` (or `idx`) and `label`:

    iflytek, tnews       sentence
    afqmc, cmnli, ocnli  sentence1, sentence2
    csl                  keyword (a list, joined by ；), abst
    wsc                  text, target {span1_text, span1_index, span2_text, span2_index}; the spans become marks in the
                         text, see `MARKS`
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Union

from gplinker_kit.clue.repairs import identify, nearest_start
from gplinker_kit.clue.tasks import CLASSIFICATION, find_task
from gplinker_kit.errors import hint
from gplinker_kit.records import read_lines

NO_LABEL = '-'  # where annotators of cmnli and ocnli did not agree
# What stands around span 1 and around span 2, the pronoun. The vocabulary of RoFormerV2 has no underscore.
MARKS = {'underscore': (('_', '_'), ('[', ']')), 'brackets': (('[[', ']]'), ('[[', ']]'))}
_FIELDS = {
    'iflytek': ('sentence', None), 'tnews': ('sentence', None), 'afqmc': ('sentence1', 'sentence2'),
    'cmnli': ('sentence1', 'sentence2'), 'ocnli': ('sentence1', 'sentence2'),
}


class TextExample(NamedTuple):
    """A text, or a pair of texts, and its label; `second` and `label` may be None. Ids are unique within a file."""

    id: Union[str, int]
    first: str
    second: Optional[str]
    label: Optional[str]


def read_classification(path, task, labeled=True, marks='underscore'):
    """Reads a file of one of the seven tasks.

    Arguments:
        path: file. task: name or Task. labeled: whether the lines have labels; without, a `label` is not looked at.
        marks: 'underscore' or 'brackets', a key of MARKS; for wsc only.
    Returns:
        list of TextExample, in the file's order. Lines with the label '-' of cmnli and ocnli are left out.
    Raises:
        DataError: naming file and line: what is missing or mistyped, an unknown label, a span that is not in its text.
        ValueError: a task of another kind, unknown marks.
    """
    task = find_task(task)
    if task.kind != CLASSIFICATION:
        raise ValueError('task must be one of %s, got %r' % (CLASSIFICATION, task.name))
    if marks not in MARKS:
        raise ValueError('unknown marks %r.%s' % (marks, hint(marks, MARKS)))
    records = list(read_lines(path))
    known = task.labels + ((NO_LABEL,) if task.name in ('cmnli', 'ocnli') else ())
    examples = []
    for record, name in zip(records, identify(records, labeled)):
        first, second = _texts(record, task.name, MARKS[marks])
        label = record.among('label', known) if labeled else None
        if label != NO_LABEL:
            examples.append(TextExample(name, first, second, label))
    return examples


def mark_spans(text, spans, marks):
    """Returns `text` with marks around spans, which may touch or hold each other.

    spans: pairs (start, end) of characters. marks: as many pairs (before, behind).
    """
    # At one place closing marks come before opening ones; of two spans that open there the longer one opens first, and
    # of two that close there the longer one closes last.
    inserts = []
    for (start, end), (before, behind) in zip(spans, marks):
        inserts.append((start, 1, -end, before))
        inserts.append((end, 0, -start, behind))
    pieces, last = [], 0
    for place, _, _, mark in sorted(inserts, key=lambda insert: insert[:3]):
        pieces += [text[last:place], mark]
        last = place
    return ''.join(pieces) + text[last:]


def _texts(record, task, marks):
    if task == 'csl':
        keywords = [part.check(str, 'a keyword, a string') for part in record.parts('keyword', 'a list of keywords')]
        return '；'.join(keywords), record.text('abst')
    if task == 'wsc':
        return _marked(record, marks), None
    return tuple(None if key is None else record.text(key) for key in _FIELDS[task])


def _marked(record, marks):
    text = record.text('text')
    record.get('target', dict, 'an object')
    target, spans = record.child('target'), []
    for name in ('span1', 'span2'):
        word, start = target.text(name + '_text'), target.get(name + '_index', int, 'an integer')
        place = nearest_start(text, word, start) if word else None
        if place is None:
            raise target.error('%s_text, %r, does not occur in the text' % (name, word))
        spans.append((place, place + len(word)))
    return mark_spans(text, spans, marks)
