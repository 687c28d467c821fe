"""What the events of a trained GPLinker die of: its arguments or its links.

Events are decoded once more with the model's arguments and gold's links, and the other way round; the difference to the
events as they are is what better links, or better arguments, could give. "all" links everything of a type with
everything. Every row is decoded from scores of the same form by the same policy. Missed and wrong arguments are sorted
by what stands in their place. Texts that do not fit one window are left out.

    python -m studies.gplinker_errors --model DIR [--full] [--output DIR]
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from studies.common import COLOURS, data_path, figure, markdown, parser, save, write_csv
from studies.gplinker_ceiling import arguments, as_nodes, gold_sets, overlap

ROWS = (('model', 'model'), ('model', 'all'), ('model', 'gold'), ('gold', 'model'), ('gold', 'all'), ('gold', 'gold'))
CAUSES = ('other borders', 'another role', 'another type', 'nothing like it')


def certain(cells, labels, n):
    """Returns packed scores (n, n + 2 labels) that are above 0 at cells (label, start, end), as far as factors can.

    They can where no label has one cell's start and another cell's end while a third label has just that cell.
    """
    packed = np.full((n, n + 2 * labels), -9, np.float32)
    label, start, end = cells.T
    packed[start, end] = packed[start, n + label] = packed[end, n + labels + label] = 1
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
    from gplinker_kit.events.labels import align
    from gplinker_kit.events.policy import RECOMMENDED
    from gplinker_kit.events.reading import link_labels

    schema, tuned, n = gplinker.schema, gplinker.thresholds, len(packed[0])
    labels = link_labels(packed[1], packed[2], schema)
    targets = align(example.events, offsets, schema, text=example.text, typed_links=labels > 1)
    spans = {'model': packed[:1], 'gold': [certain(targets.arguments, len(schema), n)]}
    links = {'model': packed[1:], 'all': [np.ones((n, n + 2 * labels), np.float32)] * 2,
             'gold': [certain(cells, labels, n) for cells in (targets.heads, targets.tails)]}
    for of_arguments, of_links in ROWS:
        thresholds = Thresholds(tuned.arguments if of_arguments == 'model' else 0.0,
                                *((tuned.heads, tuned.tails) if of_links == 'model' else ()))
        window = 0, offsets, list(spans[of_arguments]) + list(links[of_links])
        yield as_sets(decode_windows(example.text, [window], schema, thresholds, RECOMMENDED).events)


def cause_of(argument, others):
    """Says which of `others`, (type, role, start, end) each, stands in the place of an argument."""
    event_type, role, start, end = argument
    near = [other for other in others if other[2] < end and start < other[3]]
    if any(other[:2] == argument[:2] for other in near):
        return 'other borders'
    same = [other for other in near if other[2:] == (start, end)]
    if any(other[0] == event_type for other in same):
        return 'another role'
    return 'another type' if same else 'nothing like it'


def flat(sets):
    """Returns {(type, role, start, end)} of the {event type: set of (role, start, end)}."""
    return {(event_type,) + node for event_type, nodes in sets.items() for node in nodes}


def measure(gplinker, examples):
    """Returns sums (len(ROWS), 2, 2) of events' and arguments' (common, all), and Counters of missed, wrong arguments.

    The latter count CAUSES, and 'all' arguments of gold and of the model. In the place of a missed argument stands only
    what is wrong, and in that of a wrong one only what was missed.
    """
    sums, missed, wrong = np.zeros((len(ROWS), 2, 2)), Counter(), Counter()
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
            missed.update(cause_of(argument, ours - theirs) for argument in theirs - ours)
            wrong.update(cause_of(argument, theirs - ours) for argument in ours - theirs)
            missed['all'] += len(theirs)
            wrong['all'] += len(ours)
    return sums, missed, wrong


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
    sums, missed, wrong = measure(gplinker, examples)
    f1 = 200 * sums[:, :, 0] / np.maximum(sums[:, :, 1], 1)
    rows = [list(way) + scores for way, scores in zip(ROWS, f1.tolist())]
    header = ['arguments of', 'links of', 'event F1', 'argument F1']
    write_csv(options.output, 'errors', header, rows)
    print(markdown(header, rows))
    causes = [[cause, missed[cause], 100 * missed[cause] / max(1, missed['all']),
               wrong[cause], 100 * wrong[cause] / max(1, wrong['all'])] for cause in CAUSES]
    header = ['in its place', 'missed', '% of gold', 'wrong', '% of found']
    write_csv(options.output, 'errors_causes', header, causes)
    print(markdown(header, causes))
    made, (left, right) = figure(10, 3.2, 2)
    names = ['%s, %s' % (of_arguments, of_links) for of_arguments, of_links in ROWS]
    left.barh(names, f1[:, 0], color=COLOURS[0])
    left.set(xlabel='event F1', ylabel='arguments of, links of', xlim=(0, 100))
    for place, (name, key) in enumerate((('% of gold, missed', 2), ('% of found, wrong', 4))):
        right.barh([k + 0.4 * place for k in range(len(CAUSES))], [row[key] for row in causes], 0.38,
                   color=COLOURS[place], label=name)
    right.set(yticks=[k + 0.2 for k in range(len(CAUSES))], yticklabels=CAUSES, xlabel='% of arguments')
    right.legend(frameon=False)
    for axis in (left, right):
        axis.invert_yaxis()
    save(made, options.output, 'errors')


if __name__ == '__main__':
    main()
