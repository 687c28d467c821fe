"""The settings of a saved model: a dataclass with `encoder`, `max_length` and more, as `config.json` of a version."""

from __future__ import annotations

import os
from dataclasses import asdict, fields

from gplinker_kit import __version__
from gplinker_kit.errors import DataError, check_keywords
from gplinker_kit.files import read_json, write_json

FILE = 'config.json'


def write_settings(folder, settings):
    """Writes a dataclass of settings, and what wrote it."""
    from gplinker_kit.backend import versions  # here, as settings can be read without an engine

    config = {'gplinker_kit': __version__, 'written_with': versions(), 'settings': asdict(settings)}
    write_json(os.path.join(folder, FILE), config)


def read_values(folder):
    """Reads settings as they stand in the file, {name: value}. Raises: DataError: the file holds something else."""
    path = os.path.join(folder, FILE)
    config = read_json(path)
    settings = config.get('settings') if isinstance(config, dict) else None
    if not isinstance(settings, dict) or not isinstance(settings.get('encoder', {}), dict):
        raise DataError("expected an object under the key 'settings', with one under 'encoder'", path)
    return settings


def read_settings(folder, cls):
    """Reads settings of the dataclass `cls`. Raises: DataError: the file holds something else, an unknown setting."""
    settings = read_values(folder)
    try:
        check_keywords(settings, [f.name for f in fields(cls)], 'Settings')
        return cls(**settings)
    except (TypeError, ValueError) as error:  # a setting that is missing is a TypeError
        raise DataError(str(error), os.path.join(folder, FILE)) from error


def check_vocabulary(settings, tokenizer):
    """Raises a ValueError for a vocabulary that does not fit the encoder's token table."""
    rows = settings.encoder.get('vocab_size')
    if rows is None or tokenizer._vocab_size != rows:
        raise ValueError(
            'the vocabulary has %d tokens and the encoder (vocab_size) %s rows; they belong to different models'
            % (tokenizer._vocab_size, rows)
        )
    if tokenizer._token_dict.get('[PAD]') != 0:
        raise ValueError("the vocabulary's first token must be '[PAD]': id 0 is padding, which is masked")


def check_positions(settings, encoder):
    """Raises a ValueError for a `max_length` beyond the positions of an encoder (its wrapper)."""
    table = encoder.layers.get('Embedding-Position')
    if table is not None and settings.max_length > table.input_dim:
        raise ValueError(
            'max_length is %d, but the encoder has only %d positions (max_position_embeddings)'
            % (settings.max_length, table.input_dim)
        )
