"""The official DuIE 2.0 score, which also serves DuIE 1.0: triples, compared by their texts.

It follows the description of PaddleNLP's scorer; the evaluation server and its alias dictionary are not public.

* A triple is compared by subject, predicate and the texts of all its slots: an object that lacks a slot or has one more
  is wrong. Types do not count.
* Texts are lower-cased, and one pair of 《》 around a whole text is taken off. What is equal then counts once.
* A triple is in a set of others when it is there itself, or with some aliases of its subject and slots in their places.
* Precision is the part of predicted triples that are in the gold set, recall the part of gold triples that are in the
  set of predicted ones. They are counted separately: with aliases, one gold triple can confirm several predictions, and
  a dictionary can lead from a to b but not from b to a. F1 is the harmonic mean of the two ratios.
* Texts of examples are the keys: what several lines say of one text is put together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product


def score_official(gold, predicted, aliases=None):
    """Scores the triples of many texts.

    Arguments:
        gold, predicted: iterables of Example. A gold text without prediction has none of its triples found.
        aliases: None, or {name: iterable of other names that are as good}, compared without regard to case and 《》.
    Returns:
        OfficialCounts.
    Raises:
        ValueError: a gold example without triples (None), or a predicted one whose text gold does not have.
    """
    wanted, found = _by_text(gold, 'gold'), _by_text(predicted, 'predicted')
    for text in found:
        if text not in wanted:
            raise ValueError('gold has no text %r, of which there are predictions: texts are compared as they are, '
                             'whitespace included' % (text if len(text) <= 40 else text[:40] + '…'))
    names = _folded(aliases)
    return sum((_counts(keys, found.get(text, set()), names) for text, keys in wanted.items()), OfficialCounts())


def official_counts(gold, predicted, aliases=None):
    """Returns the OfficialCounts of one text: `gold` and `predicted` are iterables of Triple; `aliases` as above."""
    return _counts({_key(triple) for triple in gold}, {_key(triple) for triple in predicted}, _folded(aliases))


def plain_name(text):
    """Returns a text as it is compared: lower-cased, without one pair of 《》 around it."""
    text = text.lower()
    return text[1:-1] if len(text) >= 2 and text[0] == '《' and text[-1] == '》' else text


def _key(triple):
    """Returns (predicate, names of the slots, texts: subject, then slots)."""
    slots = tuple(slot for slot, _ in triple.objects)
    texts = (triple.subject,) + tuple(text for _, text in triple.objects)
    return triple.predicate, slots, tuple(map(plain_name, texts))


def _by_text(examples, side):
    found = {}
    for example in examples:
        if example.triples is None:
            raise ValueError('the %s example %r has no triples (None): nothing is known of it' % (
                side, example.text[:40]))
        found.setdefault(example.text, set()).update(_key(triple) for triple in example.triples)
    return found


def _folded(aliases):
    found = {}
    for name, others in (aliases or {}).items():
        if isinstance(others, str):
            raise ValueError('the aliases of %r must be a list of names, got %r' % (name, others))
        found.setdefault(plain_name(name), set()).update(map(plain_name, others))
    return found


def _counts(gold, predicted, aliases):
    return OfficialCounts(sum(_is_in(key, gold, aliases) for key in predicted), len(predicted),
                          sum(_is_in(key, predicted, aliases) for key in gold), len(gold))


def _is_in(key, keys, aliases):
    if key in keys or not aliases:
        return key in keys
    spellings = ((text,) + tuple(aliases.get(text, ())) for text in key[2])
    return any(key[:2] + (texts,) in keys for texts in product(*spellings))


@dataclass(frozen=True)
class OfficialCounts:
    """Predicted triples that gold has, predicted triples, gold triples that were predicted, gold triples.

    Counts add up. A ratio with an empty denominator is 0. The ratios are not rounded; `as_dict` rounds as the official
    program does.
    """

    right: int = 0
    predicted: int = 0
    found: int = 0
    gold: int = 0

    @property
    def precision(self):
        """right / predicted, 0 without predictions."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self):
        """found / gold, 0 without gold."""
        return self.found / self.gold if self.gold else 0.0

    @property
    def f1(self):
        """The harmonic mean of precision and recall, 0 where both are 0."""
        both = self.precision + self.recall
        return 2.0 * self.precision * self.recall / both if both else 0.0

    def as_dict(self):
        """Returns precision, recall and f1 (0 to 1, four digits) and the four counts."""
        return {'precision': round(self.precision, 4), 'recall': round(self.recall, 4), 'f1': round(self.f1, 4),
                'right': self.right, 'predicted': self.predicted, 'found': self.found, 'gold': self.gold}

    def __add__(self, other):
        if not isinstance(other, OfficialCounts):
            return NotImplemented
        return OfficialCounts(self.right + other.right, self.predicted + other.predicted,
                              self.found + other.found, self.gold + other.gold)
