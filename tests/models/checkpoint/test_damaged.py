"""Cut, changed and hostile files: one error that names the file, and a model that is as it was."""

import json
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

from fuzz.targets import hdf5
from gplinker_kit.errors import CheckpointError
from gplinker_kit.models.checkpoint import open_checkpoint
from gplinker_kit.models.checkpoint.safetensors_file import write_safetensors
from tests.models.checkpoint.formats import FORMATS, build_full, digest, needs_torch, refusal, torch, write

# Their bytes have check sums: another weight is never read from them.
SUMMED = ('model.ckpt', 'whole.keras')


@pytest.fixture(scope='module')
def wrapper():
    return build_full('gau_alpha')


def damaged(content, seed=0):
    """Versions of a file's bytes: cut at the start, in the middle and by one byte; some bits turned at the front."""
    rng = np.random.RandomState(seed)
    for cut in (0, 1, 7, 60, len(content) // 3, len(content) - 1):
        yield 'cut at %d' % cut, content[:cut]
    for turn in range(6):
        changed = bytearray(content)
        places = rng.randint(0, len(content) if turn % 2 else min(len(content), 800), 3)
        for place in places:
            changed[place] ^= 1 << rng.randint(8)
        yield 'bits turned in %s' % sorted(places), bytes(changed)


@pytest.mark.parametrize('name', sorted(FORMATS))
def test_damage_is_one_error_and_changes_nothing(name, wrapper, tmp_path):
    path = write(wrapper, tmp_path / name)
    files = [path + '.index', path + '.data-00000-of-00001'] if name == 'model.ckpt' else [path]
    expected, refused = digest(wrapper), 0
    for file in files:
        with open(file, 'rb') as stream:
            whole = stream.read()
        for what, content in damaged(whole):
            with open(file, 'wb') as stream:
                stream.write(content)
            try:
                wrapper.load_weights_from_checkpoint(path)
            except CheckpointError as error:
                assert name in str(error), what
                assert digest(wrapper) == expected, what
                refused += 1
            else:
                assert not what.startswith('cut'), '%s was accepted' % what
                if name in SUMMED:
                    assert digest(wrapper) == expected, what
                else:  # turned bits within numbers cannot be seen
                    with open(file, 'wb') as stream:
                        stream.write(whole)
                    wrapper.load_weights_from_checkpoint(path)
        with open(file, 'wb') as stream:
            stream.write(whole)
    assert refused >= 6 * len(files)
    assert wrapper.load_weights_from_checkpoint(path, strict=True) and digest(wrapper) == expected


@pytest.mark.parametrize('name', sorted(FORMATS))
def test_shapes_that_do_not_fit_are_told_together(name, wrapper, tmp_path):
    other = build_full('gau_alpha', intermediate_size=60, vocab_size=51)
    message = refusal(wrapper, write(other, tmp_path / name))
    assert message.startswith(str(tmp_path / name) + ' does not fit GAU_alpha:') and message.count(' found, ') == 3


@pytest.mark.parametrize('name', ['a.safetensors', 'a.h5', 'a.keras', 'a.bin', 'a.pt', 'a.pth', 'a.ckpt'])
def test_a_file_that_is_not_there(name, wrapper, tmp_path):
    assert name in refusal(wrapper, str(tmp_path / name))


def test_archives_and_hdf5_of_something_else(tmp_path):
    h5py = pytest.importorskip('h5py')
    with zipfile.ZipFile(str(tmp_path / 'a.keras'), 'w') as archive:
        archive.writestr('config.json', '{}')
    with pytest.raises(CheckpointError, match='a.keras cannot be read as a file of Keras: the archive has no'):
        open_checkpoint(tmp_path / 'a.keras')
    with h5py.File(str(tmp_path / 'a.h5'), 'w') as stream:
        stream['x'] = np.zeros(3)
    with pytest.raises(CheckpointError, match='a.h5 .*neither the attribute layer_names nor a group'):
        open_checkpoint(tmp_path / 'a.h5')


@pytest.mark.parametrize('name', ['..', '.', '', 'inner', '../b.safetensors', 'link', 'a\0'])
def test_an_index_does_not_lead_out_of_its_folder(tmp_path, name):
    (tmp_path / 'model' / 'inner').mkdir(parents=True)
    (tmp_path / 'model' / 'link').symlink_to('..')
    write_safetensors(str(tmp_path / 'b.safetensors'), {'outside': np.zeros(1)})
    index = tmp_path / 'model' / 'model.safetensors.index.json'
    index.write_text(json.dumps({'weight_map': {'outside': name}}))
    with pytest.raises(CheckpointError, match='is no file beside it'):
        open_checkpoint(index)


def other(stream, h5py):
    """The file that `hdf5.linked` links to."""
    stream.create_group('dense').attrs['weight_names'] = np.array([b'x'])
    stream['dense'].create_dataset('x', data=np.ones(3))


@pytest.mark.parametrize('write, message', [
    (hdf5.elsewhere, 'lies in another file, which is not read'), (hdf5.kinds, 'holds no numbers but object'),
    (hdf5.huge, 'announces 1099511627776 bytes'), (hdf5.linked, 'lies in another file, which is not read'),
])
def test_hdf5_that_reaches_beyond_itself(tmp_path, write, message):
    pytest.importorskip('h5py')
    (tmp_path / 'other.h5').write_bytes(hdf5.written(other))
    (tmp_path / 'a.h5').write_bytes(hdf5.written(write))
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(tmp_path / 'a.h5')


@pytest.mark.parametrize('name', ['a.h5', 'a.keras'])
@pytest.mark.parametrize('place, number', [(8, 2 ** 31), (8, 8), (24, 220), (24, 2 ** 64 - 1), (40, 0), (40, 2 ** 63)])
def test_heaps_of_strings_in_which_hdf5_would_loop(tmp_path, name, place, number):
    """The size of a heap; that of its entry, the name of a layer, and that of what is free behind it."""
    pytest.importorskip('h5py')
    content = hdf5.written(hdf5.keras3)
    heap = content.index(b'GCOL')
    assert struct.unpack('<Q', content[heap + 24:heap + 32]) == (5,)  # dense
    place += heap + (8 if place == 40 else 0)
    changed = content[:place] + struct.pack('<Q', number) + content[place + 8:]
    for each, good in ((content, True), (changed, False)):
        (tmp_path / name).write_bytes(each if name == 'a.h5' else hdf5.archived(each, zipfile.ZIP_STORED))
        if good:
            assert open_checkpoint(tmp_path / name).shapes == {'dense.0': (2, 3), 'dense.1': (2, 3)}
        else:
            with pytest.raises(CheckpointError, match='the heap of strings at byte %d is damaged' % heap):
                open_checkpoint(tmp_path / name)


def test_an_archive_that_unpacks_to_far_more_than_it_has(tmp_path):
    pytest.importorskip('h5py')
    (tmp_path / 'a.keras').write_bytes(hdf5.archived(bytes(80 * 1024 * 1024), zipfile.ZIP_DEFLATED))
    with pytest.raises(CheckpointError, match='model.weights.h5 announces 83886080 bytes'):
        open_checkpoint(tmp_path / 'a.keras')


class Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize('name', ['a.bin', 'a.pt', 'a.pth'])
def test_a_pickle_is_never_run(name, wrapper, tmp_path):
    """On a stack without PyTorch the file is refused unread, with what reads it."""
    path, marker = str(tmp_path / name), str(tmp_path / 'marker')
    with open(path, 'wb') as stream:
        pickle.dump({'bert.embeddings.word_embeddings.weight': Hostile(marker)}, stream, protocol=2)
    if torch is None:
        with pytest.raises(ImportError, match='%s is a file of PyTorch, .*torch>=2.6.*safetensors' % name):
            wrapper.load_weights_from_checkpoint(path)
    else:
        assert 'holds more than weights, which is never run' in refusal(wrapper, path)
        torch.save({'x': torch.zeros(2), 'y': Hostile(marker)}, path)
        assert 'holds more than weights, which is never run' in refusal(wrapper, path)
    assert not os.path.exists(marker)
    with open(path, 'rb') as stream:
        content = stream.read()
    if torch is None:
        pickle.loads(content)
        assert os.path.exists(marker), 'the file is hostile'


@needs_torch
def test_files_of_pytorch_by_hand(tmp_path):
    path = str(tmp_path / 'a.pt')
    values = torch.tensor([1.0, -2.5, 3.140625, 1e38])
    inner = {'x.weight': values.to(torch.bfloat16), 'half': values[:2].half(), 'ids': torch.arange(3)}
    for content in (
        inner, {'epoch': 3, 'state_dict': inner}, {'model': inner, 'args': ['x']}, {'loss': values, 'module': inner},
    ):  # fmt: skip
        for new in (True, False):
            torch.save(content, path, _use_new_zipfile_serialization=new)
            checkpoint = open_checkpoint(path)
            assert checkpoint.shapes == {'x.weight': (4,), 'half': (2,), 'ids': (3,)} and checkpoint.names == 'pytorch'
            assert checkpoint.get('x.weight').dtype == 'float32' and checkpoint.get('half').dtype == 'float16'
            assert checkpoint.get('x.weight')[:3].tolist() == [1.0, -2.5, 3.140625]
    for content in (values, {'x': 3}, [values]):
        torch.save(content, path)
        with pytest.raises(CheckpointError, match='a.pt holds no tensors by name'):
            open_checkpoint(path)


@needs_torch
def test_a_tensor_that_repeats_one_number_without_end(tmp_path):
    torch.save({'x': torch.zeros(1, dtype=torch.bfloat16).expand(2 ** 20, 2 ** 14)}, str(tmp_path / 'a.pt'))
    with pytest.raises(CheckpointError, match='a.pt .* x announces 34359738368 bytes'):
        open_checkpoint(tmp_path / 'a.pt')
    torch.save({'x': torch.zeros(1).expand(3, 2)}, str(tmp_path / 'a.pt'))
    assert open_checkpoint(tmp_path / 'a.pt').get('x').tolist() == [[0, 0]] * 3


@needs_torch
def test_an_old_pytorch_is_not_trusted(tmp_path, monkeypatch):
    torch.save({'x': torch.zeros(2)}, str(tmp_path / 'a.bin'))
    for version in ('2.5.1', '1.13.1+cpu'):
        monkeypatch.setattr(torch, '__version__', version)
        with pytest.raises(ImportError, match='CVE-2025-32434.*safetensors file of the same weights'):
            open_checkpoint(tmp_path / 'a.bin')
