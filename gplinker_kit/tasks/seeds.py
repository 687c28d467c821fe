"""A task trained several times, each with random numbers of its own, and what came of it: `results.json`."""

from __future__ import annotations

import os
from dataclasses import asdict, replace

from gplinker_kit.backend import STACK, keras, set_random_seed
from gplinker_kit.clue.table import Result, mean_and_spread
from gplinker_kit.clue.tasks import find_task
from gplinker_kit.errors import DataError
from gplinker_kit.files import read_json, write_json
from gplinker_kit.tasks.training import train

FILE = 'results.json'


def seed_folder(folder, seed):
    """Returns the model folder of a seed."""
    return os.path.join(os.fspath(folder), 'seed-%d' % seed)


def train_seeds(make, examples, dev_examples, recipe, seeds, folder, name, log, **options):
    """Trains a task once for each seed, each in a model folder of its own, and writes `results.json`.

    On TF 1.15 each training begins a new graph: models that were made before can no longer be used.

    Arguments:
        make: function without arguments -> TaskModel. examples, dev_examples: functions of it -> lists of examples.
        recipe: TaskRecipe; its seed is replaced. seeds: integers, all different. folder: where the folders and the
            file of results go. name: what tables call the model. log: function of one line. options: of `train`.
    Returns:
        (Result, the seed whose best epoch is the best, the first of equals).
    Raises:
        ValueError: no seed, or one that comes twice; else as `train`.
    """
    seeds = list(seeds)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError('seeds must be integers, each once, got %r' % (seeds,))
    found, task = {}, None
    for seed in seeds:
        if len(seeds) > 1:
            log('seed %d' % seed)
        if STACK != 'keras3':
            keras.backend.clear_session()
        set_random_seed(seed)
        model = make()
        task = model.task
        history = train(model, examples(model), dev_examples(model), replace(recipe, seed=seed),
                        save_to=seed_folder(folder, seed), log=log, **options)
        best = max(history, key=lambda entry: entry['dev'][task.metric])  # the first one of equals
        found[seed] = dict(best['dev'], epoch=best['epoch'], seconds=sum(entry['seconds'] for entry in history))
        write_json(os.path.join(os.fspath(folder), FILE), {
            'model': name, 'task': task.name, 'split': 'dev', 'metric': task.metric, 'recipe': asdict(recipe),
            'seeds': {str(number): scores for number, scores in found.items()},
        })
    values = {seed: scores[task.metric] for seed, scores in found.items()}
    log('dev %s' % describe(task.metric, values.values()))
    return Result(name, 'dev', task.name, tuple(values.values())), max(values, key=values.get)


def describe(metric, values):
    """Returns such as 'accuracy 56.12 ± 0.30, 3 seeds'."""
    values = list(values)
    mean, spread = mean_and_spread(values)
    if spread is None:
        return '%s %.2f' % (metric, 100 * mean)
    return '%s %.2f ± %.2f, %d seeds' % (metric, 100 * mean, 100 * spread, len(values))


def read_results(folder):
    """Returns the Result of a folder of `train_seeds`. Raises: DataError: it has none, or what is none."""
    path = os.path.join(os.fspath(folder), FILE)
    results = read_json(path)
    try:
        task = find_task(results['task'])
        values = tuple(float(scores[task.metric]) for scores in results['seeds'].values())
        return Result(str(results['model']), results['split'], task.name, values)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError('these are no results of `gplinker clue` (%s)' % error, path) from error
