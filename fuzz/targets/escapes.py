"""Names of files in files: the index of a checkpoint in parts must not lead out of its folder."""

import json
import os

from fuzz.targets.checkpoint import packed
from gplinker_kit.models.checkpoint.source import open_checkpoint

HERE = b'@HERE@'  # stands for the path of the folder that must not be left
INDEX = 'model.safetensors.index.json'


def seeds():
    maps = [{'outside': '../outside.safetensors', 'a': 'part.safetensors'},
            {'outside': '@HERE@/outside.safetensors', 'a': './part.safetensors'},
            {'outside': 'inner/../../outside.safetensors'}, {'outside': 'link/outside.safetensors'},
            {'a': 'part.safetensors', 'b': INDEX}, {'outside': '..\\outside.safetensors', 'a': 'part.safetensors\0'},
            {'outside': '..'}, {'outside': '.'}, {'outside': ''}, {'a': 'part.safetensors'}]
    return [json.dumps({'metadata': {}, 'weight_map': one}).encode() for one in maps]


def run(data, folder):
    inner = os.path.join(folder, 'model')
    if not os.path.isdir(inner):
        os.makedirs(os.path.join(inner, 'inner'))
        os.symlink('..', os.path.join(inner, 'link'))
        for path, name in ((folder, 'outside'), (inner, 'a')):
            content = packed({name: {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}}, 4)
            with open(os.path.join(path, 'outside.safetensors' if name == 'outside' else 'part.safetensors'),
                      'wb') as stream:
                stream.write(content)
    path = os.path.join(inner, INDEX)
    with open(path, 'wb') as stream:
        stream.write(data.replace(HERE, folder.encode()))
    checkpoint = open_checkpoint(path)
    if 'outside' in checkpoint.shapes:
        raise RuntimeError('the index leads out of its folder')
    for name in checkpoint.shapes:
        checkpoint.get(name)
