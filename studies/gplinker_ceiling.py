"""How much of the gold survives labels -> decode, and what the rest dies of.

Claim (kexue.fm/archives/8926): spans with roles plus pairwise links, read back as maximal cliques, express a text's
events. Measured here on a corpus in four steps, each with perfect scores, so that every loss belongs to the
formulation: spans and typed links between spans; links without type; links factored into head and tail cells; and
tokens, all of a text's or the first 256. Lost events are sorted by cause.

    python -m studies.gplinker_ceiling [--full] [--output DIR]
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np

from gplinker_kit.events import TRIGGER, maximal_cliques, read_examples, read_schema
from gplinker_kit.tokenizers import Tokenizer
from studies.common import COLOURS, data_path, figure, markdown, parser, save, write_csv

STEPS = ('spans and typed links', 'links without type', 'head and tail cells', 'tokens, any length',
         'tokens, cut at 256')
CAUSES = ('contained in another event', 'phantom clique', 'roles of one span mixed', 'link of another type',
          'false link by head and tail', 'ends within a token', 'beyond 256 tokens')  # from the fourth on, one a step


def as_nodes(event):
    """Returns the event as a frozenset of (role, start, end)."""
    return frozenset((node.role, node.start, node.start + len(node.text)) for node in event.nodes())


def gold_sets(example):
    """Returns {event type: set of node sets}."""
    found = {}
    for event in example.events:
        found.setdefault(event.event_type, set()).add(as_nodes(event))
    return found


def linked_spans(events):
    """Returns the set of unordered pairs of spans that are together in an event."""
    pairs = set()
    for nodes in events:
        for one, other in combinations(sorted({node[1:] for node in nodes}), 2):
            pairs.add((one, other))
    return pairs


def cells(pairs):
    """Returns what the two link heads can hold of pairs: (head cells, tail cells)."""
    heads = {tuple(sorted((one[0], other[0]))) for one, other in pairs}
    tails = {tuple(sorted((one[1], other[1]))) for one, other in pairs}
    return heads, tails


def decode(gold, is_linked):
    """Returns {event type: set of node sets} from spans, their roles and a test (type, span, span) -> bool."""
    found = {}
    for event_type, events in gold.items():
        roles = {}
        for nodes in events:
            for role, start, end in nodes:
                roles.setdefault((start, end), set()).add(role)
        spans = sorted(roles)
        matrix = np.zeros((len(spans), len(spans)), bool)
        for (i, one), (j, other) in combinations(enumerate(spans), 2):
            matrix[i, j] = matrix[j, i] = is_linked(event_type, one, other)
        for clique in maximal_cliques(matrix):
            members = [(role,) + spans[i] for i in clique for role in sorted(roles[spans[i]])]
            triggers = [member for member in members if member[0] == TRIGGER]
            others = frozenset(member for member in members if member[0] != TRIGGER)
            for trigger in triggers or [None]:
                found.setdefault(event_type, set()).add(others | ({trigger} if trigger else frozenset()))
    return found


def by_cells(events):
    """Returns the test (type, span, span) -> bool that the head and tail cells of all types' events amount to."""
    heads, tails = cells(set().union(*map(linked_spans, events.values())))

    def is_linked(_, one, other):
        return tuple(sorted((one[0], other[0]))) in heads and tuple(sorted((one[1], other[1]))) in tails

    return is_linked


def decode_steps(gold, tokens):
    """Yields one {event type: set of node sets} a step of STEPS. tokens: characters (start, end), (0, 0) for [CLS]."""
    typed = {event_type: linked_spans(events) for event_type, events in gold.items()}
    untyped = set().union(*typed.values())
    yield decode(gold, lambda event_type, one, other: (one, other) in typed[event_type])
    yield decode(gold, lambda event_type, one, other: (one, other) in untyped)
    yield decode(gold, by_cells(gold))
    for longest in (None, 254):  # content tokens of a pass of 256
        content = [token for token in tokens if token[1]][:longest]
        starts, ends = {start for start, _ in content}, {end for _, end in content}
        kept = {}
        for event_type, events in gold.items():
            for nodes in events:
                inside = frozenset(node for node in nodes if node[1] in starts and node[2] in ends)
                if inside:
                    kept.setdefault(event_type, set()).add(inside)
        yield decode(kept, by_cells(kept))


def cause_of(nodes, event_type, gold, steps):
    """Says why an event is not in the last step but one that lost it; events are lost in the order of STEPS."""
    if nodes not in steps[0].get(event_type, ()):
        own = {node[1:] for node in nodes}
        spans = [{node[1:] for node in other} for other in gold[event_type]]
        if any(own < other for other in spans):
            return 'contained in another event'
        linked = linked_spans(gold[event_type])
        if any(all(tuple(sorted((span, mine))) in linked for mine in own) for span in set().union(*spans) - own):
            return 'phantom clique'  # a span is linked to all of its spans, and in no event with all of them
        return 'roles of one span mixed'
    for step, cause in zip(steps[1:], CAUSES[3:]):
        if nodes not in step.get(event_type, ()):
            return cause
    raise ValueError('the event was not lost')


def overlap(gold, found):
    """Returns (common, all on both sides) of two {event type: set}; F1 is twice their ratio."""
    hits = sum(len(gold[key] & found.get(key, set())) for key in gold)
    total = sum(map(len, gold.values())) + sum(map(len, found.values()))
    return hits, total


def arguments(sets):
    return {key: {node for nodes in events for node in nodes if node[0] != TRIGGER} for key, events in sets.items()}


def measure(examples, tokenizer):
    """Returns (rows of the steps, Counter of causes, number of gold events)."""
    sums = {step: np.zeros(4) for step in STEPS}
    causes, total = Counter(), 0
    encoded = tokenizer.encode_batch_with_offsets([example.text for example in examples])
    for example, (_, _, offsets) in zip(examples, encoded):
        gold = gold_sets(example)
        total += sum(map(len, gold.values()))
        steps = list(decode_steps(gold, offsets))
        for step, found in zip(STEPS, steps):
            sums[step] += overlap(gold, found) + overlap(arguments(gold), arguments(found))
        for event_type, events in gold.items():
            for nodes in events:
                if nodes not in steps[-1].get(event_type, ()):
                    causes[cause_of(nodes, event_type, gold, steps)] += 1
    rows = [[step, 200.0 * s[0] / s[1], 200.0 * s[2] / s[3]] for step, s in sums.items()]
    return rows, causes, total


def main():
    options = parser(__doc__, 'gplinker_ceiling').parse_args()
    schema = read_schema(data_path('fewfc', 'duee_event_schema.json'))
    tokenizer = Tokenizer(data_path('vocab', 'roformer_v2_char', 'vocab.txt'), do_lower_case=True)
    parts = ('dev', 'train') if options.full else ('dev',)
    header = ['corpus', 'step', 'event F1', 'argument F1']
    rows, causes = [], []
    for part in parts:
        examples = read_examples(data_path('fewfc', 'duee_%s.json' % part), schema)
        found, why, total = measure([e for e in examples if e.events is not None], tokenizer)
        rows += [[part] + row for row in found]
        causes += [[part, cause, why[cause], 100.0 * why[cause] / total] for cause in CAUSES]
    print(markdown(header, rows))
    print()
    print(markdown(['corpus', 'lost because', 'events', '% of gold'], causes))
    write_csv(options.output, 'ceiling', header, rows)
    write_csv(options.output, 'ceiling_causes', ['corpus', 'cause', 'events', 'percent'], causes)
    made, (left, right) = figure(10, 3.6, 2)
    last = parts[-1]
    mine = [row for row in rows if row[0] == last]
    places = np.arange(len(mine))
    for shift, column, name in ((-0.2, 2, 'event F1'), (0.2, 3, 'argument F1')):
        left.barh(places + shift, [row[column] for row in mine], 0.38, color=COLOURS[column - 2], label=name)
    left.set(yticks=places, yticklabels=[row[1] for row in mine], xlabel='F1 with perfect scores, %%, %s' % last,
             xlim=(min(row[2] for row in mine) - 3, 100))
    left.invert_yaxis()
    left.legend(frameon=False, fontsize=8, loc='upper center', bbox_to_anchor=(0.5, 1.16), ncol=2)
    mine = [row for row in causes if row[0] == last]
    right.barh(range(len(mine)), [row[3] for row in mine], color=COLOURS[2])
    right.set(yticks=range(len(mine)), yticklabels=[row[1] for row in mine], xlabel='% of gold events lost')
    right.invert_yaxis()
    save(made, options.output, 'ceiling')


if __name__ == '__main__':
    main()
