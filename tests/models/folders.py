"""Unpacked folders of tiny models, written without building one; safetensors, so that any stack reads them."""

import json

import numpy as np

from gplinker_kit.models.expected_shapes import expected_shapes
from tests.models.tiny import CONFIGS

SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']


def arrays(model, seed=0, **kwargs):
    """Random arrays of a tiny model under their checkpoint names."""
    rng = np.random.RandomState(seed)
    shapes = expected_shapes(model, dict(CONFIGS[model], **kwargs))
    return {name: rng.normal(0, 0.1, shape).astype('float32') for name, shape in shapes.items()}


def write_tensors(path, values):
    from safetensors.numpy import save_file

    save_file(values, str(path))


def write_folder(folder, model, config=None, config_name='bert_config.json', vocabulary=True, **kwargs):
    """Fills `folder` (a pathlib path) with config, checkpoint and vocabulary, and returns it as str.

    config: the keys of the config file, those of the tiny model by default, False for no file.
    """
    given = dict(CONFIGS[model], **kwargs)
    if config is not False:
        (folder / config_name).write_text(json.dumps(given if config is None else config), encoding='utf-8')
    write_tensors(folder / 'model.safetensors', arrays(model, **kwargs))
    if vocabulary:
        tokens = SPECIAL + [chr(0x4E00 + i) for i in range(given['vocab_size'] - len(SPECIAL))]
        (folder / 'vocab.txt').write_text(''.join(token + '\n' for token in tokens), encoding='utf-8')
    return str(folder)


def rewrite(path, **changes):
    """Changes keys of a JSON file."""
    path.write_text(json.dumps(dict(json.loads(path.read_text(encoding='utf-8')), **changes)), encoding='utf-8')
