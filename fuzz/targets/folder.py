"""Pointers of a model folder, its config.json, and the state of a training."""

import json
import os
import struct
from dataclasses import dataclass

from fuzz.targets.files import cases
from gplinker_kit import model_folder, settings_file, state_file


@dataclass
class Settings:
    """As the settings of a model: some with a default, some without."""

    encoder: dict
    max_length: int = 128


def _pointer(data, folder):
    os.makedirs(os.path.join(folder, 'versions', '1'), exist_ok=True)
    with open(os.path.join(folder, 'current'), 'wb') as stream:
        stream.write(data)
    model_folder.pointed(folder)
    found = model_folder.current_version(folder)
    home = os.path.join(os.path.realpath(folder), 'versions')
    if os.path.dirname(os.path.realpath(found)) != home:
        raise RuntimeError('the pointer leads out of the model folder: %s' % found)


def _settings(data, folder):
    with open(os.path.join(folder, 'config.json'), 'wb') as stream:
        stream.write(data)
    settings_file.read_settings(folder, Settings)


def _state(data, folder):
    with open(state_file.state_path(folder), 'wb') as stream:
        stream.write(data)
    state_file.read_facts(folder)
    state_file.read_arrays(folder)


RUNS = (_pointer, _pointer, _settings, _state)


def seeds():
    config = {'gplinker_kit': '0.1.0', 'written_with': {}, 'settings': {'encoder': {'vocab_size': 9}, 'max_length': 8}}
    header = json.dumps({'__metadata__': {'state': json.dumps({'counts': {'w': 1}, 'epoch': 1})},
                         'w/0': {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}}).encode()
    header += b' ' * (-len(header) % 8)
    return cases([b'1\n', b'../../x', json.dumps(config).encode(), struct.pack('<Q', len(header)) + header + bytes(4)])


def run(data, folder):
    RUNS[(data[0] if data else 0) % len(RUNS)](data[1:], folder)
