"""Training without triggers: what events lose when nobody has annotated them.

Claim (kexue.fm/archives/8926): GPLinker needs no triggers, since an event is a clique of arguments like any other.
Measured on FewFC, in two parts. What the formulation loses: gold events that nothing but their triggers tells apart
cannot be found without them, and are counted first. What the model loses: one trained with triggers and one on the same
sentences without are scored on the arguments alone of the events that remain, each at thresholds tuned on one half of
dev and scored on the other. Policy: events contained in others are dropped, arguments without links are kept.

    python -m studies.gplinker_triggers [--full] [--output DIR]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studies import fewfc
from studies.common import COLOURS, figure, markdown, parser, save, write_csv

SCORES = ('argument F1 at 0', 'event F1 at 0', 'tuned argument F1', 'tuned event F1')


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


def lost(examples):
    """Returns (gold events, those of triggers alone, those equal to or contained in another one without triggers)."""
    total = sum(len(example.events) for example in examples)
    alone = sum(not event.arguments for example in examples for event in example.events)
    return total, alone, total - alone - sum(len(example.events) for example in strip(examples))


def score(gplinker, dev, policy):
    """Returns the strict EventScores of both sides without triggers."""
    from gplinker_kit.events import EventScores

    scores = EventScores()
    found = gplinker.extract([example.text for example in dev], policy=policy)
    for example, extraction in zip(dev, found):
        scores.update(without_triggers(example.events), without_triggers(extraction.events))
    return scores


def measure(gplinker, dev, with_triggers):
    """Returns the model's values of SCORES, percentages; each half of dev is scored at the other's thresholds."""
    from gplinker_kit.events import EventScores, Policy, Thresholds
    from gplinker_kit.thresholds import tune_thresholds

    policy = Policy(unlinked='keep', contained='drop')
    plain = score(gplinker, dev, policy)
    halves, tuned = (dev[::2], dev[1::2]), EventScores()
    for own, other in (halves, halves[::-1]):
        tune_thresholds(gplinker, own if with_triggers else strip(own), policy=policy)
        tuned.merge(score(gplinker, other, policy))
    gplinker.thresholds = Thresholds()
    return [100 * f1 for f1 in (plain.argument.f1, plain.event.f1, tuned.argument.f1, tuned.event.f1)]


def main():
    options = parser(__doc__, 'gplinker_triggers').parse_args()
    from gplinker_kit.recipe import Recipe

    schema, examples, dev, tokenizer = fewfc.corpus()
    counts = [[name] + list(lost(part)) for name, part in (('dev', dev), ('train', examples))]
    header = ['corpus', 'gold events', 'triggers alone', 'equal or contained without triggers']
    print(markdown(header, counts), '\n')
    write_csv(options.output, 'triggers_lost', header, counts)
    seeds, sentences, epochs = ((0, 1, 2), 3000, 8) if options.full else ((0,), 1000, 4)
    chosen = examples[:sentences]
    rows = []
    for name, given in (('with triggers', chosen), ('without triggers', strip(chosen))):
        for seed in seeds:
            gplinker = fewfc.build(schema, tokenizer, seed)
            recipe = Recipe(epochs=epochs, batch_size=16, learning_rate=1e-3, seed=seed)
            fewfc.train(gplinker, given, recipe)
            rows.append([name, seed] + measure(gplinker, dev, given is chosen))
            print(rows[-1], flush=True)
    header = ['trained', 'seed'] + list(SCORES)
    write_csv(options.output, 'triggers', header, rows)
    names = ('with triggers', 'without triggers')
    print(markdown(['trained'] + header[2:], [
        [name] + [fewfc.mean_and_deviation([row[k] for row in rows if row[0] == name]) for k in range(2, len(header))]
        for name in names]))
    made, axes = figure(8, 3.4, 2)
    for axis, column in zip(axes, (4, 5)):
        for place, name in enumerate(names):
            values = [row[column] for row in rows if row[0] == name]
            axis.bar(place, np.mean(values), 0.55, color=COLOURS[place], alpha=0.8)
            axis.plot([place] * len(values), values, 'o', ms=4, color='0.15')
        axis.set(xticks=range(2), xticklabels=names, ylabel='%s, arguments alone, dev' % header[column])
    save(made, options.output, 'triggers')


if __name__ == '__main__':
    main()
