"""Whole models back from the files that `model.save` writes.

Keras finds our classes once this package is imported: on every stack `import gplinker_kit.models` before
`keras.models.load_model(path)` is enough, without custom objects and with Keras 3's safe mode on. (Keras 3 imports no
package but its own while it reads a file, and Keras 2 imports none.) `load_model` is the two in one, and on tf.keras
of TF 1.15 it also reads models that were compiled with several losses of ours.
"""

import json
import os
import zipfile

# Their classes are known to Keras once they are imported.
from gplinker_kit import losses as _losses  # noqa: F401
from gplinker_kit import optimizers as _optimizers  # noqa: F401
from gplinker_kit.backend import STACK, keras
from gplinker_kit.errors import CheckpointError
from gplinker_kit.models.checkpoint.source import is_hdf5


def load_model(path, custom_objects=None, compile=True):
    """Reads a model that `model.save` wrote: layers and weights, and if it was compiled losses and optimizer state.

    Arguments: path: `.keras` or `.h5` file. custom_objects: {name: class or function} of one's own. compile: bool.
    Returns: the Keras model of the stack that runs; its weights are the same to the bit, and it goes on training.
    Raises: CheckpointError: no such file, a damaged one, or one of the other Keras: Keras 3 reads whole models from
        `.keras` alone (what it writes as `.h5` it does not read back where tokens are masked), Keras 2 from `.h5`.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise CheckpointError('no such file: %s' % path)
    if not is_hdf5(path) and not zipfile.is_zipfile(path):
        raise CheckpointError('%s: neither a whole .keras nor a whole .h5 file; it may be truncated' % path)
    if (STACK == 'keras3') != zipfile.is_zipfile(path):
        wanted = '.keras of Keras 3' if STACK == 'keras3' else '.h5 of Keras 2'
        raise CheckpointError(
            '%s: whole models are read here from files %s. Build the model and give this file as checkpoint_path of '
            'build_transformer_model, which reads the weights of both' % (path, wanted)
        )
    try:
        return _load(path, custom_objects, compile)
    except OSError as error:  # of h5py, whose file is damaged
        raise CheckpointError('%s cannot be read: %s' % (path, error)) from error


def _load(path, custom_objects, compile):
    if STACK == 'tf_keras' and compile:
        training, weights = read_training(path)
        if has_several_losses(training):
            model = keras.models.load_model(path, custom_objects=custom_objects, compile=False)
            with keras.utils.custom_object_scope(custom_objects or {}):
                compile_again(model, training, weights)
            return model
    return keras.models.load_model(path, custom_objects=custom_objects, compile=compile)


def read_training(path):
    """Returns (what a model of Keras 2 was compiled with, or None, and the arrays of its optimizer)."""
    import h5py

    with h5py.File(path, 'r') as stream:
        training, group = stream.attrs.get('training_config'), stream.get('optimizer_weights')
        names = [] if group is None else [_text(name) for name in group.attrs['weight_names']]
        return None if training is None else json.loads(_text(training)), [group[name][()] for name in names]


def has_several_losses(training):
    """Whether a list or dict of losses has one with a configuration, which tf.keras of TF 1.15 would take to pieces."""
    loss = None if training is None else training['loss']
    if not isinstance(loss, (list, dict)) or 'class_name' in loss:
        return False
    return any(isinstance(each, dict) for each in (loss.values() if isinstance(loss, dict) else loss))


def compile_again(model, training, weights):
    """Compiles a model of tf.keras as its file says, and gives its optimizer the arrays `weights`."""
    def loss_of(config):
        return keras.losses.deserialize(config) if isinstance(config, dict) else config

    given = training['loss']
    named = {name: loss_of(each) for name, each in given.items()} if isinstance(given, dict) else None
    model.compile(
        keras.optimizers.deserialize(training['optimizer_config']),
        loss=named or [loss_of(each) for each in given],
        metrics=training['metrics'],
        weighted_metrics=training.get('weighted_metrics'),
        loss_weights=training['loss_weights'],
        sample_weight_mode=training['sample_weight_mode'],
    )
    if weights:
        model._make_train_function()  # the optimizer's variables exist from then on
        model.optimizer.set_weights(weights)


def _text(value):
    return value.decode('utf-8') if isinstance(value, bytes) else value
