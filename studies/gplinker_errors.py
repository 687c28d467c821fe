"""What the events of a trained GPLinker die of: its arguments or its links.

Events are decoded once more with the model's arguments and gold's links, and the other way round; the difference to the
events as they are is what better links, or better arguments, could give. "all" links everything of a type with
everything. Missed and invented arguments are sorted by what stands in their place. Texts that do not fit one window are
left out.

    python -m studies.gplinker_errors --model DIR [--full] [--output DIR]
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from studies.common import COLOURS, data_path, figure, markdown, parser, save, write_csv
from studies.gplinker_ceiling import arguments, as_nodes, decode, gold_sets, linked_spans, overlap

ROWS = (('model', 'model'), ('model', 'all'), ('model', 'gold'), ('gold', 'model'), ('gold', 'all'), ('gold', 'gold'))
CAUSES = ('other borders', 'another role', 'another type', 'nothing there')


def model_links(gplinker, packed, offsets):
    """Returns the test (type, span, span) -> bool of the model's link scores; False where a span is not of tokens."""
    from gplinker_kit.events.reading import link_labels
    from gplinker_kit.events.scores import pair_scores

    schema = gplinker.schema
    labels = link_labels(packed[1], packed[2], schema)
    thresholds = gplinker.thresholds.of_links(labels)
    starts = {start: token for token, (start, end) in enumerate(offsets) if end > start}
    ends = {end: token for token, (start, end) in enumerate(offsets) if end > start}

    def is_linked(event_type, one, other):
        if not all(start in starts and end in ends for start, end in (one, other)):
            return False
        label = 0 if labels == 1 else schema.event_types.index(event_type)
        found = pair_scores(packed[1], packed[2], [starts[one[0]], starts[other[0]]], [ends[one[1]], ends[other[1]]],
                            *thresholds[label], labels=labels, label=label)
        return bool(found.margin[0, 1] > 0)

    return is_linked


def gold_scores(example, offsets, schema, n):
    """Returns packed link scores without types, (n, n + 2) twice, that are above 0 at gold's cells and nowhere else."""
    from gplinker_kit.events.labels import align

    targets = align(example.events, offsets, schema, text=example.text)
    packed = []
    for cells in (targets.heads, targets.tails):
        scores = np.zeros((n, n + 2), np.float32)
        scores[:, :n] = -1
        scores[cells[:, 1], cells[:, 2]] = 1
        packed.append(scores)
    return packed


def as_sets(events):
    """Returns {event type: set of node sets} of Events."""
    found = {}
    for event in events:
        found.setdefault(event.event_type, set()).add(as_nodes(event))
    return found


def ways(example, offsets, packed, gplinker):
    """Yields the {event type: set of node sets} of each of ROWS."""
    from gplinker_kit.events import Thresholds, decode_windows
    from gplinker_kit.events.policy import RECOMMENDED

    schema, thresholds, gold = gplinker.schema, gplinker.thresholds, gold_sets(example)
    n = len(packed[0])
    links = {'all': [np.ones((n, n + 2), np.float32)] * 2, 'gold': gold_scores(example, offsets, schema, n)}
    typed = {event_type: linked_spans(events) for event_type, events in gold.items()}
    tests = {'model': model_links(gplinker, packed, offsets), 'all': lambda *_: True,
             'gold': lambda event_type, one, other: (one, other) in typed[event_type]}
    for of_arguments, of_links in ROWS:
        if of_arguments == 'gold':
            yield decode(gold, tests[of_links])
        else:
            scores = packed if of_links == 'model' else [packed[0]] + links[of_links]
            bounds = thresholds if of_links == 'model' else Thresholds(thresholds.arguments)
            yield as_sets(decode_windows(example.text, [(0, offsets, scores)], schema, bounds, RECOMMENDED).events)


def cause_of(argument, others):
    """Says what `others`, a set of (type, role, start, end), has where an argument that is not in it stands."""
    event_type, role, start, end = argument
    near = [other for other in others if other[2] < end and start < other[3]]
    if any(other[:2] == argument[:2] for other in near):
        return 'other borders'
    same = [other for other in near if other[2:] == (start, end)]
    if any(other[0] == event_type for other in same):
        return 'another role'
    return 'another type' if same else 'nothing there'


def flat(sets):
    """Returns {(type, role, start, end)} of the {event type: set of (role, start, end)}."""
    return {(event_type,) + node for event_type, nodes in sets.items() for node in nodes}


def measure(gplinker, examples):
    """Returns sums (len(ROWS), 2, 2) of events' and arguments' (common, all), and what arguments were missed, invented.

    The latter are Counters of CAUSES, and of 'all' arguments of gold and of the model.
    """
    sums, missed, invented = np.zeros((len(ROWS), 2, 2)), Counter(), Counter()
    encoded = gplinker.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    for batch in gplinker.extractor().score_windows(encoded, range(len(examples))):
        for k, window, packed, is_last in batch:
            if window.first or not is_last:
                continue
            gold = gold_sets(examples[k])
            found = list(ways(examples[k], window.offsets, packed, gplinker))
            for row, way in enumerate(found):
                sums[row] += overlap(gold, way), overlap(arguments(gold), arguments(way))
            ours, theirs = flat(arguments(found[0])), flat(arguments(gold))
            missed.update(cause_of(argument, ours) for argument in theirs - ours)
            invented.update(cause_of(argument, theirs) for argument in ours - theirs)
            missed['all'] += len(theirs)
            invented['all'] += len(ours)
    return sums, missed, invented


def main():
    options = parser(__doc__, 'gplinker_errors')
    options.add_argument('--model', required=True, metavar='DIR', help='a folder that gplinker train wrote')
    options.add_argument('--which', default='best-event', help='which version (default: %(default)s)')
    options = options.parse_args()
    from gplinker_kit.events import read_examples
    from gplinker_kit.gplinker import GPLinker

    gplinker = GPLinker.load(options.model, options.which)
    examples = read_examples(data_path('fewfc', 'duee_dev.json'), gplinker.schema)
    examples = [example for example in examples if example.events is not None][:None if options.full else 100]
    sums, missed, invented = measure(gplinker, examples)
    f1 = 200 * sums[:, :, 0] / np.maximum(sums[:, :, 1], 1)
    rows = [list(way) + scores for way, scores in zip(ROWS, f1.tolist())]
    header = ['arguments of', 'links of', 'event F1', 'argument F1']
    write_csv(options.output, 'errors', header, rows)
    print(markdown(header, rows))
    causes = [[cause, missed[cause], 100 * missed[cause] / max(1, missed['all']),
               invented[cause], 100 * invented[cause] / max(1, invented['all'])] for cause in CAUSES]
    header = ['in its place', 'missed', '% of gold', 'invented', '% of found']
    write_csv(options.output, 'errors_causes', header, causes)
    print(markdown(header, causes))
    made, (left, right) = figure(10, 3.2, 2)
    names = ['%s, %s' % (of_arguments, of_links) for of_arguments, of_links in ROWS]
    left.barh(names, f1[:, 0], color=COLOURS[0])
    left.set(xlabel='event F1', ylabel='arguments of, links of', xlim=(0, 100))
    for place, (name, key) in enumerate((('% of gold, missed', 2), ('% of found, invented', 4))):
        right.barh([k + 0.4 * place for k in range(len(CAUSES))], [row[key] for row in causes], 0.38,
                   color=COLOURS[place], label=name)
    right.set(yticks=[k + 0.2 for k in range(len(CAUSES))], yticklabels=CAUSES, xlabel='% of arguments')
    right.legend(frameon=False)
    for axis in (left, right):
        axis.invert_yaxis()
    save(made, options.output, 'errors')


if __name__ == '__main__':
    main()
