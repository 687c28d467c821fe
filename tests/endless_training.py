"""Trains into a model folder, over and over, until it is killed; a program for tests/test_killed_training.py.

    python -m tests.endless_training FOLDER

Everything is imported once. Then each line on standard input starts a child that trains; its process number is printed,
and, when it has died, a line `dead`. All of the training is real but for the network: a stand-in holds the weights of
the version that the folder has, adds noise at every step and predicts noise, so that a version is written every few
milliseconds and not every few seconds.
"""

import os
import signal
import sys
from types import SimpleNamespace

import numpy as np
from safetensors.numpy import load_file

from gplinker_kit import resumption
from gplinker_kit.events import read_schema
from gplinker_kit.events.policy import Thresholds
from gplinker_kit.files import read_json
from gplinker_kit.gplinker import GPLinker, Settings
from gplinker_kit.model_folder import current_version
from gplinker_kit.recipe import Recipe
from gplinker_kit.tokenizers import Tokenizer
from gplinker_kit.training import train
from tests.corpus import VOCAB, sentences


class Network:
    """Stands for a Keras model with two inputs and the pointers' three outputs."""

    inputs = (None, None)

    def __init__(self, path, labels):
        arrays = load_file(path)
        names = sorted(arrays, key=lambda name: (name.rsplit('.', 1)[0], int(name.rsplit('.', 1)[1])))
        self.names, self.labels, self.random = names, labels, np.random.RandomState(0)
        self.set_weights([arrays[name] for name in names])

    def get_weights(self):
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights):
        self.weights = list(weights)
        found = {}
        for name, weight in zip(self.names, self.weights):
            found.setdefault(name.rsplit('.', 1)[0], []).append(weight)
        self.layers = [SimpleNamespace(name=name, weights=own, get_weights=lambda own=own: own)
                       for name, own in found.items()]

    def state(self):
        """What `backend.training_state.read_state` reads of a Keras model."""
        kind, keys, *rest = self.random.get_state()
        return {'weights': self.get_weights(), 'random': [keys, np.array(rest)]}

    def restore(self, arrays):
        """The counterpart of `write_state`."""
        self.set_weights(arrays['weights'])
        keys, (position, has_gauss, cached) = arrays['random']
        self.random.set_state(('MT19937', keys, int(position), int(has_gauss), cached))

    def compile(self, **options):
        """Keras wants it."""

    def train_on_batch(self, inputs, targets):
        self.set_weights([w + self.random.normal(0, 1e-3, w.shape).astype('float32') for w in self.weights])
        return 1.0

    def predict_on_batch(self, inputs):
        b, n = inputs[0].shape
        return [self.random.normal(-4, 2, (b, n, n + 2 * labels)).astype('float32') for labels in (self.labels, 1, 1)]


class StandIn(GPLinker):
    """A GPLinker around a Network."""

    def __init__(self, version):
        settings = read_json(os.path.join(version, 'config.json'))['settings']
        self.schema, self.examples = read_schema(os.path.join(version, 'schema.json')), sentences(2)[1]
        self.settings, self.tokenizer = Settings(**settings), Tokenizer(VOCAB, do_lower_case=True)
        self.thresholds, self.threshold_curves, self.history, self.link_labels = Thresholds(), None, [], 1
        self.load_report = None
        self.model = Network(os.path.join(version, 'weights.safetensors'), len(self.schema))
        self.encoder = self.model


def endless(folder):
    """Each training writes its first epoch, and at its end its best ones, or the last, with tuned thresholds."""
    resumption.read_state, resumption.write_state = Network.state, Network.restore
    gplinker = StandIn(current_version(folder))
    examples, recipe = gplinker.examples, Recipe(epochs=2, batch_size=2)
    while True:
        train(gplinker, examples, examples, recipe, save_to=folder, log=lambda line: None, progress=False)


def main(folder):
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(120)  # should the test die
            endless(folder)
        print(child, flush=True)
        os.waitpid(child, 0)
        print('dead', flush=True)


if __name__ == '__main__':
    main(sys.argv[1])
