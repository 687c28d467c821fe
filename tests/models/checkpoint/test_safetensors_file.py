"""The safetensors reader and writer against the safetensors package."""

import json
import struct

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors import numpy as package

from gplinker_kit.errors import CheckpointError
from gplinker_kit.models.checkpoint import open_checkpoint
from gplinker_kit.models.checkpoint.safetensors_file import read_safetensors, write_safetensors

RANDOM = np.random.RandomState(0)
ARRAYS = {
    'table': RANDOM.normal(size=(5, 8)).astype('float32'),
    'half': RANDOM.normal(size=(3,)).astype('float16'),
    'double': RANDOM.normal(size=(2, 1, 2)),
    'whole': RANDOM.randint(-9, 9, (2, 2)),
    'flags': np.array([True, False, True]),
    'scalar': np.float32(3.5),
    'none': np.zeros((0, 4), 'float32'),
    'special': np.float32([np.inf, -np.inf, np.nan, -0.0, 1e-45]),
    'turned': RANDOM.normal(size=(4, 3)).astype('float32').T,
    'größe': np.uint8([1, 2]),
}
CONTIGUOUS = {name: np.array(value, order='C') for name, value in ARRAYS.items()}


@pytest.mark.parametrize('metadata', [None, {'format': 'pt'}])
def test_both_read_what_the_other_writes(metadata, tmp_path):
    ours, theirs = str(tmp_path / 'ours.safetensors'), str(tmp_path / 'theirs.safetensors')
    write_safetensors(ours, ARRAYS, metadata)
    package.save_file(CONTIGUOUS, theirs, metadata)
    found = package.load_file(ours)
    shapes, read = read_safetensors(theirs)
    assert set(found) == set(shapes) == set(ARRAYS)
    for name, value in CONTIGUOUS.items():
        for array in (found[name], read(name)):
            assert array.dtype == value.dtype and array.shape == value.shape == shapes[name]
            assert array.tobytes() == value.tobytes(), name


def test_bfloat16_is_read_exactly(tmp_path):
    values = [1.0, -2.5, 3.140625, 1e38, 2.0**-126, float('inf'), -0.0]
    bits = np.array([struct.unpack('<I', struct.pack('<f', value))[0] >> 16 for value in values], '<u2')
    header = json.dumps({'x': {'dtype': 'BF16', 'shape': [7, 1], 'data_offsets': [0, 14]}}).encode()
    path = tmp_path / 'x.safetensors'
    path.write_bytes(struct.pack('<Q', len(header)) + header + bits.tobytes())
    array = read_safetensors(str(path))[1]('x')
    assert array.dtype == 'float32' and array.shape == (7, 1)
    kept = [struct.unpack('<f', struct.pack('<I', int(b) << 16))[0] for b in bits]
    assert array.ravel().tolist() == kept and kept[:3] == values[:3]


def test_what_is_wrong_is_one_error_with_all_of_it(tmp_path):
    entries = {
        'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 4]},
        'b': {'dtype': 'F8_E4M3', 'shape': [2], 'data_offsets': [8, 10]},
        'c': {'dtype': 'F32', 'shape': [-2], 'data_offsets': [8, 16]},
        'd': {'dtype': 'F32', 'shape': [2]},
    }
    header = json.dumps(entries).encode()
    path = tmp_path / 'x.safetensors'
    path.write_bytes(struct.pack('<Q', len(header)) + header + b' ' * 16)
    with pytest.raises(CheckpointError) as caught:
        read_safetensors(str(path))
    message = str(caught.value)
    assert 'x.safetensors cannot be read as safetensors' in message
    for part in ("a: shape (2,) of F32 takes 8 bytes", "b: tensors of the type 'F8_E4M3'", 'c: expected whole numbers',
                 'd: expected dtype, shape and data_offsets'):
        assert part in message, part


@pytest.mark.parametrize('header, message', [
    ('{"a": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}', r"the type \['F32'\] are not read"),
    ('{"a": ' + '[' * 100000 + ']' * 100000 + '}', 'recursion'),
])  # fmt: skip
def test_headers_of_odd_json(header, message, tmp_path):
    path = tmp_path / 'x.safetensors'
    path.write_bytes(struct.pack('<Q', len(header)) + header.encode() + b' ' * 8)
    with pytest.raises(CheckpointError, match='x.safetensors cannot be read as safetensors: .*' + message):
        read_safetensors(str(path))


def test_damage_is_seen_where_the_package_sees_it(tmp_path):
    """Cut at many places, and with a byte of the header changed: whatever one refuses the other refuses."""
    whole, path = package.save(CONTIGUOUS), tmp_path / 'x.safetensors'
    start = 8 + struct.unpack('<Q', whole[:8])[0]
    cases = [whole[:cut] for cut in list(range(0, start, 37)) + [start, start + 1, len(whole) - 1]] + [whole + b'x']
    rng = np.random.RandomState(0)
    for place in rng.randint(0, start, 300):
        changed = bytearray(whole)
        changed[place] ^= 1 << rng.randint(8)
        cases.append(bytes(changed))
    refused = 0
    for content in cases:
        path.write_bytes(content)
        try:
            expected = package.load(content)
        except Exception:  # SafetensorError, KeyError or TypeError
            refused += 1
            with pytest.raises(CheckpointError, match='x.safetensors'):
                shapes, read = read_safetensors(str(path))
                assert all(read(name).shape == shapes[name] for name in shapes) and not shapes, 'nothing was refused'
            continue
        try:
            shapes, read = read_safetensors(str(path))
        except CheckpointError as error:
            assert 'occurs twice' in str(error) or 'expected dtype' in str(error) or 'starts at' in str(error), error
            continue
        assert set(shapes) == set(expected)
        assert all(read(name).tobytes() == expected[name].tobytes() for name in shapes)
    assert refused > len(cases) // 3


def test_parts_that_an_index_names(tmp_path):
    places = {}
    for part, names in enumerate((['a', 'b'], ['c']), 1):
        name = 'model-%05d-of-00002.safetensors' % part
        write_safetensors(str(tmp_path / name), {x: np.full(part, part, 'float32') for x in names})
        places.update(dict.fromkeys(names, name))
    index = tmp_path / 'model.safetensors.index.json'
    index.write_text(json.dumps({'metadata': {'total_size': 16}, 'weight_map': places}))
    for source in (index, tmp_path):
        checkpoint = open_checkpoint(source)
        assert checkpoint.shapes == {'a': (1,), 'b': (1,), 'c': (2,)} and checkpoint.get('c').tolist() == [2, 2]
    places.update(d=places['a'], e='../x.safetensors', f='absent.safetensors')
    index.write_text(json.dumps({'weight_map': places}))
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(index)
    for part in ('d: not in model-00001', "'../x.safetensors' is no file beside it", 'no such file: '):
        assert part in str(caught.value)
    for text in ('[]', '{}', '{"weight_map": 3}', 'x', '{"weight_map": {"a": 3}}', '[' * 100000):
        index.write_text(text)
        with pytest.raises(CheckpointError, match='cannot be read as an index'):
            open_checkpoint(index)


def test_the_package_is_what_it_is_compared_with():
    with pytest.raises(SafetensorError):
        package.load(b'not safetensors')
