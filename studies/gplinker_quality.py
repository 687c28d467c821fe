"""What raises the quality of a GPLinker that is trained from scratch on FewFC: one change at a time.

Every run trains the same small model by the same recipe, but for the change that names it, and is scored after its last
epoch on the dev sentences: at thresholds 0, and at thresholds tuned on one half of them and scored on the other. A
change is tried with one seed; those in THRICE with three, and the exchange in longer trainings, too. Each run leaves a
JSON file, so that a study that was stopped goes on where it was; table and picture show all runs that there are.

    python -m studies.gplinker_quality [--full] [--only VARIANT ...] [--seeds N ...] [--output DIR]
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace

import numpy as np

from studies import fewfc
from studies.augment import draw_by_label, hide_tokens
from studies.common import COLOURS, figure, markdown, parser, save, write_csv
from studies.masked import warm_start

BASE = {'size': 'tiny', 'sentences': 7171, 'epochs': 10, 'batch_size': 16, 'learning_rate': 1e-3, 'dropout': 0.1,
        'hidden': 0.0, 'exchanged': 0.0, 'by_label': False, 'typed_links': False, 'head_size': 64, 'warm_start': 0,
        'ema': 0.998}
VARIANTS = {
    'base': {},
    'dropout 0.05': {'dropout': 0.05},
    'dropout 0.2': {'dropout': 0.2},
    '15% of tokens hidden': {'hidden': 0.15},
    'exchange 0.3': {'exchanged': 0.3},
    'sentences drawn by label': {'by_label': True},
    'typed links': {'typed_links': True},
    'pointers 128 wide': {'head_size': 128},
    'warm start': {'warm_start': 6},
    'batches of 8': {'batch_size': 8},
    'learning rate 2e-3': {'learning_rate': 2e-3},
    '16 epochs': {'epochs': 16},
    '16 epochs and exchange 0.3': {'epochs': 16, 'exchanged': 0.3},
}
# Run with three seeds; the others with one.
THRICE = ('base', 'exchange 0.3', 'typed links', 'batches of 8', '16 epochs', '16 epochs and exchange 0.3')
AGAINST = {'16 epochs and exchange 0.3': '16 epochs'}  # what a change is compared with, if not the base
QUICK = 1600, 300  # sentences to train on and of dev, without --full
QUICK_VARIANTS = ('base', 'exchange 0.3', 'typed links', 'batches of 8')
AVERAGED = 'base, average of weights'  # another reading of the base's runs, at tuned thresholds only
SCORES = ('argument', 'event', 'official', 'tuned argument', 'tuned event')


def measure(gplinker, dev):
    """Returns the dev scores of a model's weights as they are, percentages; its thresholds are tuned afterwards."""
    from gplinker_kit.events import Thresholds
    from gplinker_kit.thresholds import tune_thresholds
    from gplinker_kit.training import evaluate

    gplinker.thresholds = Thresholds()
    scores = evaluate(gplinker, dev)
    event, argument = tune_thresholds(gplinker, dev).crossfitted
    found = (scores.argument.f1, scores.event.f1, scores.official.f1, argument.f1, event.f1)
    return dict(zip(SCORES, (100 * f1 for f1 in found)))


def run(values, seed, data, averaged=False):
    """Trains one model and returns the scores of its last weights, and if `averaged` those of their average too."""
    from gplinker_kit.averaging import WeightAverage
    from gplinker_kit.events.exchange import argument_pool, exchange_arguments
    from gplinker_kit.fitting import compile_model, encode, epoch_batches, run_epoch
    from gplinker_kit.recipe import Recipe

    schema, examples, dev, tokenizer = data
    started = time.time()
    gplinker = fewfc.build(schema, tokenizer, seed, values['size'], values['dropout'],
                           head_size=values['head_size'], typed_links=values['typed_links'])
    recipe = Recipe(epochs=values['epochs'], batch_size=values['batch_size'], learning_rate=values['learning_rate'],
                    seed=seed)
    items, _ = encode(gplinker, examples[:values['sentences']])
    random, longest = np.random.RandomState(seed), gplinker.settings.max_length
    pool = argument_pool(items, schema) if values['exchanged'] else None
    mask, special = tokenizer._token_dict['[MASK]'], [tokenizer._token_start_id, tokenizer._token_end_id]
    warm = []
    if values['warm_start']:
        warm = warm_start(gplinker, items, replace(recipe, epochs=values['warm_start']), mask, special)
    compile_model(gplinker, recipe, -(-len(items) // recipe.batch_size) * recipe.epochs)
    average = WeightAverage(gplinker.model, values['ema'])
    losses = []
    for number in range(recipe.epochs):
        shown = draw_by_label(items, random) if values['by_label'] else items
        if values['exchanged']:
            shown = [exchange_arguments(item, pool, values['exchanged'], longest, random) for item in shown]
        if values['hidden']:
            shown = hide_tokens(shown, values['hidden'], mask, special, random)
        batches = epoch_batches(shown, recipe, longest, random)
        losses.append(run_epoch(gplinker.model, shown, batches, 'epoch %d' % (number + 1),
                                after_step=lambda done, total: average.step()))
    seconds = time.time() - started
    found = {'last': measure(gplinker, dev), 'losses': losses, 'warm losses': warm, 'train seconds': seconds}
    if averaged:
        with average.applied():
            found['average'] = measure(gplinker, dev)
    return found


def runs_in(folder):
    """Returns [(variant, seed, what `run` returned)] of a folder, in the order of `VARIANTS`."""
    found = []
    for name in VARIANTS:
        for seed in range(100):
            path = os.path.join(folder, file_name(name, seed))
            if os.path.exists(path):
                with open(path, encoding='utf-8') as stream:
                    found.append((name, seed, json.load(stream)))
    return found


def file_name(name, seed):
    return '%s-%d.json' % (name.replace(' ', '_').replace('%', ''), seed)


def report(runs, folder):
    """Writes quality.csv and quality.png and prints the table."""
    rows = []
    for name, seed, found in runs:
        readings = {name: 'last', AVERAGED: 'average'} if name == 'base' else {name: 'last'}
        for title, weights in readings.items():
            scores = [found[weights][score] if weights == 'last' or score.startswith('tuned') else None
                      for score in SCORES]
            rows.append([title, seed] + scores + [found['train seconds']])
    rows.sort(key=lambda row: (0 if row[0] == 'base' else 1 if row[0] == AVERAGED else 2))
    write_csv(folder, 'quality', ['change', 'seed'] + list(SCORES) + ['train seconds'], rows)
    names = list(dict.fromkeys(row[0] for row in rows))
    groups = {name: [row[2:] for row in rows if row[0] == name] for name in names}
    print(markdown(['change', 'seeds'] + list(SCORES) + ['train seconds'], [
        [name, len(group)] + [fewfc.mean_and_deviation(column) for column in zip(*group)]
        for name, group in groups.items()]))
    by_run = {(row[0], row[1]): row for row in rows}
    tuned = [2 + SCORES.index(score) for score in ('tuned argument', 'tuned event')]
    for name, seed in by_run:
        other = AGAINST.get(name, 'base')
        if name != other and (other, seed) in by_run:
            print('%s, seed %d, against the %s of that seed: tuned argument %+.2f, tuned event %+.2f' % (
                (name, seed, other) + tuple(by_run[name, seed][k] - by_run[other, seed][k] for k in tuned)))
    made, axes = figure(10, 0.9 + 0.42 * len(names), 2)
    for axis, title in zip(axes, ('argument', 'event')):
        for place, group in enumerate(groups.values()):
            values = [row[SCORES.index('tuned ' + title)] for row in group]
            axis.plot(values, [place] * len(values), 'o', color=COLOURS[0], alpha=0.6)
            axis.plot([np.mean(values)], [place], '|', ms=16, mew=2, color=COLOURS[1])
        axis.set(yticks=range(len(names)), yticklabels=names if axis is axes[0] else [],
                 xlabel='strict %s F1, dev, cross-fitted thresholds' % title)
        axis.invert_yaxis()
    save(made, folder, 'quality')


def main():
    options = parser(__doc__, 'gplinker_quality')
    options.add_argument('--only', nargs='+', metavar='VARIANT', choices=list(VARIANTS),
                         help='default: all with --full, else: %s' % ', '.join(QUICK_VARIANTS))
    options.add_argument('--seeds', nargs='+', type=int, metavar='N',
                         help='default: 0; with --full 0 1 2 for: %s' % ', '.join(THRICE))
    options = options.parse_args()
    from gplinker_kit.files import read_json, write_json

    base = dict(BASE) if options.full else dict(BASE, sentences=QUICK[0], epochs=5)
    folder = os.path.join(options.output, 'runs' if options.full else 'quick')
    os.makedirs(folder, exist_ok=True)
    schema, train, dev, tokenizer = fewfc.corpus()
    data = schema, train, dev if options.full else dev[:QUICK[1]], tokenizer
    for name in options.only or (VARIANTS if options.full else QUICK_VARIANTS):
        values = dict(base, **VARIANTS[name])
        for seed in options.seeds or ((0, 1, 2) if options.full and name in THRICE else (0,)):
            path = os.path.join(folder, file_name(name, seed))
            if not os.path.exists(path):
                write_json(path, dict(run(values, seed, data, name == 'base'), options=values))
            elif dict(base, **read_json(path)['options']) != values:
                raise SystemExit('%s was made with other options; remove it to run it again' % path)
            print(name, seed, read_json(path)['last'], flush=True)
    report(runs_in(folder), options.output)


if __name__ == '__main__':
    main()
