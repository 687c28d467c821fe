"""The folder that a pretraining leaves: a published model's files, and beside them the state of the training."""

from __future__ import annotations

import os
import shutil

from gplinker_kit.errors import DataError
from gplinker_kit.files import atomic_path, write_json
from gplinker_kit.state_file import FILE

CONFIG, VOCABULARY, WEIGHTS = 'bert_config.json', 'vocab.txt', 'model.safetensors'
# Options of a training, and nothing that the weights depend on.
LEFT_OUT = ('recompute', 'packed', 'layers', 'name', 'prefix', 'sequence_length')


def check_folder(path):
    """Raises a DataError where `path` can hold no pretraining, before hours are spent; makes it where there is none."""
    if os.path.exists(path):
        if not os.path.isdir(path):
            raise DataError('--output is a file; expected a folder', path)
        own = (CONFIG, VOCABULARY, WEIGHTS, FILE, 'bad_batch.npz')
        foreign = [name for name in os.listdir(path) if name.lstrip('.').split('.')[0] not in
                   {each.split('.')[0] for each in own}]
        if foreign:
            raise DataError('--output holds something else (%s); name an empty or new folder' % foreign[0], path)
    os.makedirs(path, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise DataError('--output cannot be written', path)


def write_description(folder, model, config, vocabulary):
    """Writes the config file, and copies the vocabulary file into the folder."""
    kept = {name: value for name, value in config.items() if value is not None and name not in LEFT_OUT}
    name = str(model).lower()
    kept['model_type'] = 'bert' if name == 'roberta' else name  # what configs call it
    write_json(os.path.join(folder, CONFIG), kept)
    target = os.path.join(folder, VOCABULARY)
    if not os.path.exists(target) or not os.path.samefile(vocabulary, target):
        with atomic_path(target) as temporary:
            shutil.copyfile(vocabulary, temporary)


def write_weights(folder, wrapper):
    """Writes the weights, head included, in one step."""
    wrapper.save_weights_as_checkpoint(os.path.join(folder, WEIGHTS))
