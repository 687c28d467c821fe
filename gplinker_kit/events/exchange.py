"""Arguments of training texts exchanged for others of the same role: a small corpus that is never twice the same.

A sentence stays an example of its events when another company buys, and the model cannot know the arguments of its
training texts by heart. Mention replacement, after Dai and Adel (2020), "An Analysis of Simple Data Augmentation for
Named Entity Recognition", https://aclanthology.org/2020.coling-main.343.
"""

from __future__ import annotations

from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.events.targets import Targets, cell_array, link_cells


def argument_pool(items, schema):
    """Returns {label: list of token id lists}: what stands in the items under each label.

    Left out are triggers, which say what the event is, and the items of enum roles, which stand for themselves.

    Arguments:
        items: list of (token ids, segment ids, Targets). schema: Schema.
    """
    keep = {number for number, label in enumerate(schema.labels) if label.role != TRIGGER and label.item is None}
    pool = {}
    for ids, _, targets in items:
        for label, start, end in targets.arguments.tolist():
            if label in keep:
                pool.setdefault(label, []).append(list(ids[start:end + 1]))
    return pool


def exchange_arguments(item, pool, chance, longest, random):
    """Returns an item in which arguments give way to others of the same label; the targets move along.

    Exchanged can be a span with one label, which the pool has (triggers are not in it, so they stay), that no other
    span crosses or lies in; it may draw its own text. An item that would grow beyond `longest` tokens keeps the
    argument. On FewFC, a chance of 0.3 changes the text of 22% of the arguments (triggers apart), 1.0 that of 72%.

    Arguments:
        item: (token ids, segment ids, Targets with links), all tokens of one segment. pool: of `argument_pool`.
        chance: number in [0, 1], for each span that can be exchanged. longest: int, in tokens. random: numpy
            RandomState.
    Raises:
        ValueError: targets that do not say which spans are linked.
    """
    ids, segments, targets = list(item[0]), item[1], item[2]
    if targets.links is None:
        raise ValueError('these targets do not say which spans are linked; expected targets of `align` or a window')
    labels = {}
    for label, start, end in targets.arguments.tolist():
        labels.setdefault((start, end), []).append(label)
    place = {span: span for span in labels}
    for span in sorted(labels, reverse=True):  # from the right: what lies left of a change stays where it is
        start, end = span
        if random.rand() >= chance or len(labels[span]) > 1 or labels[span][0] not in pool:
            continue
        if any(other != span and other[0] <= end and other[1] >= start and not (other[0] <= start and other[1] >= end)
               for other in labels):
            continue
        choice = pool[labels[span][0]]
        new = choice[random.randint(len(choice))]
        more = len(new) - (end - start + 1)
        if len(ids) + more > longest:
            continue
        ids[start:end + 1] = new
        for other, (first, last) in place.items():
            # No span begins inside the exchanged one; one that ends with it or behind it ends later.
            place[other] = (first + more * (other[0] > end), last + more * (other[1] >= end))
    arguments = cell_array((label,) + place[start, end] for label, start, end in targets.arguments.tolist())
    links = []
    for label, start, end, other_start, other_end in targets.links.tolist():
        one, other = place[start, end], place[other_start, other_end]
        links.append((label,) + min(one, other) + max(one, other))
    segments = [segments[0]] * len(ids) if len(ids) != len(segments) else segments
    return ids, segments, Targets(arguments, *link_cells(links), targets.report, cell_array(links, 5))
