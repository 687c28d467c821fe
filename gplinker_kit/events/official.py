"""The official DuEE 1.0 score: arguments, compared character by character.

The code of the evaluation server is not public; this follows its published description (PaddleNLP's DuEE page) and says
here what that leaves open.

* A predicted argument p scores 0 unless some gold argument has its event type and role; otherwise it scores
  max over those gold arguments, and over the aliases of each, of F1 = 2·cP·cR / (cP + cR), where cP = common(p, g) /
  len(p) and cR = common(p, g) / len(g), in code points, lower-cased.
* P = sum of scores / number of predicted arguments, R = sum of scores / number of gold arguments, F1 their harmonic
  mean. The sum is the same in both, so R may exceed 1 where several predictions resemble one gold argument; it is not
  capped.
* Arguments are de-duplicated first, on both sides, as (type, role, lower-cased text) of a text; aliases of equal gold
  arguments are pooled and add nothing to the number of gold arguments.
* Triggers, positions and the grouping into events do not count. An empty argument scores 0 and counts.
* The description does not say what "common characters" are. 'multiset' (the default here) counts each character as
  often as both have it. 'set' counts each distinct character once, as several community scorers do: a right '2020年'
  then has 3 of 5 characters. 'lcs' is the length of the longest common subsequence, so order counts.
"""

from __future__ import annotations

from collections import Counter

from gplinker_kit.errors import hint
from gplinker_kit.events.counts import Counts


def argument_counts(gold, predicted, match='multiset'):
    """Scores the predicted events of one text against its gold events.

    Arguments:
        gold, predicted: iterables of Event; aliases of gold arguments are read.
        match: 'multiset', 'set' or 'lcs', see the module.
    Returns:
        Counts, `correct` a float, the sum of the scores of the predicted arguments.
    Raises:
        ValueError: an unknown `match`.
    """
    common = common_characters(match)
    spellings = {}  # (type, role) -> {gold text: its spellings, itself included}
    for event in gold:
        for argument in event.arguments:
            texts = spellings.setdefault((event.event_type, argument.role), {})
            text = argument.text.lower()
            texts.setdefault(text, {text}).update(alias.lower() for alias in argument.aliases)
    keys = {
        (event.event_type, argument.role, argument.text.lower()) for event in predicted for argument in event.arguments
    }
    correct = 0.0
    for event_type, role, text in sorted(keys):
        candidates = set().union(*spellings.get((event_type, role), {}).values())
        correct += max((character_f1(text, candidate, common) for candidate in candidates), default=0.0)
    return Counts(correct, len(keys), sum(len(texts) for texts in spellings.values()))


def common_characters(match):
    """Returns the function (p, g) -> number of common characters that `match` names. Raises ValueError if none."""
    if match not in MATCHES:
        raise ValueError('unknown match %r.%s' % (match, hint(match, MATCHES)))
    return MATCHES[match]


def character_f1(predicted, gold, common):
    """Returns the F1 of two strings given a function that counts their common characters; 0 where either is empty.

    2·cP·cR / (cP + cR) with cP = c / len(p) and cR = c / len(g) is 2·c / (len(p) + len(g)).
    """
    if not predicted or not gold:
        return 0.0
    return 2.0 * common(predicted, gold) / (len(predicted) + len(gold))


def common_multiset(first, second):
    """Counts each character as often as both strings have it."""
    return sum((Counter(first) & Counter(second)).values())


def common_set(first, second):
    """Counts the distinct characters that both strings have."""
    return len(set(first) & set(second))


def common_subsequence(first, second):
    """Returns the length of the longest common subsequence, bit-parallel (Hyyrö, 2004): bit i of `row` is 0 where the
    length grows at character i of `first`, one addition a character of `second`.
    """
    places = {}
    for number, character in enumerate(first):
        places[character] = places.get(character, 0) | 1 << number
    everywhere = (1 << len(first)) - 1
    row = everywhere
    for character in second:
        hits = row & places.get(character, 0)
        row = ((row + hits) | (row - hits)) & everywhere
    return len(first) - bin(row).count('1')


MATCHES = {'multiset': common_multiset, 'set': common_set, 'lcs': common_subsequence}
