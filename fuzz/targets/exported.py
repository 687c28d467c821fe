"""Folders of `gplinker export --format onnx`: one file of a whole folder is a case's, and a text is extracted."""

import functools
import json
import os

from fuzz.targets.files import cases
from gplinker_kit.events.policy import Policy
from gplinker_kit.events.schema import Schema
from gplinker_kit.export.facts import BESIDE, FILE, INPUTS, ONNX_FILE, OUTPUTS
from gplinker_kit.loading import load_version

SCHEMA = Schema({'收购': ['甲方', ('状态', ['完成', '计划'])]})
POLICY = Policy(max_seconds=0.5)  # thresholds of a case may let everything through
TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '甲', '收', '购')
# The files of a folder, the network and the facts twice as often.
FILES = (FILE, ONNX_FILE) + BESIDE + (FILE, ONNX_FILE)


def network(where=None):
    """Returns the bytes of an ONNX file: three outputs (b, n, n + w), negative products of ids, so nothing is found.

    where: the file in which the numbers of the last one lie, or None for the file itself.
    """
    from onnx import TensorProto, helper

    nodes, shapes = [helper.make_node('Cast', ['token_ids'], ['x'], to=TensorProto.FLOAT),
                     helper.make_node('Unsqueeze', ['x', 'last'], ['column']),
                     helper.make_node('Neg', ['x'], ['negative']),
                     helper.make_node('Unsqueeze', ['negative', 'middle'], ['row']),
                     helper.make_node('MatMul', ['column', 'row'], ['square'])], []
    weights = [helper.make_tensor('last', TensorProto.INT64, [1], [2]),
               helper.make_tensor('middle', TensorProto.INT64, [1], [1])]
    for name, width in zip(OUTPUTS, (2 * len(SCHEMA), 2, 2)):
        weights.append(helper.make_tensor(name + '_w', TensorProto.FLOAT, [1, width], [0.0] * width))
        nodes += [helper.make_node('MatMul', ['column', name + '_w'], [name + '_c']),
                  helper.make_node('Concat', ['square', name + '_c'], [name], axis=2)]
        shapes.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ['b', 'n', None]))
    if where is not None:
        weights[-1].ClearField('float_data')
        weights[-1].data_location = TensorProto.EXTERNAL
        for key, value in (('location', where), ('offset', '0'), ('length', '8')):
            weights[-1].external_data.add(key=key, value=value)
    graph = helper.make_graph(nodes, 'g', [helper.make_tensor_value_info(name, TensorProto.INT32, ['b', 'n'])
                                           for name in INPUTS[:1]], shapes, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8).SerializeToString()


@functools.lru_cache(maxsize=None)
def whole():
    """Returns {name: bytes} of the files of a folder."""
    settings = {'model': 'roformer_v2', 'encoder': {'vocab_size': len(TOKENS)}, 'head_size': 8, 'max_length': 16,
                'window_stride': 7, 'do_lower_case': True, 'typed_links': False, 'corpus': 'duee'}
    values = {
        FILE: {'format': 'onnx', 'int8': False, 'inputs': list(INPUTS[:1]), 'outputs': list(OUTPUTS)},
        'config.json': {'gplinker_kit': '0.1.0', 'written_with': {}, 'settings': settings},
        'thresholds.json': {'arguments': 0.5, 'heads': [0.0], 'tails': 0.0},
    }
    files = {name: json.dumps(value).encode() for name, value in values.items()}
    files['schema.json'] = '\n'.join(json.dumps(line) for line in SCHEMA.to_lines()).encode()
    files['vocab.txt'] = '\n'.join(TOKENS).encode('utf-8')
    files[ONNX_FILE] = network()
    return files


@functools.lru_cache(maxsize=None)
def seeds():
    import onnxruntime  # noqa: F401

    outside = [bytes([FILES.index(ONNX_FILE)]) + network(where)
               for where in ('../outside.bin', '/etc/hostname', ONNX_FILE)]
    return cases([whole()[name] for name in FILES]) + outside


def run(data, folder):
    name = FILES[(data[0] if data else 0) % len(FILES)]
    for each, content in whole().items():
        path = os.path.join(folder, each)
        if each == name or not os.path.exists(path) or os.path.getsize(path) != len(content) or _changed(folder, each):
            with open(path, 'wb') as stream:
                stream.write(data[1:] if each == name else content)
    with open(os.path.join(folder, 'last'), 'w') as stream:
        stream.write(name)
    load_version(folder, policy=POLICY).extract(['甲收购' * 8, ''])


def _changed(folder, name):
    """Whether the case before has left another content in a file."""
    try:
        with open(os.path.join(folder, 'last')) as stream:
            return stream.read() == name
    except FileNotFoundError:
        return True
