"""Training without triggers: what events lose when nobody has annotated them.

Claim (kexue.fm/archives/8926): GPLinker needs no triggers, since an event is a clique of arguments like any other.
Measured on FewFC: one model trained with triggers, one on the same sentences without, both scored on the arguments
alone, so that the same is asked of both.

    python -m studies.gplinker_triggers [--full] [--output DIR]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studies import fewfc
from studies.common import COLOURS, figure, markdown, parser, save, write_csv


def without_triggers(events):
    """Returns the events without their triggers; those that consist of nothing else are left out, equal ones are one.

    An event whose arguments are all among another's of its type is left out as well: without a trigger to tell them
    apart the two are no longer two cliques.
    """
    bare = []
    for event in events:
        event = replace(event, trigger=None, score=None, links=())
        if event.arguments:
            bare.append(event)
    keys = [(event.event_type, frozenset((a.role, a.text, a.start) for a in event.arguments)) for event in bare]
    kept = {}
    for event, key in zip(bare, keys):
        if not any(key[0] == other[0] and key[1] < other[1] for other in keys):
            kept.setdefault(key, event)
    return tuple(kept.values())


def strip(examples):
    return [replace(example, events=without_triggers(example.events)) for example in examples]


def score(gplinker, dev):
    """Returns strict (argument F1, event F1), both sides without triggers."""
    from gplinker_kit.events import EventScores

    scores = EventScores()
    for example, found in zip(dev, gplinker.extract([example.text for example in dev])):
        scores.update(without_triggers(example.events), without_triggers(found.events))
    return 100 * scores.argument.f1, 100 * scores.event.f1


def main():
    options = parser(__doc__, 'gplinker_triggers').parse_args()
    from gplinker_kit.recipe import Recipe

    schema, examples, dev, tokenizer = fewfc.corpus()
    seeds, sentences, epochs = ((0, 1, 2), 3000, 8) if options.full else ((0,), 1000, 4)
    chosen = examples[:sentences]
    rows = []
    for name, given in (('with triggers', chosen), ('without triggers', strip(chosen))):
        for seed in seeds:
            gplinker = fewfc.build(schema, tokenizer, seed)
            recipe = Recipe(epochs=epochs, batch_size=16, learning_rate=1e-3, seed=seed)
            fewfc.train(gplinker, given, recipe)
            rows.append([name, seed] + list(score(gplinker, dev)))
            print(rows[-1], flush=True)
    header = ['trained', 'seed', 'argument F1', 'event F1']
    write_csv(options.output, 'triggers', header, rows)
    names = ('with triggers', 'without triggers')
    print(markdown(['trained'] + header[2:], [
        [name] + [fewfc.mean_and_deviation([row[k] for row in rows if row[0] == name]) for k in (2, 3)]
        for name in names]))
    made, axes = figure(8, 3.4, 2)
    for axis, column, title in zip(axes, (2, 3), header[2:]):
        for place, name in enumerate(names):
            values = [row[column] for row in rows if row[0] == name]
            axis.bar(place, np.mean(values), 0.55, color=COLOURS[place], alpha=0.8)
            axis.plot([place] * len(values), values, 'o', ms=4, color='0.15')
        axis.set(xticks=range(2), xticklabels=names, ylabel='strict %s of arguments, dev' % title)
    save(made, options.output, 'triggers')


if __name__ == '__main__':
    main()
