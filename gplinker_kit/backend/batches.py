"""Data in the form that `fit` and `predict` of the running Keras take: batches of a Python generator, and tf.data.

Keras 2 wants a pair from a generator, and several inputs as a list. Keras 3 wants tuples throughout and no targets that
are None. On TensorFlow it also learns from the first two batches which axes vary, and refuses a later batch that
differs on another one: two batches that happen to be equally long would end the training. Hence arrays whose `shape`
does not tell.
"""

import numpy as np

from gplinker_kit.backend.stack import STACK, keras

_OPENED = STACK == 'keras3' and keras.backend.backend() == 'tensorflow'


class _OpenArray(np.ndarray):
    """An array that hides its sizes from Python code; an axis of size 1 stays, since losses look whether it is there.

    What reads the memory (TensorFlow, numpy) sees the true shape.
    """

    @property
    def shape(self):
        return tuple(size if size == 1 else None for size in np.ndarray.shape.__get__(self))


def fit_batch(batch):
    """Returns `(inputs, targets)` or `(inputs, targets, weights)` as `fit` takes it from a generator."""
    paired = isinstance(batch, (tuple, list)) and 1 < len(batch) < 4
    inputs, rest = (batch[0], tuple(batch[1:])) if paired else (batch, (None,))
    if STACK != 'keras3':
        return (_listed(inputs),) + rest
    if all(part is None for part in rest):
        return predict_batch(inputs)
    return (_tupled(inputs),) + tuple(_tupled(_only(part)) for part in rest)


def predict_batch(inputs):
    """Returns `inputs` as `predict` takes them from a generator."""
    return (_tupled(inputs),) if STACK == 'keras3' else _listed(inputs)


def _only(part):
    # Keras 3 does not look a single output's target up by its name.
    return next(iter(part.values())) if isinstance(part, dict) and len(part) == 1 else part


def _listed(inputs):
    return list(inputs) if isinstance(inputs, tuple) else inputs


def _tupled(part):
    if isinstance(part, dict):
        return {name: _tupled(inner) for name, inner in part.items()}
    if isinstance(part, (tuple, list)):
        return tuple(_tupled(inner) for inner in part)
    return part.view(_OpenArray) if _OPENED and isinstance(part, np.ndarray) else part


def dataset_of_samples(samples, types, shapes, batch_size, padded):
    """Returns the tf.data.Dataset that batches what the function `samples` yields; `padded` pads up to `shapes`.

    Raises: RuntimeError on the other backends of Keras 3.
    """
    if STACK == 'keras3' and not _OPENED:
        raise RuntimeError(
            'to_dataset makes a tf.data.Dataset, which is for TensorFlow; Keras 3 runs on %s. '
            'Use model.fit(generator.forfit(), steps_per_epoch=len(generator)) instead' % keras.backend.backend()
        )
    import tensorflow as tf

    if padded:
        dataset = tf.data.Dataset.from_generator(samples, types).padded_batch(batch_size, shapes)
    else:
        dataset = tf.data.Dataset.from_generator(samples, types, shapes).batch(batch_size)
    if STACK == 'keras3' and isinstance(types, tuple):
        return dataset.map(lambda inputs, *rest: (inputs,) + tuple(_only(part) for part in rest))
    return dataset
