"""Checkpoints that the library reads by itself: safetensors, the index of one in parts, config files of models."""

import json
import struct

from fuzz.targets.files import cases, read
from gplinker_kit.models import options
from gplinker_kit.models.checkpoint.safetensors_file import read_safetensors
from gplinker_kit.models.checkpoint.source import open_checkpoint


def _tensors(path):
    shapes, get = read_safetensors(path)
    for name in shapes:
        get(name)


READERS = (_tensors, _tensors, open_checkpoint, options.read_published)


def packed(header, size):
    """Returns a file of safetensors: a header, JSON or bytes, and so many zeros."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack('<Q', len(text)) + text + bytes(size)


def seeds():
    header = {'__metadata__': {'format': 'pt'}, 'a': {'dtype': 'F32', 'shape': [2, 1], 'data_offsets': [0, 8]},
              'b': {'dtype': 'BF16', 'shape': [2], 'data_offsets': [8, 12]}}
    empty = {'a': {'dtype': 'F32', 'shape': [0, 3], 'data_offsets': [0, 0]}}
    index = {'metadata': {}, 'weight_map': {'a': '../../x.safetensors', 'b': 'case.safetensors.index.json'}}
    config = {'model_type': 'gptj', 'n_embd': 8, 'n_head': 2, 'hidden_act': 'gelu', 'rotary_pct': 0.5,
              'rope_scaling': {'type': 'linear', 'factor': 2}}
    return cases([packed(header, 12), packed(empty, 0), json.dumps(index).encode(), json.dumps(config).encode()])


def run(data, folder):
    read(READERS, data, folder, 'case.safetensors' + ('.index.json' if data and data[0] % len(READERS) == 2 else ''))
