"""`build_transformer_model`: one front door to all models."""

import warnings

from gplinker_kit.errors import hint
from gplinker_kit.models import options
from gplinker_kit.models.bert import BERT
from gplinker_kit.models.gau import GAU_alpha
from gplinker_kit.models.roformer import RoFormer, RoFormerV2
from gplinker_kit.models.transformer import Transformer

MODELS = {
    'bert': BERT,
    'roberta': BERT,
    'roformer': RoFormer,
    'roformer_v2': RoFormerV2,
    'gau_alpha': GAU_alpha,
}


def build_transformer_model(
    config_path=None, checkpoint_path=None, model='bert', application='encoder', return_keras_model=True, **kwargs
):
    """Builds a model from a config file and keyword arguments, and loads a checkpoint into it.

    Arguments:
        config_path: JSON file with the published keys, or None; keyword arguments win over it.
        checkpoint_path: a TensorFlow checkpoint, an unpacked model folder, a safetensors file, {name: array}, or None.
        model: a name of `MODELS`, or a `Transformer` subclass. application: 'encoder'.
        return_keras_model: True for the Keras model, False for the wrapper with `layers`, `apply`, …; its `load_report`
            says what became of each variable of the checkpoint.
        kwargs: arguments of the model's class, see `Transformer` and the class; or their published names.
    Raises:
        ValueError: an unknown model, application or keyword (with the nearest name), a value that cannot be, or a
            missing required one.
        CheckpointError: the checkpoint does not fit; nothing is half-loaded.
    Warns (UserWarning): of a key of the file that looks misspelt (other unknown keys are ignored), of an option that
        the model has no use for, and of variables of the checkpoint's encoder that found no place.
    """
    if str(application).lower() != 'encoder':
        raise ValueError('unknown application %r.%s' % (application, hint(application, ['encoder'])))
    arguments = resolve_config(config_path, model, **kwargs)
    try:
        wrapper = find_model(model)(**arguments)
    except ValueError as error:
        if config_path is None:
            raise
        raise ValueError('%s, with the config %s' % (error, config_path)) from error
    wrapper.build()
    if checkpoint_path is not None:
        wrapper.load_report = wrapper.load_weights_from_checkpoint(checkpoint_path)
        if wrapper.load_report.unused_layers:
            warnings.warn('%s: %s' % (wrapper.load_report.path, wrapper.load_report), stacklevel=2)
    return wrapper.model if return_keras_model else wrapper


def resolve_config(config_path=None, model='bert', **kwargs):
    """Returns the constructor arguments that a config file and keyword arguments amount to, ready to be stored.

    Raises and warns as `build_transformer_model` does of names; values are checked by the constructor.
    """
    cls = find_model(model)
    known = options.known_arguments(cls)
    options.check_options(kwargs, known | options.published_arguments(known), cls.__name__)
    arguments = {} if config_path is None else options.read_config(config_path, known)
    arguments.update(options.to_arguments(kwargs, known))
    for name, default in options.DEFAULTS.items():
        if name in known and arguments.get(name) is None:
            arguments[name] = default
    return arguments


def find_model(model):
    """Returns the class for a registered name (any case) or for a class itself."""
    if isinstance(model, type) and issubclass(model, Transformer):
        return model
    if not isinstance(model, str):
        raise ValueError('model must be a name or a subclass of Transformer. Received: %r' % (model,))
    if model.lower() not in MODELS:
        raise ValueError('unknown model %r.%s' % (model, hint(model.lower(), MODELS)))
    return MODELS[model.lower()]
