"""C3: questions about a passage, with two to four choices.

A file is one list of documents [[line of the passage, ...], [{"question", "choice": [...], "answer"}, ...], id]. Test
questions have an "id" and no "answer".
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple, Union

from gplinker_kit.clue.repairs import identify
from gplinker_kit.errors import hint
from gplinker_kit.records import read_document

MOST_CHOICES = 4
JOINT = '||'  # between the lines of a passage


class C3Example(NamedTuple):
    """One question; `answer` is the place of the right choice in `choices`, or None where it is not known."""

    id: Union[str, int]
    passage: str
    question: str
    choices: Tuple[str, ...]
    answer: Optional[int]


def read_c3(path, labeled=True):
    """Reads a file of C3.

    Arguments: path: file. labeled: whether the questions have answers; without, an `answer` is not looked at.
    Returns: list of C3Example, a question each, in the file's order. Questions of one document share their passage.
    Raises: DataError: naming file, line and place: another structure, an answer that is none of the choices.
    """
    found = []
    for document in read_document(path).parts(words='a list of documents'):
        parts = document.parts(words='a document [passage, questions, id]')
        if len(parts) < 2:
            raise document.error('expected [passage, questions, id], got %d of them' % len(parts))
        lines = [line.check(str, 'a line of the passage') for line in parts[0].parts(words='a list of lines')]
        passage = JOINT.join(lines)
        found += [(passage, record) for record in parts[1].parts(words='a list of questions')]
    ids = identify([record for _, record in found], labeled)
    return [_read_question(record, passage, name, labeled) for (passage, record), name in zip(found, ids)]


def _read_question(record, passage, name, labeled):
    question = record.text('question')
    choices = [part.check(str, 'a choice, a string') for part in record.parts('choice', 'a list of choices')]
    if not 1 <= len(choices) <= MOST_CHOICES:
        raise record.error("expected 1 to %d strings in 'choice', got %d" % (MOST_CHOICES, len(choices)))
    answer = None
    if labeled:
        text = record.text('answer')
        if text not in choices:
            raise record.error('the answer %r is none of the choices.%s' % (text, hint(text, choices)))
        answer = choices.index(text)
    return C3Example(name, passage, question, tuple(choices), answer)
