"""A short training of a tiny model as `accelerate` is told, in a process of its own.

    python -m tests.backend.accelerated '{"xla": "auto"}' OUT.npz

prints what became of the request as JSON.
"""

import json
import os
import sys

import numpy as np

from gplinker_kit.backend import STACK, Model, accelerate, compile_options, set_random_seed
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models.heads import event_pointers
from gplinker_kit.optimizers import Adam
from tests.models.tiny import batch, build, randomise

LABELS = 3
SIZE, LENGTH = 3, 8


def targets(size, length, seed):
    """Golds (b, 2, 3) of each of the three heads; the last text has none."""
    rng = np.random.RandomState(seed)
    made = []
    for labels in (LABELS, 1, 1):
        start = rng.randint(0, 3, (size, 2))
        cells = np.stack([rng.randint(0, labels, (size, 2)), start, start + rng.randint(0, 2, (size, 2))], -1)
        cells[-1] = -1
        made.append(cells.astype('int32'))
    return made


def train(steps=3):
    """Returns (losses, predictions of the last batch, the compiled model)."""
    set_random_seed(0)
    encoder = build('roformer_v2', dropout_rate=0.0, attention_dropout_rate=0.0)
    model = Model(encoder.inputs, event_pointers(encoder.output, LABELS, 8))
    randomise(model, scale=0.2)
    losses = [factorised_pointer_crossentropy(labels) for labels in (LABELS, 1, 1)]
    model.compile(loss=losses, optimizer=Adam(0.01, global_clipnorm=1.0), **compile_options())
    found = []
    for step in range(steps):
        inputs = batch(SIZE, LENGTH, seed=step)
        found.append(float(np.ravel(model.train_on_batch(inputs, targets(SIZE, LENGTH, step)))[0]))
    return found, [np.asarray(scores) for scores in model.predict_on_batch(inputs)], model


def facts(model):
    """What was set, as the stack itself says it."""
    kind = type(model.optimizer).__name__
    if STACK == 'keras3':
        from gplinker_kit.backend import keras

        return {'policy': keras.config.dtype_policy().name, 'optimizer': kind, 'jit': bool(model.jit_compile)}
    from tensorflow.python.keras.backend import get_session

    rewrites = get_session()._config.graph_options.rewrite_options
    return {'rewrites': rewrites.auto_mixed_precision, 'optimizer': kind,
            'weights': [w.name.split('/')[-1] for w in model.optimizer.weights[:3]]}


def main():
    accelerate(**json.loads(sys.argv[1]))
    losses, scores, model = train()
    again = None
    try:
        accelerate(loss_scale=7)
    except ValueError as error:
        again = str(error)
    np.savez(sys.argv[2], losses=losses, **{'scores%d' % k: each for k, each in enumerate(scores)})
    print(json.dumps(dict(facts(model), flags=os.environ.get('TF_XLA_FLAGS'), again=again)))


if __name__ == '__main__':
    main()
