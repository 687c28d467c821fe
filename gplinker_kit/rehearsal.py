"""What a training will take, told by a few of its steps before hours are spent."""

from __future__ import annotations

import os
import shutil
import sys
import time

import numpy as np

from gplinker_kit.distillation import training_items
from gplinker_kit.events.batches import make_batch
from gplinker_kit.fitting import compile_model, encode, epoch_batches, train_step

MIB = 2**20
STEPS = 3  # a shape, the first of which compiles and is not counted


def rehearsal(gplinker, train_examples, dev_examples, recipe, folder, teacher=None, unlabelled=()):
    """Checks data, model, memory and disk, and changes nothing.

    Steps are made on the widest batch, for the memory, and on one of median width, for the time; then the weights are
    as they were. The widest dev batch is predicted.

    Arguments: as `train` has them; folder: the model folder to be.
    Returns: lines that say what an epoch and the whole take, the memory, and the room on the disk.
    Raises: ValueError: no labelled example, a recipe that the corpus does not allow. What a step raises: too little
        memory, above all.
    """
    recipe.check_corpus(gplinker.corpus)
    items, report, teaching = training_items(gplinker, train_examples, recipe, teacher, unlabelled)
    items = items if teaching is None else items + teaching.items
    longest, random = gplinker.settings.max_length, np.random.RandomState(recipe.seed)
    batches = sorted(epoch_batches(items, recipe, longest, random), key=lambda batch: batch[1])
    weights = gplinker.model.get_weights()
    model = compile_model(gplinker, recipe, len(batches) * recipe.epochs)
    try:
        (widest, _), (usual, told) = (
            _seconds(model, items, batch, teaching) for batch in (batches[-1], batches[len(batches) // 2]))
    finally:
        gplinker.model.set_weights(weights)
    epoch = usual * len(batches)
    lines = [
        'training texts: %s' % report,
        '%d batches an epoch, %d to %d tokens wide; a step takes %.3g s, on the widest %.3g s' % (
            len(batches), batches[0][1], batches[-1][1], usual, widest),
    ]
    dev_items, dev_report = encode(gplinker, dev_examples, recipe.occurrences)
    if dev_items:
        lines.insert(1, 'dev texts: %s' % dev_report)
        inputs, width = _widest(dev_items, recipe.batch_size)
        start = time.time()
        gplinker.predict(*inputs)
        lines.append('%d dev texts, up to %d tokens long, predicted in %.3g s' % (
            len(inputs[0]), width, time.time() - start))
    if teaching is not None:
        lines.append('the teacher takes about %s for all training texts, once' % duration(told * len(batches)))
    lines.append('an epoch takes about %s, %d of them %s; scoring the dev sentences comes on top' % (
        duration(epoch), recipe.epochs, duration(epoch * recipe.epochs)))
    peak = peak_memory()
    if peak is not None:
        lines.append('memory so far: at most %d MiB of this process (a GPU has its own)' % (peak / MIB))
    lines.append(_disk(sum(weight.nbytes for weight in weights), recipe, folder))
    return lines


def duration(seconds):
    """Returns a time as '2 h 5 min', '12 min' or '40 s'."""
    minutes = int(round(seconds / 60))
    if minutes >= 60:
        return '%d h %d min' % divmod(minutes, 60)
    return '%d min' % minutes if minutes else '%d s' % round(seconds)


def peak_memory():
    """Returns the most bytes of memory that this process has held, or None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def _seconds(model, items, batch, teaching):
    """Returns the least seconds of a step on a batch, compilation aside, and those in which a teacher tells of it."""
    members, width = batch
    chosen, told = [items[i] for i in members], []
    for _ in range(2 if teaching is not None else 0):
        start = time.time()
        taught = teaching(chosen)
        told.append(time.time() - start)
    inputs, targets = make_batch(taught if told else chosen, width)
    found = []
    for _ in range(STEPS):
        start = time.time()
        train_step(model, inputs, targets)
        found.append(time.time() - start)
    return min(found[1:]), min(told, default=0.0)


def _widest(items, count):
    members = sorted(items, key=lambda item: -len(item[0]))[:count]
    width = len(members[0][0])
    return make_batch(members, width)[0], width


def _disk(weights, recipe, folder):
    """Compares what the folder will hold with the room there is."""
    # Versions: the best two, the newest two, the one before. The state: weights, two slots, an average, a sum of
    # gradients; twice while the next one is written.
    needed = 5 * weights + 2 * (3 + (recipe.ema is not None) + (recipe.accumulate > 1)) * weights
    there = os.path.abspath(folder)
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    room = shutil.disk_usage(there).free
    line = 'disk: the folder will hold up to %d MiB, and there is room for %d' % (needed / MIB, room / MIB)
    return line if room > needed else line + ': TOO LITTLE'
