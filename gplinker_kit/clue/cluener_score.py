"""The official score of CLUENER: macro-F1 over its ten types, on the strings of entities.

Of each type, the distinct entity strings of a sentence are compared with the gold ones; positions do not count, nor how
often a string occurs. True positives, predictions and golds are summed over sentences, and the F1 of the ten types is
averaged; one without gold and prediction counts as 0. `span_counts` is what the published scripts report on dev: micro,
every position for itself.
"""

from __future__ import annotations

from gplinker_kit.events.counts import Counts, set_counts


def type_counts(types, texts, golds, predictions):
    """Returns {type: Counts} of unique strings.

    Arguments:
        types: names of the types. texts: list of str. golds, predictions: as many lists of Entity.
    """
    counts = dict.fromkeys(types, Counts())
    for text, gold, predicted in zip(texts, golds, predictions):
        for kind in types:
            counts[kind] += set_counts(*(
                {text[entity.start:entity.end] for entity in entities if entity.type == kind}
                for entities in (gold, predicted)
            ))
    return counts


def span_counts(golds, predictions):
    """Returns the Counts of all (type, start, end) of all sentences."""
    return sum((set_counts(set(gold), set(predicted)) for gold, predicted in zip(golds, predictions)), Counts())


def macro_f1(counts):
    """Returns the mean F1 of the Counts of all types."""
    return sum(count.f1 for count in counts.values()) / len(counts)
