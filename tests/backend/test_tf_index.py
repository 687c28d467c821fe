"""Indices of TensorFlow checkpoints whose check sums are right and whose entries are not: TensorFlow would abort."""

import struct

import numpy as np
import pytest

from fuzz.targets.sentence_piece import field, varint
from fuzz.targets.tf_checkpoint import index_of
from gplinker_kit.backend import load_tf_checkpoint, save_tf_checkpoint
from gplinker_kit.backend.tf_index import check_index
from gplinker_kit.errors import CheckpointError

HEADER = field(1, 1) + field(3, field(1, 1))
FLOAT = field(1, 1)


def block(*pairs):
    """Returns a block of LevelDB with (key, value) entries that share nothing."""
    entries = b''.join(b'\0' + varint(len(key)) + varint(len(value)) + key + value for key, value in pairs)
    return entries + struct.pack('<II', 0, 1)


def shape(*axes):
    return field(2, b''.join(field(2, field(1, axis % 2 ** 64)) for axis in axes))


def write(folder, *pairs):
    (folder / 'x.index').write_bytes(index_of(block(*pairs)))
    (folder / 'x.data-00000-of-00001').write_bytes(bytes(24))
    return str(folder / 'x')


@pytest.mark.parametrize('entry, message', [
    (b'\xff', 'damaged'), (b'\x0a\x50', 'damaged'), (FLOAT + shape(-1), 'an axis has the length -1'),
    (FLOAT + shape(2 ** 62, 2 ** 62), 'announces'), (FLOAT + shape(2 ** 20, 2 ** 20) + field(5, 2 ** 42), 'announces'),
    (field(1, 250) + shape(6) + field(5, 24), 'the type 250'), (FLOAT + shape(6) + field(5, 20), 'takes 24 bytes'),
    (FLOAT + shape(6) + field(3, 7) + field(5, 24), 'file 7'), (FLOAT + shape(6) + field(4, 8) + field(5, 24), 'from'),
    (FLOAT + FLOAT + shape(6) + field(5, 24), 'field 1 occurs 2 times'), (FLOAT + field(2, field(3, 1)), 'field 3'),
    (FLOAT + shape(*[1] * 40) + field(5, 4), '40 axes'), (FLOAT + shape(2) + field(7, b''), 'a slice of it'),
    (FLOAT + shape(2) + 2 * field(7, field(1, b'')), 'two of its slices'),
])
def test_an_entry_that_tensorflow_must_not_see(tmp_path, entry, message):
    with pytest.raises(ValueError, match='^a/b: .*%s' % message):
        check_index(write(tmp_path, (b'', HEADER), (b'a/b', entry)))


def test_the_error_names_the_checkpoint(tmp_path):
    pytest.importorskip('tensorflow')
    with pytest.raises(CheckpointError, match='x: the checkpoint cannot be read .a/b: .* damaged'):
        load_tf_checkpoint(write(tmp_path, (b'', HEADER), (b'a/b', b'\xff')))


def test_tables_that_are_none(tmp_path):
    whole = index_of(block((b'', HEADER)))
    for content, message in ((whole[:-1], 'no table'), (whole[3:], 'compressed|cut short|damaged'), (b'', 'no table'),
                             (index_of(block()), 'empty'), (index_of(block((b'a', HEADER))), 'no header'),
                             (index_of(block((b'', field(1, 0)))), 'announces 0 files'),
                             (index_of(b'\0\0'), 'damaged'), (index_of(b'\1\1\0a' + bytes(8)), 'damaged'),
                             (index_of(block((b'', HEADER), (b'b', FLOAT), (b'a', FLOAT))), 'b: shape|do not ascend')):
        (tmp_path / 'x.index').write_bytes(content)
        with pytest.raises(ValueError, match=message):
            check_index(str(tmp_path / 'x'))


def test_whole_checkpoints_pass(tmp_path):
    pytest.importorskip('tensorflow')
    names = ['bert/layer_%d/kernel' % number for number in range(300)]  # several blocks
    arrays = {name: np.full((2, 3), number, 'float32') for number, name in enumerate(names)}
    arrays.update(text=np.array([b'a', b'bc']), step=np.int64(3), none=np.zeros((0, 4)), yes=np.array([True]))
    save_tf_checkpoint(str(tmp_path / 'x'), arrays)
    check_index(str(tmp_path / 'x'))
    shapes, read = load_tf_checkpoint(str(tmp_path / 'x'))
    assert len(shapes) == len(arrays) and read(names[7])[0, 0] == 7


def test_variables_in_slices_pass(tmp_path):
    tf = pytest.importorskip('tensorflow')
    rows = np.arange(12, dtype='float32').reshape(4, 3)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        session.run(tf.raw_ops.SaveV2(prefix=str(tmp_path / 'x'), tensor_names=['part', 'part', 'whole'],
                                      shape_and_slices=['4 3 0,2:0,3', '4 3 2,2:0,3', ''],
                                      tensors=[tf.constant(rows[:2]), tf.constant(rows[2:]), tf.constant(rows)]))
    check_index(str(tmp_path / 'x'))
    shapes, read = load_tf_checkpoint(str(tmp_path / 'x'))
    assert shapes['part'] == (4, 3) and np.array_equal(read('part'), rows)
