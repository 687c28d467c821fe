"""One way to an Extractor: from a model folder, run by Keras, or from an exported one, run by onnxruntime.

Importing this module, and loading an ONNX folder, imports no engine.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from gplinker_kit.errors import DataError
from gplinker_kit.events.corpus import find_corpus
from gplinker_kit.events.duee import read_schema
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.export import facts
from gplinker_kit.export.session import OnnxPredictor, import_onnxruntime
from gplinker_kit.files import read_object
from gplinker_kit.hints import AnyPath
from gplinker_kit.model_folder import POINTER, current_version, require_files
from gplinker_kit.settings import Settings
from gplinker_kit.settings_file import check_vocabulary, read_settings
from gplinker_kit.tokenizers import Tokenizer


def load_extractor(
    folder: AnyPath, batch_size: int = 32, policy: Policy | None = None, which: str = POINTER,
    acceleration: Sequence[Any] | None = None,
) -> Extractor:
    """Returns the Extractor of a model folder, or of one that `gplinker export --format onnx` has written.

    Arguments:
        batch_size, policy: as `GPLinker.extractor` takes them. which: the version.
        acceleration: arguments of `backend.accelerate`, or None.
    Raises:
        ValueError: `acceleration` for an exported folder. DataError: neither kind of folder, half of one, a SavedModel,
            or a damaged file. ImportError: onnxruntime or Keras is missing.
    """
    return load_version(current_version(folder, which), batch_size, policy, acceleration)


def load_version(
    version: AnyPath, batch_size: int = 32, policy: Policy | None = None, acceleration: Sequence[Any] | None = None,
) -> Extractor:
    """`load_extractor` of the version at a path."""
    found = facts.read_facts(version)
    if found is not None:
        if acceleration is not None:
            raise ValueError('precision and compiler are chosen when a model is exported: leave the options out for an '
                             'exported folder')
        return _from_onnx(version, found, batch_size, policy)
    from gplinker_kit import backend
    from gplinker_kit.gplinker import GPLinker

    if acceleration is not None:
        backend.accelerate(*acceleration)
    return GPLinker.load_version(version).extractor(policy, batch_size)


def engine_of(version: AnyPath) -> dict[str, str]:
    """Returns {package: version} of what computes the scores of a version, and the `engine`'s name."""
    if facts.read_facts(version) is not None:
        return {'engine': 'onnxruntime', 'onnxruntime': import_onnxruntime().__version__, 'numpy': np.__version__}
    from gplinker_kit import backend

    return dict(backend.versions(), engine=backend.ENGINE)


def _from_onnx(version, found, batch_size, policy):
    if found['format'] != 'onnx':
        raise DataError('a SavedModel, which is for TensorFlow itself; gplinker runs model folders, and what `gplinker '
                        'export --format onnx` writes', version)
    require_files(version, facts.BESIDE + (facts.ONNX_FILE,))
    settings = read_settings(version, Settings)
    tokenizer = Tokenizer(os.path.join(version, 'vocab.txt'), do_lower_case=settings.do_lower_case)
    try:
        check_vocabulary(settings, tokenizer)
    except ValueError as error:
        raise DataError(str(error), version) from error
    thresholds = read_object(os.path.join(version, 'thresholds.json'))
    return Extractor(
        tokenizer,
        read_schema(os.path.join(version, 'schema.json')),
        OnnxPredictor(os.path.join(version, facts.ONNX_FILE)),
        thresholds=Thresholds.from_dict(thresholds),
        policy=find_corpus(settings.corpus).policy if policy is None else policy,
        max_length=settings.max_length,
        batch_size=batch_size,
        length_multiple=None,
        window_stride=settings.window_stride,
    )
