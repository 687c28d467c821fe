"""Loading and saving weights by name: sources, what is reported, and what is refused with nothing changed."""

import os

import numpy as np
import pytest

from gplinker_kit.backend import load_tf_checkpoint, save_tf_checkpoint
from gplinker_kit.models import vocabulary
from tests.models.tiny import ARCHITECTURES, arrays_of, arrays_with_heads, build, randomise, refused

TABLE = 'bert/embeddings/word_embeddings'
QUERY = 'bert/encoder/layer_0/attention/self/query/kernel'


@pytest.fixture
def wrapper():
    return build('bert', with_pool=True, with_nsp=True, with_mlm=True)


@pytest.fixture(scope='module')
def made():
    return arrays_with_heads()


@pytest.fixture
def arrays(made):
    return dict(made['bert'])


def equal(wrapper, arrays):
    """Whether every weight of the model is the array of its name."""
    current = arrays_of(wrapper)
    return all(np.array_equal(current[name], arrays[name]) for name in current)


# === Sources ===


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_save_and_load_are_inverse_bit_for_bit(model, tmp_path):
    saved, loaded = build(model, embedding_size=24), build(model, embedding_size=24)
    randomise(saved.model, seed=3)
    randomise(loaded.model, seed=4)
    saved.save_weights_as_checkpoint(str(tmp_path / 'bert_model.ckpt'))
    report = loaded.load_weights_from_checkpoint(str(tmp_path / 'bert_model.ckpt'), strict=True)
    assert all(np.array_equal(a, b) for a, b in zip(saved.model.get_weights(), loaded.model.get_weights()))
    assert sorted(report.loaded) == sorted(load_tf_checkpoint(str(tmp_path / 'bert_model.ckpt'))[0])
    assert report.path.endswith('bert_model.ckpt') and not report.untouched


def test_every_way_to_name_a_checkpoint(wrapper, arrays, tmp_path):
    from safetensors.numpy import save_file

    save_tf_checkpoint(str(tmp_path / 'bert_model.ckpt'), arrays)
    (tmp_path / 'bert_config.json').write_text('{}')
    save_file(
        {name: np.ascontiguousarray(value) for name, value in arrays.items()}, str(tmp_path / 'other.safetensors')
    )
    (tmp_path / 'alone').mkdir()
    os.rename(str(tmp_path / 'other.safetensors'), str(tmp_path / 'alone' / 'other.safetensors'))
    prefix = tmp_path / 'bert_model.ckpt'
    sources = [
        str(prefix), prefix, str(prefix) + '.index', str(prefix) + '.data-00000-of-00001', str(prefix) + '.meta',
        str(tmp_path), tmp_path, str(tmp_path / 'alone' / 'other.safetensors'), str(tmp_path / 'alone'), arrays,
        {name: value.tolist() for name, value in arrays.items()},
    ]  # fmt: skip
    for source in sources:
        randomise(wrapper.model, seed=5)
        assert len(wrapper.load_weights_from_checkpoint(source, strict=True).loaded) == 30
        assert equal(wrapper, arrays)


def test_the_builder_loads_and_keeps_the_report(arrays):
    loaded = build('bert', checkpoint_path=arrays)
    assert len(loaded.load_report.loaded) == 21 and len(loaded.load_report.unused_heads) == 9
    assert build('bert').load_report is None


def test_a_frozen_layer_loads_too(wrapper, arrays):
    for layer in wrapper.model.layers:
        layer.trainable = False
    wrapper.load_weights_from_checkpoint(arrays)
    assert equal(wrapper, arrays)


@pytest.mark.parametrize('dtype', ['float16', 'float64'])
def test_weights_are_saved_as_another_type(wrapper, arrays, dtype, tmp_path):
    wrapper.load_weights_from_checkpoint(arrays)
    path = str(tmp_path / 'cast.ckpt')
    wrapper.save_weights_as_checkpoint(path, dtype=dtype)
    shapes, read = load_tf_checkpoint(path)
    assert set(shapes) == set(arrays)
    for name, array in arrays.items():
        assert read(name).dtype == dtype and np.array_equal(read(name), array.astype(dtype))
    wrapper.load_weights_from_checkpoint(path)
    assert equal(wrapper, {name: array.astype(dtype).astype('float32') for name, array in arrays.items()})


def test_another_mapping_for_part_of_the_model(wrapper, arrays, tmp_path):
    before = wrapper.layers['Pooler-Dense'].get_weights()
    mapping = {'Embedding-Token': ['table'], 'No-Such-Layer': ['nothing']}
    report = wrapper.load_weights_from_checkpoint({'table': arrays[TABLE]}, mapping=mapping)
    assert report.loaded == ['table'] and 'Pooler-Dense' in report.untouched
    assert 'Embedding-Token' not in report.untouched and 'layers of the model keep' in str(report)
    assert np.array_equal(wrapper.layers['Embedding-Token'].get_weights()[0], arrays[TABLE])
    assert np.array_equal(wrapper.layers['Pooler-Dense'].get_weights()[0], before[0])
    with pytest.warns(UserWarning, match='no names for these layers, which are not saved: .*Pooler-Dense'):
        wrapper.save_weights_as_checkpoint(str(tmp_path / 'part.ckpt'), mapping=mapping)
    assert load_tf_checkpoint(str(tmp_path / 'part.ckpt'))[0] == {'table': (50, 32)}


def test_a_layer_without_names_is_told_of(tmp_path):
    model = build('roformer_v2', embedding_size=24, with_mlm=True)
    with pytest.warns(UserWarning, match='not saved: Output-Mapping'):
        model.save_weights_as_checkpoint(str(tmp_path / 'v2.ckpt'))
    assert model.load_weights_from_checkpoint(str(tmp_path)).untouched == ['Output-Mapping']


# === What is left over ===


def test_unused_variables_are_told_apart(arrays):
    """A checkpoint of two blocks, heads and an optimizer, where one block and no head is asked for."""
    block = [name for name in arrays if '/layer_0/' in name]
    heads = [name for name in arrays if name.startswith(('cls/', 'bert/pooler/'))]
    assert len(block) == 16 and len(heads) == 9
    second = {name.replace('/layer_0/', '/layer_1/'): arrays[name] for name in block}
    slots = {
        QUERY + '/adam_m': 1, QUERY + '/adam_v': 1, 'global_step': 1, 'beta1_power': 1, QUERY + '/Adam': 1,
        QUERY + '/Adam_1': 1, 'training/Adam/iterations': 1, 'save_counter/.ATTRIBUTES/VARIABLE_VALUE': 1,
        '_CHECKPOINTABLE_OBJECT_GRAPH': 1, 'cls/predictions/output_bias/adam_m': 1, QUERY + '/lamb_v': 1,
    }  # fmt: skip
    # These only look like slots.
    others = {'slot_filling/kernel': 1, 'optimizer_gate/kernel': 1, 'self/madam': 1, 'tagger/global_steps': 1}
    report = build('bert').load_weights_from_checkpoint(dict(arrays, **second, **slots, **others))
    assert report.unused_slots == sorted(slots)
    assert report.unused_layers == sorted(list(second) + list(others))
    assert report.unused_heads == sorted(heads)
    text = str(report)
    assert text.startswith('21 variables loaded; 20 variables of layers not used (bert/encoder/layer_1/')
    assert '9 of heads not used' in text and '11 of the optimizer not used' in text and 'keep their initial' not in text


def test_strict_refuses_layers_and_heads_but_not_slots(wrapper, arrays):
    wrapper.load_weights_from_checkpoint(dict(arrays, global_step=1, **{QUERY + '/adam_m': 1}), strict=True)
    randomise(wrapper.model, seed=6)
    message = refused(wrapper, dict(arrays, **{'bert/other': 1, 'cls/other': 1, 'global_step': 1}), strict=True)
    assert 'bert/other: not used by the model' in message and 'cls/other: not used by the model' in message
    assert 'global_step' not in message


def test_a_bert_checkpoint_goes_into_roformer_with_a_warning(arrays):
    with pytest.warns(UserWarning, match='1 variables of layers not used .bert/embeddings/position_embeddings'):
        roformer = build('roformer', checkpoint_path=arrays)
    assert roformer.load_report.unused_layers == ['bert/embeddings/position_embeddings']
    assert equal(roformer, arrays)


# === What is refused ===


def test_all_that_does_not_fit_is_one_error(wrapper, arrays):
    broken = dict(arrays)
    broken[QUERY] = np.zeros((32, 16), 'float32')
    broken[TABLE] = np.zeros((60, 32), 'float32')
    broken['bert/pooler/dense/weights'] = broken.pop('bert/pooler/dense/kernel')
    del broken['cls/predictions/output_bias']
    message = refused(wrapper, broken)
    assert message.startswith('the given arrays does not fit BERT:')
    lines = {line.strip() for line in message.split('\n')[1:]}
    assert lines == {
        QUERY + ': shape (32, 16) found, (32, 32) wanted',
        TABLE + ': shape (60, 32) found, (50, 32) wanted',
        "bert/pooler/dense/kernel: missing, (32, 32) wanted. Did you mean 'bert/pooler/dense/weights'?",
        'cls/predictions/output_bias: missing, (50,) wanted',
    }


def test_a_checkpoint_of_another_size_or_kind(wrapper, arrays):
    message = refused(build('bert', hidden_size=16), arrays)
    # The bias of the inner width is the same.
    assert message.count('found, ') == 21 - 1 and TABLE + ': shape (50, 32) found, (50, 16) wanted' in message
    message = refused(build('gau_alpha'), arrays)
    assert (
        message.count('missing') == 4
        and 'GAU_alpha/encoder/layer_0/gau/o_dense/kernel: missing, (64, 32) wanted' in message
    )
    roformer = {name: value for name, value in arrays.items() if 'position' not in name}
    assert 'bert/embeddings/position_embeddings: missing, (16, 32) wanted' in refused(wrapper, roformer)
    assert refused(wrapper, {}).count('missing') == 30


def test_a_mapping_that_does_not_fit_its_layer(wrapper, arrays, tmp_path):
    mapping = {'Pooler-Dense': ['bert/pooler/dense/kernel']}
    assert 'layer Pooler-Dense: 2 weights, but 1 names' in refused(wrapper, arrays, mapping=mapping)
    with pytest.raises(ValueError, match='layer Pooler-Dense: 2 weights, but 1 names'):
        wrapper.save_weights_as_checkpoint(str(tmp_path / 'a.ckpt'), mapping=mapping)
    assert not list(tmp_path.iterdir())
    assert 'no layer of the model is in its table of names' in refused(wrapper, arrays, mapping={'Other': ['x']})


def test_paths_without_a_checkpoint(wrapper, arrays, tmp_path):
    assert 'found none among: no files' in refused(wrapper, str(tmp_path))
    assert 'absent.ckpt (absent.ckpt.index is missing).' in refused(wrapper, str(tmp_path / 'absent.ckpt'))
    assert 'index is missing' in refused(wrapper, str(tmp_path / 'no' / 'folder' / 'model.ckpt'))
    assert 'no such file' in refused(wrapper, str(tmp_path / 'absent.safetensors'))
    assert 'expected a path or a dict of arrays. Received: list' in refused(wrapper, [1])
    save_tf_checkpoint(str(tmp_path / 'bert_model.ckpt'), {'x': np.zeros(1)})
    assert "Did you mean 'bert_model.ckpt'" in refused(wrapper, str(tmp_path / 'bert_modl.ckpt'))
    for name in ('a.ckpt', 'b.ckpt'):
        save_tf_checkpoint(str(tmp_path / name), {'x': np.zeros(1)})
    assert 'bert/embeddings/word_embeddings: missing' in refused(wrapper, str(tmp_path)), 'bert_model.ckpt goes first'
    for path in tmp_path.glob('bert_model.ckpt*'):
        path.unlink()
    assert 'expected one checkpoint' in refused(wrapper, str(tmp_path)) and 'found a.ckpt, b.ckpt' in refused(
        wrapper, str(tmp_path)
    )


def test_damaged_files(wrapper, arrays, tmp_path):
    path = str(tmp_path / 'bert_model.ckpt')
    data = path + '.data-00000-of-00001'
    save_tf_checkpoint(path, arrays)
    with open(data, 'r+b') as stream:
        stream.truncate(os.path.getsize(data) // 2)
    assert 'bert_model.ckpt' in refused(wrapper, path) and 'cannot be read' in refused(wrapper, path)
    os.unlink(data)
    assert 'bert_model.ckpt' in refused(wrapper, path)
    with open(path + '.index', 'wb') as stream:
        stream.write(b'not an index')
    assert 'bert_model.ckpt' in refused(wrapper, path)
    (tmp_path / 'x.safetensors').write_bytes(b'not safetensors')
    assert 'x.safetensors cannot be read as safetensors' in refused(wrapper, str(tmp_path / 'x.safetensors'))


# === Vocabularies ===


def test_a_table_of_another_vocabulary_is_refused(arrays):
    message = refused(build('bert', vocab_size=60), arrays)
    assert TABLE + ': shape (50, 32) found, (60, 32) wanted' in message


KEEP = [0, 7, 3, 49, 7]
COMPOUND = [[1, 2], ([0, 3, 4], [1.0, 2.0, 5.0]), [2]]


def picked(table, keep, compound):
    """The rows by hand."""
    rows = [table[i] for i in keep] if keep else list(table)
    kept = list(rows)
    for item in compound or []:
        ids, weights = item if isinstance(item, tuple) else (item, [1.0] * len(item))
        rows.append(sum(w * kept[i] for i, w in zip(ids, weights)) / sum(weights))
    return np.array(rows)


@pytest.mark.parametrize(
    'model, keep, compound',
    [
        ('bert', KEEP, None),
        ('bert', None, COMPOUND),
        ('bert', KEEP, COMPOUND),
        ('roformer_v2', np.array(KEEP), COMPOUND),
    ],
)
def test_kept_and_compound_tokens_pick_rows(made, model, keep, compound):
    arrays = made[model]
    reduced = build(model, with_mlm=True, keep_tokens=keep, compound_tokens=compound)
    keep = None if keep is None else list(keep)
    rows = (len(keep) if keep else 50) + len(compound or [])
    assert reduced.vocab_size == rows and reduced.model.output_shape[-1] == rows
    reduced.load_weights_from_checkpoint(arrays)
    table = reduced.layers['Embedding-Token'].get_weights()[0]
    np.testing.assert_allclose(table, picked(arrays[TABLE], keep, compound), rtol=1e-5, atol=1e-6)
    if model == 'bert':
        bias = reduced.layers['MLM-Bias'].get_weights()[0]
        expected = picked(arrays['cls/predictions/output_bias'], keep, compound)
        np.testing.assert_allclose(bias, expected, rtol=1e-5, atol=1e-6)


def test_rows_that_the_checkpoint_lacks_are_an_error_of_the_checkpoint(arrays):
    model = build('bert', vocab_size=100, keep_tokens=[1, 70])
    assert TABLE + ': keep_tokens asks for row 70 of a table of 50 rows' in refused(model, arrays)
    model = build('bert', vocab_size=100, compound_tokens=[[1, 60]])
    assert TABLE + ': compound_tokens asks for row 60 of a table of 50 rows' in refused(model, arrays)


def test_a_pair_may_come_from_json():
    table = np.arange(12.0).reshape(4, 3)
    selected = vocabulary.select_rows(table, None, [[[0, 1], [3.0, 1.0]]])
    np.testing.assert_allclose(selected[-1], (3 * table[0] + table[1]) / 4)
    assert selected.shape == (5, 3)
