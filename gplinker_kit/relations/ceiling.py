"""What the representation loses of a corpus: gold triples, turned into targets, decoded from scores that are right.

No model that is trained on these targets can be expected to score more. Lost are triples whose words have no place in
the text, in the tokens or under the tokens' boundaries, and what links cannot express (see `relations.decoder`); what
comes in addition are objects that no link keeps apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from gplinker_kit.events.counts import Counts
from gplinker_kit.relations.alignment import TripleReport
from gplinker_kit.relations.decoder import decode
from gplinker_kit.relations.labels import align
from gplinker_kit.relations.official import OfficialCounts, official_counts
from gplinker_kit.relations.schema import Triple
from gplinker_kit.relations.strict import triple_counts

SURE = 16.0  # the logit of a gold cell, and of all others with the other sign


def gold_scores(targets, n, schema):
    """Returns dense scores (entities, heads, tails), float32 (h, n, n), over 0 at the cells of Targets alone."""
    found = []
    for cells, labels in zip(targets[:3], (2, len(schema), len(schema))):
        scores = np.full((labels, n, n), -SURE, np.float32)
        scores[tuple(cells.T)] = SURE
        found.append(scores)
    return tuple(found)


def ceiling(examples, schema, find_offsets, choose='first', most=20):
    """Decodes the gold of a corpus and scores what comes back.

    Arguments:
        examples: iterable of Example with triples; those without (None) are passed over.
        schema: Schema.
        find_offsets: function from a text to its tokens' (start, end) characters, (0, 0) for [CLS] and [SEP], cut to
            the length that the model reads: `lambda text: tokenizer.encode_with_offsets(text, maxlen=128)[2]`.
        choose: as in `labels.align`.
        most: how many differences to keep.
    Returns:
        Ceiling.
    Raises:
        ValueError: as `labels.align`.
    """
    official, strict, report, differences = OfficialCounts(), Counts(), TripleReport(), []
    for number, example in enumerate(examples):
        if example.triples is None:
            continue
        offsets = find_offsets(example.text)
        targets = align(example.triples, offsets, schema, example.text, choose)
        scores = gold_scores(targets, len(offsets), schema)
        decoded = decode(example.text, offsets, scores, schema, max_entities=None, max_links=None,
                         max_cliques=None).triples
        official += official_counts(example.triples, decoded)
        strict += triple_counts(example.triples, decoded)
        report += targets.report
        missing = tuple(triple for triple in example.triples if triple not in decoded)
        added = tuple(triple for triple in decoded if triple not in example.triples)
        if (missing or added) and len(differences) < most:
            differences.append(Difference(number, example.text, missing, added))
    return Ceiling(official, strict, report, tuple(differences))


@dataclass(frozen=True)
class Difference:
    """One example, its number and text, the gold triples that did not come back, and those that came in addition."""

    number: int
    text: str
    missing: Tuple[Triple, ...]
    added: Tuple[Triple, ...]


@dataclass(frozen=True)
class Ceiling:
    """The scores of decoded gold: `official` OfficialCounts, `strict` Counts, `report` TripleReport, `differences`."""

    official: OfficialCounts
    strict: Counts
    report: TripleReport
    differences: Tuple[Difference, ...] = ()

    def __str__(self):
        return '%s\nat best: official P %.2f, R %.2f, F1 %.2f; strict F1 %.2f' % (
            self.report, 100 * self.official.precision, 100 * self.official.recall, 100 * self.official.f1,
            100 * self.strict.f1)
