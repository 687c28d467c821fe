"""Whole models back from the files that `model.save` writes.

Keras finds our classes once this package is imported: on every stack `import gplinker_kit.models` before
`keras.models.load_model(path)` is enough, without custom objects and with Keras 3's safe mode on. (Keras 3 imports no
package but its own while it reads a file, and Keras 2 imports none.) `load_model` is the two in one.
"""

import os
import zipfile

# Their classes are known to Keras once they are imported.
from gplinker_kit import losses as _losses  # noqa: F401
from gplinker_kit import optimizers as _optimizers  # noqa: F401
from gplinker_kit.backend import STACK, keras
from gplinker_kit.errors import CheckpointError


def load_model(path, custom_objects=None, compile=True):
    """Reads a model that `model.save` wrote: layers and weights, and if it was compiled losses and optimizer state.

    Arguments: path: `.keras` or `.h5` file. custom_objects: {name: class or function} of one's own. compile: bool.
    Returns: the Keras model of the stack that runs, which predicts the same to the bit and goes on training.
    Raises: CheckpointError: no such file, or one of the other Keras: Keras 3 reads whole models from `.keras` alone
        (what it writes as `.h5` it does not read back where tokens are masked), Keras 2 from `.h5`.
    """
    path = os.fspath(path)
    if not os.path.exists(path):
        raise CheckpointError('no such file: %s' % path)
    if (STACK == 'keras3') != zipfile.is_zipfile(path):
        wanted = '.keras of Keras 3' if STACK == 'keras3' else '.h5 of Keras 2'
        raise CheckpointError(
            '%s: whole models are read here from files %s. Build the model and give this file as checkpoint_path of '
            'build_transformer_model, which reads the weights of both' % (path, wanted)
        )
    return keras.models.load_model(path, custom_objects=custom_objects, compile=compile)
