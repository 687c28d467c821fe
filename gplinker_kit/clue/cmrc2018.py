"""CMRC2018: questions whose answers are spans of a passage, in the format of SQuAD 1.

{"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text", "answer_start"}]}]}]}]}. Dev
questions have several answers, all of which count.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from gplinker_kit.clue.repairs import nearest_start
from gplinker_kit.records import read_document


class Answer(NamedTuple):
    """A reference answer and the character at which it starts, None where it does not occur in the context."""

    text: str
    start: Optional[int]


class CmrcExample(NamedTuple):
    """One question; `answers` is None where they are not known."""

    id: str
    context: str
    question: str
    answers: Optional[Tuple[Answer, ...]]


def read_cmrc2018(path, labeled=True):
    """Reads a file of CMRC2018.

    Some of its starts are wrong by a character or more: an answer that does not stand where it is said to gets the
    start of its nearest occurrence.

    Arguments:
        path: file. labeled: whether the questions have answers; without, `answers` are not looked at (CLUE's test file
            has invented ones).
    Returns:
        list of CmrcExample, in the file's order.
    Raises:
        DataError: naming file, line and place: another structure, a question without an answer, an id that comes twice.
    """
    root, examples, seen = read_document(path), [], set()
    for article in root.parts('data', 'a list of articles'):
        for paragraph in article.parts('paragraphs', 'a list of paragraphs'):
            context = paragraph.text('context')
            for record in paragraph.parts('qas', 'a list of questions'):
                name = record.text('id')
                if name in seen:
                    raise record.error('the id %r comes twice; each question needs its own' % name)
                seen.add(name)
                answers = _read_answers(record, context) if labeled else None
                examples.append(CmrcExample(name, context, record.text('question'), answers))
    return examples


def _read_answers(record, context):
    answers = []
    for part in record.parts('answers', 'a list of answers'):
        text, start = part.text('text'), part.get('answer_start', int, 'an integer')
        if not text:
            raise part.error("'text' is empty")
        answers.append(Answer(text, nearest_start(context, text, start)))
    if not answers:
        raise record.error("expected at least one answer in 'answers', got none")
    return tuple(answers)
