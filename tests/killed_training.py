"""Trains and goes on where it was killed; a program for tests/test_killed_training.py.

    python -m tests.killed_training

Everything is imported once. Then each line on standard input, a model folder to begin with and another one to train
into, starts a child that trains. Printed are its process number, `step` before each of its steps, and `dead` or `done`
when it has ended. The network is the stand-in of tests/endless_training.py, which is the same in every child.
"""

import os
import signal
import sys

from gplinker_kit import fitting, resumption
from gplinker_kit.model_folder import current_version
from gplinker_kit.recipe import Recipe
from gplinker_kit.training import train
from tests.corpus import sentences
from tests.endless_training import Network, StandIn

EXAMPLES, STEPS = sentences(20)[1], 4  # an epoch
RECIPE = Recipe(epochs=30, batch_size=5, ema=0.9, exchange=0.5)


def announced(*arguments, train_step=fitting.train_step):
    os.write(1, b'step\n')  # at once: `print` may write the end of the line by itself, too late for one that is killed
    return train_step(*arguments)


def main():
    fitting.train_step = announced
    resumption.read_state, resumption.write_state = Network.state, Network.restore
    for line in sys.stdin:
        start, folder = line.split()
        child = os.fork()
        if not child:
            signal.alarm(300)  # should the test die
            train(StandIn(current_version(start)), EXAMPLES, EXAMPLES[:4], RECIPE, save_to=folder,
                  log=lambda line: None, progress=False, tune=None, resume=True, state_every=0)
            os._exit(0)
        print(child, flush=True)
        status = os.waitpid(child, 0)[1]
        print('done' if status == 0 else 'dead', flush=True)


if __name__ == '__main__':
    main()
