"""What processes tell each other: it comes back as it was, and nothing of it is a pickle."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

from gplinker_kit.backend import messages
from gplinker_kit.events import TRIGGER, Argument, Event, Extraction

pytestmark = pytest.mark.once('keras2')  # the stack of Horovod
Pair = namedtuple('Pair', 'one other')
EVENT = Event(
    '收购', Argument(TRIGGER, '买', 1, score=0.1), [Argument('金额', '\ud800', aliases=('x',))], 0.3, [(0, 1, 0.5)])


@pytest.mark.parametrize('value', [
    None, True, 2**70, -0.1, float('inf'), 'a\ud800\x00', [], (), {}, [(1, [2.0]), {'a': {3: None}, (4, 'b'): False}],
    np.float32(0.1), np.int64(3), np.bool_(True), ['tuple', [1]], {'array': 0}, OrderedDict([('b', 1), ('a', {})]),
    Extraction('文', (EVENT,), ('max_nodes',)), [EVENT, EVENT.trigger],
])  # fmt: skip
def test_values_come_back(value):
    found = messages.loads(messages.dumps(value))
    assert found == value and type(found) is type(value)
    assert repr(found) == repr(value)


@pytest.mark.parametrize('array', [
    np.arange(6, dtype='int32').reshape(2, 3).T, np.array(0.5), np.zeros((0, 4), 'float16'), np.array(['a', '文']),
])
def test_arrays_come_back(array):
    other = np.random.RandomState(0).get_state()
    found, state = messages.loads(messages.dumps((array, other)))
    assert found.dtype == array.dtype and found.shape == array.shape
    np.testing.assert_array_equal(found, array)
    np.testing.assert_array_equal(state[1], other[1])
    assert [type(part) for part in state] == [type(part) for part in other] and state[2:] == other[2:]


@pytest.mark.parametrize('value, kind', [
    ({1, 2}, 'set'), ([b'x'], 'bytes'), (Pair(1, 2), 'Pair'), ({'a': np.array([None])}, 'ndarray'), (len, 'builtin'),
])
def test_other_things_are_refused(value, kind):
    with pytest.raises(ValueError, match='cannot send the others a ' + kind):
        messages.dumps(value)


def test_a_pickle_is_not_read(tmp_path):
    path = str(tmp_path / 'objects.npz')
    np.savez(path, **{messages.TREE: np.array([{}], dtype=object)})
    with open(path, 'rb') as stream, pytest.raises(ValueError, match='allow_pickle=False'):
        messages.loads(stream.read())
