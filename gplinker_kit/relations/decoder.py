"""From scores to triples: subjects, objects, the links between them, and the slots that belong to one object.

1. Every span over the threshold of the entity head is a subject or an object.
2. A subject and an object are linked by a link of the schema when the head score of their first tokens and the tail
   score of their last tokens are both over their thresholds. All subjects, objects and links are compared at once.
3. For a predicate of one slot, each link is a triple. For a complex one, the linked (slot, object) pairs of a subject
   are a graph: two of them, of different slots, are joined when their slot-slot link is there by the same test. Each
   maximal clique with an '@value' is a triple, so that what no link joins is never in one object. What is left
   without an '@value' is no triple.
4. Of triples that have the same texts the one with the best score stays. A triple whose slots are a proper part of
   those of another one of its subject and predicate is left out.

A text longer than the model reads comes in overlapping windows; `decode_views` puts them together.

Scores, as for events: an entity's is σ of its logit, a link's is σ of the smaller of its two logits, a triple's is the
geometric mean over all of its entities and links. Thresholds decide what is found, not how it is scored.

What this cannot express, whatever the scores: an object whose slots are a part of another one's, of the same subject
and predicate; and objects of two subjects that share spans, such as {v, w}, {x, y} of one and {v, y} of another, since
slot-slot links do not say whose object it is. Links are read by first and by last tokens, so that entities that share
them (nested ones) can be linked by the cells of two others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from gplinker_kit.events.cliques import maximal_cliques
from gplinker_kit.events.policy import Thresholds
from gplinker_kit.events.scores import log_probability
from gplinker_kit.relations.reading import MAX_ENTITIES, Reading, read_view
from gplinker_kit.relations.schema import OBJECT, SUBJECT, VALUE, Triple, ordered_slots

MAX_LINKS, MAX_CLIQUES = 1000, 128


@dataclass(frozen=True)
class Extraction:
    """The triples of one text, by the place of their subject, then by predicate, then by the place of '@value'.

    Attributes:
        text: as given. triples: tuple of Triple, with spans and scores. limits: names of the bounds that were reached,
            'max_entities', 'max_links' or 'max_cliques', so that triples may be missing.
    """

    text: str
    triples: Tuple[Triple, ...] = ()
    limits: Tuple[str, ...] = ()

    @property
    def truncated(self):
        """Whether a bound cut the search short."""
        return bool(self.limits)


def decode(text, offsets, scores, schema, thresholds=None, max_entities=MAX_ENTITIES, max_links=MAX_LINKS,
           max_cliques=MAX_CLIQUES):
    """Reads the triples of a text from the scores of its tokens.

    Arguments:
        text: str.
        offsets: (start, end) character positions, one pair a token, (0, 0) for [CLS], [SEP] and padding; at most n.
        scores: three arrays (entities, heads, tails), of 2, L and L labels, L = len(schema): packed (n, n + 2h) or
            dense (h, n, n); n may exceed len(offsets), the rest is padding. A cell of a link is (token of the source,
            token of the target).
        schema: Schema.
        thresholds: `events.Thresholds`, whose `arguments` are the entities: one number or two; `heads` and `tails` one
            number or one for each of `schema.links`. By default 0 everywhere.
        max_entities: keep so many subjects and objects, those farthest above their threshold; an untrained model finds
            thousands. max_links: keep so many links from subjects to objects, likewise. max_cliques: see
            `maximal_cliques`, for one subject and predicate. None for no bound, for each of the three.
    Returns:
        Extraction.
    Raises:
        ValueError: scores of a wrong shape, scores that are NaN or +inf (the head is named), offsets outside the text,
            thresholds of the wrong number.
    """
    thresholds = Thresholds() if thresholds is None else thresholds
    view = read_view(text, 0, offsets, scores, schema, thresholds, max_entities)
    return decode_views(text, [view], schema, thresholds, max_links, max_cliques)


def decode_views(text, views, schema, thresholds=None, max_links=MAX_LINKS, max_cliques=MAX_CLIQUES):
    """Reads the triples of a text that is longer than the model reads from what its windows show.

    Entities of several windows and the links between them are put together first (`reading.Reading`), so that a triple
    may join what different windows say; a link is found only where one window shows both its entities.

    Arguments:
        text: str. views: list of what `reading.read_view` returns, with the same thresholds, in the order of the
            windows. Others: as `decode`; the two bounds are for one window, k windows may have k times as much.
    Returns:
        Extraction.
    Raises:
        ValueError: thresholds of the wrong number, link scores that are NaN or +inf.
    """
    views = [view for view in views if view is not None]
    reading = Reading(views, schema, Thresholds() if thresholds is None else thresholds)
    bounds = [None if bound is None else bound * max(1, len(views)) for bound in (max_links, max_cliques)]
    limits = {'max_entities'} if any(view.truncated for view in views) else set()
    triples = _distinct(_Finder(text, reading, *bounds).triples(limits))
    return Extraction(text, tuple(triples), tuple(sorted(limits)))


def _distinct(triples):
    """Returns the list of triples without equal ones and without those whose slots are a part of another's."""
    best, groups = {}, {}
    for triple in triples:
        if triple not in best or triple.score > best[triple].score:
            best[triple] = triple
    for triple in best:
        groups.setdefault((triple.subject, triple.predicate), []).append(set(triple.objects))
    return [best[triple] for triple in best
            if not any(set(triple.objects) < other for other in groups[triple.subject, triple.predicate])]


class _Finder:
    """Goes from the entities of one text and the links between them to its triples."""

    def __init__(self, text, reading, max_links, max_cliques):
        self.text, self.schema, self.reading = text, reading.schema, reading
        self.max_links, self.max_cliques = max_links, max_cliques

    def triples(self, limits):
        """Yields the triples of all subjects; adds to `limits` what was reached."""
        schema = self.schema
        numbers = np.array([number for number, link in enumerate(schema.links) if link.source is None])
        margin, score = self.reading.links(numbers, SUBJECT)
        subjects, rows, targets = np.nonzero(margin.transpose(1, 0, 2) > 0)
        if self.max_links is not None and len(subjects) > self.max_links:
            best = np.argsort(-margin[rows, subjects, targets], kind='stable')[:self.max_links]
            subjects, rows, targets = (index[np.sort(best)] for index in (subjects, rows, targets))
            limits.add('max_links')
        groups = {}  # (subject, predicate): [(slot, object, logit of its link)]
        for subject, number, target in zip(subjects.tolist(), rows.tolist(), targets.tolist()):
            link = schema.links[numbers[number]]
            groups.setdefault((subject, link.predicate), []).append(
                (link.target, target, float(score[number, subject, target])))
        joined = {}  # predicate: {(slot, slot): (linked, score)}
        for (subject, predicate), nodes in groups.items():
            if len(schema.slots(predicate)) == 1:
                for node in nodes:
                    yield self._triple(subject, predicate, [node], [])
                continue
            if predicate not in joined:
                joined[predicate] = self._slot_links(predicate)
            for members, logits in self._cliques(nodes, joined[predicate], limits):
                yield self._triple(subject, predicate, members, logits)

    def _slot_links(self, predicate):
        chosen = [number for number, link in enumerate(self.schema.links)
                  if link.predicate == predicate and link.source is not None]
        margin, score = self.reading.links(np.array(chosen), OBJECT)
        return {self.schema.links[number][2:]: (margin[row] > 0, score[row]) for row, number in enumerate(chosen)}

    def _cliques(self, nodes, joined, limits):
        """Yields (nodes, logits of the slot-slot links) of each object; nodes are in the order of their slots."""
        adjacency, logits = np.zeros((len(nodes), len(nodes)), bool), {}
        for i, (slot, place, _) in enumerate(nodes):
            for j in range(i + 1, len(nodes)):
                other, there, _ = nodes[j]
                if other != slot and joined[slot, other][0][place, there]:
                    adjacency[i, j] = adjacency[j, i] = True
                    logits[i, j] = float(joined[slot, other][1][place, there])
        cliques = maximal_cliques(adjacency, max_cliques=self.max_cliques)
        if cliques.truncated:
            limits.add('max_cliques')
        for clique in cliques.cliques:
            if nodes[clique[0]][0] == VALUE:
                yield ([nodes[i] for i in clique],
                       [logits[i, j] for k, i in enumerate(clique) for j in clique[k + 1:]])

    def _triple(self, subject, predicate, members, logits):
        _, places, own = self.reading.entities[SUBJECT]
        _, targets, others = self.reading.entities[OBJECT]
        slots, objects, links = zip(*ordered_slots(sorted(members)))  # the order in which a Triple stores them
        decisions = [own[subject]] + [others[target] for target in objects] + list(links) + logits
        spans = [places[subject]] + [targets[target] for target in objects]
        texts = [self.text[start:end] for start, end in spans]
        subject_type, types = self.schema.types(predicate, slots)
        return Triple(texts[0], predicate, tuple(zip(slots, texts[1:])), subject_type, types, spans,
                      float(np.exp(log_probability(decisions).mean())))
