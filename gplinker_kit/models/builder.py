"""`build_transformer_model`: one front door to all models."""

from __future__ import annotations

import os
import warnings
from typing import Any

from gplinker_kit.errors import check_keywords, hint
from gplinker_kit.hints import AnyPath
from gplinker_kit.models import options, pretrained_folder
from gplinker_kit.models.masks import APPLICATIONS
from gplinker_kit.models.presets import find_preset
from gplinker_kit.models.registry import MODELS, find_model


class DefaultName(str):
    """A model's name that nobody has chosen: what a folder says of itself comes before it."""


BERT_BY_DEFAULT = DefaultName('bert')


def build_transformer_model(
    config_path: AnyPath | None = None, checkpoint_path: Any = None, model: Any = BERT_BY_DEFAULT,
    application: str = 'encoder', return_keras_model: bool = True, preset: str | None = None, **kwargs: Any,
) -> Any:
    """Builds a model from a config file and keyword arguments, and loads a checkpoint into it.

    Arguments:
        config_path: JSON file with the published keys, or None; keyword arguments win over it.
        checkpoint_path: a checkpoint in any format that `checkpoint.open_checkpoint` reads, an unpacked model folder,
            {name: array}, or None. Of a folder the config file is read too, unless `config_path` or keyword arguments
            give all sizes; it, or else the checkpoint, also tells the model then, unless `model` does.
        model: a name of `MODELS`, or a `Transformer` subclass.
        application: 'encoder'; 'lm', every token sees what stands before it; 'unilm', segment 0 sees itself and segment
            1 what stands before it. The latter two predict tokens (with_mlm).
        return_keras_model: True for the Keras model, False for the wrapper with `layers`, `apply`, …; its `load_report`
            says what became of each variable of the checkpoint.
        preset: a name of `presets.PRESETS`, which gives model and config. What a config file says has to agree with it,
            but for dropout, where the file counts.
        kwargs: arguments of the model's class, see `Transformer` and the class, or their published names; and those of
            `Transformer.build`: attention_caches, layer_norm_cond, additional_input_layers, …
    Raises:
        ValueError: an unknown model, preset, application or keyword (with the nearest name), a value that cannot be, a
            missing required one, or a `model` that is not the preset's.
        CheckpointError: the checkpoint does not fit, and why; nothing is half-loaded. A file that a folder lacks; a
            config file that contradicts the preset.
    Warns (UserWarning): of a key of the file that looks misspelt (other unknown keys are ignored), of an option that
        the model has no use for, and of variables of the checkpoint's encoder that found no place.
    """
    name = str(application).lower()
    if name not in APPLICATIONS:
        raise ValueError('unknown application %r.%s' % (application, hint(name, APPLICATIONS)))
    preset = None if preset is None else find_preset(preset)
    config_path, checkpoint_path, model = find_pretrained(config_path, checkpoint_path, model, preset, kwargs)
    cls = APPLICATIONS[name](find_model(model))
    arguments = resolve_config(config_path, model, preset, **kwargs)
    own = options.known_arguments(cls, ['__init__'])
    try:
        wrapper = cls(**{key: value for key, value in arguments.items() if key in own})
    except ValueError as error:
        if config_path is None:
            raise
        raise ValueError('%s, with the config %s' % (error, config_path)) from error
    wrapper.build(**arguments)
    if checkpoint_path is not None:
        wrapper.load_report = wrapper.load_weights_from_checkpoint(checkpoint_path)
        if wrapper.load_report.unused_layers:
            warnings.warn('%s: %s' % (wrapper.load_report.path, wrapper.load_report), stacklevel=2)
    return wrapper.model if return_keras_model else wrapper


def find_pretrained(config_path, checkpoint_path, model, preset, keywords):
    """What a preset and a folder say: (config path, checkpoint, model), those given where they say nothing.

    Raises: as `build_transformer_model` does of presets and folders.
    """
    cls, chosen = find_model(model), None if isinstance(model, DefaultName) else model
    if preset is not None and chosen is not None and not issubclass(cls, MODELS[preset.model]):
        raise ValueError('model=%r contradicts preset=%r, which is model=%r' % (chosen, preset.name, preset.model))
    if chosen is None and preset is not None:
        model = chosen = preset.model
    if config_path is not None:
        if preset is not None:
            pretrained_folder.check_preset(preset, config_path)
        return config_path, checkpoint_path, model
    is_path, sized = isinstance(checkpoint_path, (str, os.PathLike)), set(options.REQUIRED) <= set(keywords)
    if is_path and (preset is not None or not sized and os.path.isdir(checkpoint_path)):
        name = chosen.lower() if isinstance(chosen, str) else chosen and cls.__name__
        found = pretrained_folder.open_folder(checkpoint_path, preset, name)
        return found.config_path, found.source, found.model if chosen is None else chosen
    return config_path, checkpoint_path, model


def resolve_config(config_path=None, model='bert', preset=None, **kwargs):
    """Returns the arguments that a preset, a config file and keyword arguments amount to, ready to be stored.

    Keyword arguments win over the file, and the file over the `Preset`. Raises and warns as `build_transformer_model`
    does of names; values are checked by the constructor.
    """
    cls = find_model(model)
    known = options.known_arguments(cls)
    check_keywords(kwargs, known | options.published_arguments(known), cls.__name__)
    arguments = {} if preset is None else options.to_arguments(preset.config, known)
    if config_path is not None:
        name = str(model).lower() if isinstance(model, str) else None
        arguments.update(options.read_config(config_path, known, name))
    arguments.update(options.to_arguments(kwargs, known))
    for name, default in dict(options.DEFAULTS, **getattr(cls, 'DEFAULTS', {})).items():
        if name in known and arguments.get(name) is None:
            arguments[name] = default
    return arguments
