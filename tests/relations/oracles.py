"""A second decoder of triples, by loops over everything that could be one, and scores to try it on."""

import math
from itertools import product

import numpy as np

from gplinker_kit.relations.schema import VALUE, Triple


def character_offsets(text):
    """[CLS], one token a character, [SEP]: character c is token c + 1."""
    return [(0, 0)] + [(c, c + 1) for c in range(len(text))] + [(0, 0)]


def dense_of(packed, labels):
    """(h, n, n) of packed scores, cell by cell in float32."""
    n = len(packed)
    dense = np.zeros((labels, n, n), np.float32)
    for label, i, j in product(range(labels), range(n), range(n)):
        dense[label, i, j] = np.float32(np.float32(packed[i, j] + packed[i, n + label]) + packed[j, n + labels + label])
    return dense


def brute_force(text, dense, schema, thresholds=(0.0, 0.0, 0.0), windows=None):
    """{Triple: best score} of dense scores (entities, heads, tails) of texts of one token a character.

    windows: [first, last) of tokens, one of which must hold an entity, and one both entities of a link.
    """
    entities, heads, tails = dense
    tokens = range(1, len(text) + 1)

    def together(*tokens):
        return windows is None or any(first <= min(tokens) and max(tokens) < last for first, last in windows)

    spans = [(i, j) for i in tokens for j in tokens if i <= j and together(i, j)]

    def over(label):
        return [span for span in spans if entities[label][span] > thresholds[0]]

    def link(predicate, source, target, one, other):
        number = [tuple(link[1:]) for link in schema.links].index((predicate, source, target))
        head, tail = heads[number, one[0], other[0]], tails[number, one[1], other[1]]
        linked = head > thresholds[1] and tail > thresholds[2] and together(*(one + other))
        return min(head, tail) if linked else None

    found = {}
    for subject, predicate in product(over(0), schema.predicates):
        slots = schema.slots(predicate)
        valid = {}
        for choice in product(*[over(1) + ([] if slot == VALUE else [None]) for slot in slots]):
            filled = [(slot, span) for slot, span in zip(slots, choice) if span]
            links = [link(predicate, None, slot, subject, span) for slot, span in filled]
            links += [link(predicate, slot, other, span, there)
                      for k, (slot, span) in enumerate(filled) for other, there in filled[k + 1:]]
            if None not in links:
                valid[frozenset(filled)] = [entities[0][subject]] + [entities[1][span] for _, span in filled] + links
        for filled, logits in valid.items():
            if not any(filled < other for other in valid):
                objects = {slot: text[span[0] - 1:span[1]] for slot, span in filled}
                triple = Triple(text[subject[0] - 1:subject[1]], predicate, objects)
                score = math.exp(sum(-math.log1p(math.exp(-float(logit))) for logit in logits) / len(logits))
                found[triple] = max(score, found.get(triple, 0.0))
    return {triple: score for triple, score in found.items() if not any(
        other.subject == triple.subject and other.predicate == triple.predicate
        and set(triple.objects) < set(other.objects) for other in found)}
