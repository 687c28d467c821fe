"""Variants of the benchmark of tasks: `python -m benchmarks.tasks_ours VARIANT OPTIONS`. Options: task."""

from __future__ import annotations

import functools
import time

import numpy as np

from benchmarks import fewfc, tasks
from benchmarks.gplinker_ours import versions
from benchmarks.processes import serve

EXAMPLES, BATCH, STEPS = 256, 8, 2


def made_for(options):
    """Returns (TaskModel with random weights, training examples)."""
    from gplinker_kit import backend
    from gplinker_kit.clue.tasks import find_task
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size
    from gplinker_kit.tasks import TaskModel, TaskSettings

    backend.set_random_seed(0)
    task, tokenizer = options['task'], fewfc.tokenizer()
    encoder = resolve_config(None, 'roformer_v2', **dict(named_size('tiny'), vocab_size=tokenizer._vocab_size))
    made = TaskModel(TaskSettings(task, find_task(task).recipe.max_length, 'roformer_v2', encoder), tokenizer)
    return made, made.read(tasks.folder(task), 'train')[:64 if options['quick'] else EXAMPLES]


def facts(made, examples, items):
    return {'versions': versions(), 'examples': len(examples), 'items': len(items),
            'tokens': int(sum(made.kind.length(item) for item in items))}


def encode(together, options):
    """Examples/s from texts to items."""
    made, examples = made_for(options)

    def run():
        if together:
            return made.encode(examples)[0]
        return [item for example in examples for item in made.encode([example])[0]]

    items = run()
    yield facts(made, examples, items)
    while True:
        started = time.perf_counter()
        run()
        yield len(examples) / (time.perf_counter() - started)


def train(by_length, options):
    """Rows/s of training: the same rows in batches of similar length, or in their order and padded to the most."""
    from gplinker_kit.backend import compile_options
    from gplinker_kit.fitting import length_multiple, train_step
    from gplinker_kit.tasks.recipe import task_recipe

    made, examples = made_for(options)
    items = made.encode(examples)[0]
    made.model.compile(loss=made.kind.loss(), optimizer=task_recipe('adamw', options['task']).make_optimizer(
        made.model, 1000), **compile_options())
    lengths = np.array([made.kind.length(item) for item in items])
    order = np.argsort(lengths, kind='stable') if by_length else np.random.RandomState(0).permutation(len(items))
    batches = [order[at:at + BATCH].tolist() for at in range(0, len(items) - BATCH + 1, BATCH)]
    batches = batches[::max(1, len(batches) // STEPS)][:STEPS]
    ready = []
    for members in batches:
        width = made.settings.max_length
        if by_length:
            multiple = length_multiple()
            width = min(width, -(-int(lengths[members].max()) // multiple) * multiple)
        ready.append(made.batch([items[place] for place in members], width))
    for inputs, targets in ready:
        train_step(made.model, inputs, targets)
    yield facts(made, examples, items)
    while True:
        started = time.perf_counter()
        for inputs, targets in ready:
            train_step(made.model, inputs, targets)
        yield sum(map(len, batches)) / (time.perf_counter() - started)


VARIANTS = {
    'encode_together': functools.partial(encode, True),
    'encode_one_by_one': functools.partial(encode, False),
    'train_by_length': functools.partial(train, True),
    'train_padded': functools.partial(train, False),
}

if __name__ == '__main__':
    serve(VARIANTS)
