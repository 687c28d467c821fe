"""CLUENER, Chinese names of ten types, as the studies need it: tokens, spans, and their F1; `clue.tags` has the tags.

Notation: a span is (type number, first, last), in tokens, both ends inclusive; an entity is (type, start, end), in
characters, end exclusive.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.clue import Entity, find_task
from gplinker_kit.clue.cluener_score import macro_f1, span_counts, type_counts
from gplinker_kit.clue.tags import count_tags
from gplinker_kit.errors import DataError, hint
from gplinker_kit.files import read_json_lines

TYPES = find_task('cluener').labels
TAGS = count_tags(len(TYPES))

Sentence = namedtuple('Sentence', 'text ids offsets spans entities')
Sentence.__doc__ = """text, token ids, (start, end) of each token, sorted list of spans, set of entities.

An entity that begins or ends within a token has no span.
"""

Scores = namedtuple('Scores', 'f1 precision recall macro')
Scores.__doc__ = 'Percentages: micro F1, precision and recall of entities with their places, and the official macro F1.'


def read(path, tokenizer, count=None):
    """Returns the sentences of a file in CLUENER's format, the first `count` of them if that is given.

    Raises: DataError that names file and line: no text, an unknown type, a name that is not where it is said to be.
    """
    texts, found = [], []
    for line, row in read_json_lines(path):
        if len(texts) == count:
            break
        if not isinstance(row.get('text'), str) or not isinstance(row.get('label'), dict):
            raise DataError("expected 'text', a string, and 'label', an object", path, line)
        texts.append(row['text'])
        found.append(set(_entities(row, path, line)))
    encoded = tokenizer.encode_batch_with_offsets(texts, maxlen=None)
    return [Sentence(text, ids, offsets, spans_of(entities, offsets), entities)
            for text, entities, (ids, _, offsets) in zip(texts, found, encoded)]


def _entities(row, path, line):
    for kind, names in row['label'].items():
        if kind not in TYPES:
            raise DataError('unknown type %r.%s' % (kind, hint(kind, TYPES)), path, line)
        for name, places in names.items():
            for start, last in places:
                if row['text'][start:last + 1] != name:
                    raise DataError('expected %r at characters %d to %d, got %r'
                                    % (name, start, last, row['text'][start:last + 1]), path, line)
                yield kind, start, last + 1


def spans_of(entities, offsets):
    """Returns the sorted spans of those entities whose ends are ends of tokens."""
    starts = {start: token for token, (start, end) in enumerate(offsets) if end}
    ends = {end: token for token, (_, end) in enumerate(offsets) if end}
    return sorted((TYPES.index(kind), starts[start], ends[end]) for kind, start, end in entities
                  if start in starts and end in ends)


def entities_of(spans, offsets):
    """Returns the set of entities of token spans."""
    return {(TYPES[kind], offsets[first][0], offsets[last][1]) for kind, first, last in spans}


def score(sentences, found):
    """Compares sets of entities, one a sentence, with the sentences' own.

    The macro F1 is CLUENER's official one: of a sentence's distinct (type, string), wherever they stand, the F1 of each
    type, averaged; a type of which there is nothing on either side counts as 0.
    """
    golds, mine = ([[Entity(*entity) for entity in one] for one in side]
                   for side in ([sentence.entities for sentence in sentences], found))
    placed = span_counts(golds, mine)
    macro = macro_f1(type_counts(TYPES, [sentence.text for sentence in sentences], golds, mine))
    return Scores(*(100 * value for value in (placed.f1, placed.precision, placed.recall, macro)))


def repeats(sentence):
    """Whether a sentence has several entities of one type."""
    kinds = [kind for kind, _, _ in sentence.entities]
    return len(set(kinds)) < len(kinds)


def joined(sentence, entities):
    """Returns the wrong ones of `entities` that run from the start of one of the sentence's to the end of another."""
    wrong = set()
    for kind, start, end in entities - sentence.entities:
        own = [entity for entity in sentence.entities if entity[0] == kind]
        if any(entity[1] == start for entity in own) and any(entity[2] == end for entity in own):
            wrong.add((kind, start, end))
    return wrong
