"""Whole models back from the files that `model.save` writes.

Keras finds our classes once this package is imported: on every stack `import gplinker_kit.models` before
`keras.models.load_model(path)` is enough, without custom objects and with Keras 3's safe mode on. (Keras 3 imports no
package but its own while it reads a file, and Keras 2 imports none.) `load_model` is the two in one.
"""

import os

# Their classes are known to Keras once they are imported.
from gplinker_kit import losses as _losses  # noqa: F401
from gplinker_kit import optimizers as _optimizers  # noqa: F401
from gplinker_kit.backend import keras
from gplinker_kit.errors import CheckpointError


def load_model(path, custom_objects=None, compile=True):
    """Reads a model that `model.save` wrote: layers and weights, and if it was compiled losses and optimizer state.

    Arguments: path: `.keras` or `.h5` file. custom_objects: {name: class or function} of the user's own. compile: bool.
    Returns: the Keras model of the stack that runs, which predicts the same to the bit and goes on training.
    Raises: CheckpointError: no such file. What Keras raises for a file of another kind, or one that another stack wrote;
        `models.checkpoint` reads the weights of those.
    """
    if not os.path.exists(path):
        raise CheckpointError('no such file: %s' % os.fspath(path))
    return keras.models.load_model(os.fspath(path), custom_objects=custom_objects, compile=compile)
