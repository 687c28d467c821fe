"""Features of c3 and chid: a row of tokens for each choice, of which all but the choice itself is encoded once.

    c3                  [CLS] passage [SEP] question [SEP] choice [SEP]
    chid, 'marked'      [CLS] candidate [SEP] left [unused1] right [SEP], another blank is four [MASK]
    chid, 'inserted'    [CLS] left [SEP] candidate [SEP] right [SEP], another blank is _____

A c3 question with fewer than four choices gets `NO_ANSWER` for the others. The two layouts of chid are those of the
published scripts for BERT and for RoFormerV2. The left and the right part are cut so that the blank stays in the
middle, counted in tokens; all rows of a question show the same cut.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

import numpy as np

from gplinker_kit.clue.c3 import MOST_CHOICES
from gplinker_kit.clue.chid import BLANK
from gplinker_kit.clue.features import content_room, cut_parts, encode_contents, pad_rows
from gplinker_kit.errors import hint

NO_ANSWER = '无效答案'
MARK, MASKS, LINE = '[unused1]', 4, '_____'
LAYOUTS = ('marked', 'inserted')


class Choices(NamedTuple):
    """The rows of one question, in parts: row k is `before`, `choices[k]`, `behind`. int32 arrays."""

    before: np.ndarray
    choices: List[np.ndarray]
    behind: np.ndarray

    @property
    def length(self):
        """The length of the longest row."""
        return len(self.before) + max(map(len, self.choices)) + len(self.behind)

    def rows(self):
        """Returns the list of rows, int32 arrays."""
        return [np.concatenate([self.before, choice, self.behind]) for choice in self.choices]


class ChoiceFeatures(NamedTuple):
    """questions: N Choices. counts: int32 (N,), how many choices are real. answers: int32 (N,) places, or None."""

    questions: List[Choices]
    counts: np.ndarray
    answers: Optional[np.ndarray]


def c3_features(examples, tokenizer, max_length):
    """Encodes the questions of c3: four rows each.

    Arguments: examples: list of C3Example. tokenizer: Tokenizer. max_length: int, the most tokens of a row; what is too
        long is cut at its end, the longest of passage, question and choice first.
    Raises: ValueError: a `max_length` without room.
    """
    room = content_room(max_length, 4)
    start, end = tokenizer.special_id('start'), tokenizer.special_id('end')
    passages = encode_contents(tokenizer, [example.passage for example in examples])
    questions = encode_contents(tokenizer, [example.question for example in examples])
    texts = [_filled(example.choices) for example in examples]
    encoded = iter(encode_contents(tokenizer, [text for row in texts for text in row]))
    features = []
    for passage, question, row in zip(passages, questions, texts):
        choices = [next(encoded) for _ in row]
        passage, question, longest = cut_parts([passage, question, max(choices, key=len)], room)
        features.append(Choices(
            _array([start] + passage + [end] + question + [end]),
            [_array(choice[:len(longest)] + [end]) for choice in choices], _array([]),
        ))
    return _features(features, examples, [len(example.choices) for example in examples])


def chid_features(examples, tokenizer, max_length, layout='marked'):
    """Encodes the blanks of chid: ten rows each.

    Arguments: examples: list of ChidExample. tokenizer: Tokenizer. max_length: int, the most tokens of a row. layout:
        'marked' or 'inserted'.
    Raises: ValueError: an unknown layout, a `max_length` without room, a vocabulary without [unused1] or [MASK].
    """
    if layout not in LAYOUTS:
        raise ValueError('unknown layout %r.%s' % (layout, hint(layout, LAYOUTS)))
    room = content_room(max_length, 4)
    start, end = tokenizer.special_id('start'), tokenizer.special_id('end')
    if layout == 'marked':
        other, mark = [tokenizer.special_id('mask')] * MASKS, _mark_id(tokenizer)
    else:
        other, mark = encode_contents(tokenizer, [LINE])[0], None
    contents = _encode_blanks(tokenizer, [example.content for example in examples], other)
    groups = list(dict.fromkeys(example.candidates for example in examples))
    encoded = iter(encode_contents(tokenizer, [text for group in groups for text in group]))
    candidates = {group: [_array(next(encoded)) for _ in group] for group in groups}
    features = []
    for example in examples:
        choices = candidates[example.candidates]
        ids, places = contents[example.content]
        place, left_room = places[example.id], room - max(map(len, choices))
        if left_room < 0:
            raise ValueError('max_length, %d, has no room for a candidate of %d tokens'
                             % (max_length, max(map(len, choices))))
        left, right = _centred(ids[:place], ids[place + len(other):], left_room)
        if layout == 'marked':
            features.append(Choices(_array([start]), choices, _array([end] + left + [mark] + right + [end])))
        else:
            features.append(Choices(_array([start] + left + [end]), choices, _array([end] + right + [end])))
    return _features(features, examples, [len(example.candidates) for example in examples])


def pad_choices(questions, width=None):
    """Stacks b Choices of C rows each into int32 (b, C, n), padded with 0. width: int, or None for the longest row.

    Raises: ValueError: a row that is longer than `width`.
    """
    rows = [row for question in questions for row in question.rows()]
    return pad_rows(rows, width).reshape(len(questions), -1, max(map(len, rows)) if width is None else width)


def _features(questions, examples, counts):
    answers = [example.answer for example in examples]
    known = None if any(answer is None for answer in answers) else np.array(answers, 'int32')
    return ChoiceFeatures(questions, np.array(counts, 'int32'), known)


def _filled(choices):
    return choices + (NO_ANSWER,) * (MOST_CHOICES - len(choices))


def _array(ids):
    return np.array(ids, 'int32')


def _mark_id(tokenizer):
    index = tokenizer.token_to_id(MARK)
    if index == tokenizer.special_id('unk'):
        raise ValueError("the vocabulary lacks %r, which layout 'marked' needs; take layout 'inserted'" % MARK)
    return index


def _encode_blanks(tokenizer, contents, other):
    """Returns {content: (ids, {blank: place})}, each blank standing as the ids `other`."""
    contents = list(dict.fromkeys(contents))
    texts = [BLANK.split(content) for content in contents]
    encoded = iter(encode_contents(tokenizer, [text for pieces in texts for text in pieces]))
    found = {}
    for content, pieces in zip(contents, texts):
        ids, places = list(next(encoded)), {}
        for blank, _ in zip(BLANK.findall(content), pieces[1:]):
            places[blank] = len(ids)
            ids += other + next(encoded)
        found[content] = ids, places
    return found


def _centred(left, right, room):
    """Cuts `left` at its start and `right` at its end, to half the room each or, where one is shorter, to the rest."""
    half = room // 2
    kept = min(len(left), max(half, room - len(right)))
    return left[len(left) - kept:], right[:room - kept]
