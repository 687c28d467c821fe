"""Trainings of a tiny GPLinker over the processes of Horovod, for tests/test_horovod.py.

    horovodrun -np 2 python -m tests.distributed_training FOLDER

Each process writes what `trained`, `adversarial` and `stopped` return to FOLDER/RANK.npz.
"""

import os
import signal
import sys

import numpy as np

from gplinker_kit import fitting, training
from gplinker_kit.backend import distribute, workers
from gplinker_kit.processes import extract_in_shares
from gplinker_kit.recipe import Recipe
from gplinker_kit.training import train
from tests.backend import spread
from tests.corpus import sentences, tiny_gplinker

# Two batches of five texts an epoch: an odd number, whatever is shared by two. The clipping acts.
RECIPE = Recipe(epochs=2, batch_size=5, accumulate=2, learning_rate=2e-3, clipnorm=0.3, length_multiple=64)
SIZES = (3, 1, 5)  # of batches of a smaller model
DROPPING = Recipe(epochs=2, batch_size=5, learning_rate=2e-3, length_multiple=64, ema=0.9, exchange=0.5)
PLAIN, DROPOUT = ({'dropout_rate': rate, 'attention_dropout_rate': rate} for rate in (0.0, 0.3))


def silent(line):
    """A log that nobody reads."""


def named(prefix, arrays):
    return {'%s/%d' % (prefix, k): np.asarray(array) for k, array in enumerate(arrays)}


def fresh(schema, dropout=PLAIN):
    return tiny_gplinker(schema, workers().own_seed(1), **dropout)


def trained():
    """Four steps of `train`: {name: array} of losses, first and last weights."""
    schema, examples = sentences(10)
    gplinker = fresh(schema)
    first = gplinker.model.get_weights()
    history = train(gplinker, examples, recipe=RECIPE, log=silent, progress=False)
    found = {'losses': np.array([entry['loss'] for entry in history])}
    return dict(found, **named('first', first), **named('weights', gplinker.model.get_weights()))


def adversarial():
    """Steps on a perturbed table, with the penalty on its gradient: both take the gradient of the whole batch."""
    return {'adversarial/' + name: array for name, array in spread.trained(SIZES, adversarial=True).items()}


def stopped(folder):
    """With dropout: a training, and one that the last rank is asked to stop in the middle of and that goes on then."""
    schema, examples = sentences(10)
    found, step = {}, fitting.train_step

    def run(name, **options):
        gplinker = fresh(schema, DROPOUT)
        history = train(gplinker, examples, (), DROPPING, os.path.join(folder, name), silent, progress=False, **options)
        return gplinker, history

    gplinker, history = run('whole')
    found.update(named('whole', gplinker.model.get_weights()), whole_losses=[entry['loss'] for entry in history])
    count = []

    def signalling(*arguments):
        loss = step(*arguments)
        count.append(loss)
        if len(count) == 3 and workers().rank == workers().processes - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    fitting.train_step = signalling
    try:
        run('stopped')
    except KeyboardInterrupt:
        found['steps_before_the_stop'] = len(count)
    fitting.train_step = step
    gplinker, history = run('stopped', resume=True)
    found.update(named('resumed', gplinker.model.get_weights()), resumed_losses=[entry['loss'] for entry in history])
    extract, texts = gplinker.extractor().extract, [example.text for example in examples[:3]]
    found['shares_are_all'] = extract_in_shares(extract, texts) == extract(texts)
    try:
        training.check_alike({'texts': workers().rank, 'recipe': 0})
    except ValueError as error:
        found['unlike'] = str(error)
    try:
        workers().from_chief(lambda: [].pop())
    except (IndexError, ValueError) as error:
        found['failed'] = '%s: %s' % (type(error).__name__, error)
    return found


def main(folder):
    team = distribute('horovod')
    found = dict(trained(), **adversarial())
    found.update(stopped(folder), parts=team.parts)
    np.savez(os.path.join(folder, '%d.npz' % team.rank), **found)


if __name__ == '__main__':
    main(*sys.argv[1:])
