"""Which layers a file is loaded into and written from, on layers by hand: no Keras model is built."""

from types import SimpleNamespace

import numpy as np
import pytest

from gplinker_kit.errors import CheckpointError
from gplinker_kit.models import weights
from gplinker_kit.models.checkpoint import loading, open_checkpoint, writing
from gplinker_kit.models.layer_files import under_variable_names
from gplinker_kit.models.transformer import Transformer

SIZES = dict.fromkeys(
    ('vocab_size', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size'), 2
)


class Layer:
    def __init__(self, name, *values):
        self.name, self.weights = name, [np.asarray(value, 'float32') for value in values]

    def get_weights(self):
        return self.weights

    def set_weights(self, values):
        self.weights = values


class Named(Transformer):
    """Two layers with names of variables, A and B; all others have none."""

    def variable_mapping(self):
        return {'A': ['a'], 'B': ['b']}


def wrapper(layers, shared=(), **options):
    made = Named(hidden_act='relu', **dict(SIZES, **options))
    made.layers.update((layer.name, layer) for layer in list(shared) + layers)
    made.model, made.built = SimpleNamespace(layers=layers), True
    return made


def values(made):
    return {layer.name: layer.weights[0].tolist() for layer in made.model.layers}


def test_a_partial_mapping_holds_for_files_of_layers_too():
    made = wrapper([Layer('A', [0.0]), Layer('B', [0.0]), Layer('Tagger', [0.0])])
    report = loading.load(made, {'A.0': np.ones(1), 'B.0': np.ones(1), 'Tagger.0': np.ones(1)}, {'A': ['a']})
    assert values(made) == {'A': [1], 'B': [0], 'Tagger': [1]} and report.untouched == ['B']


@pytest.mark.parametrize('inside', ['', 'Mine-'])
def test_layers_without_variable_names_with_a_prefix(inside):
    made = wrapper([Layer('Mine-A', [0.0]), Layer('Mine-Tagger', [0.0])], prefix='Mine-')
    arrays = {inside + 'A.0': np.ones(1), inside + 'Tagger.0': np.ones(1)}
    assert not loading.load(made, arrays, made.variable_mapping()).untouched
    assert values(made) == {'Mine-A': [1], 'Mine-Tagger': [1]}


@pytest.mark.parametrize('prefix', ['', 'Mine-', 'teacher/'])
def test_files_of_layers_with_a_prefix_tell_their_model(prefix):
    layers = {
        'Embedding-Token': 1, 'Embedding-Norm': 2, 'Transformer-0-MultiHeadSelfAttention': 8,
        'Transformer-1-FeedForward': 4, 'Output-Mapping': 1, 'MLM-Dense': 2,
    }  # fmt: skip
    arrays = {
        '%s%s.%d' % (prefix, layer, place): np.ones((2, 2) if place % 2 == 0 else 2)
        for layer, count in layers.items()
        for place in range(count)
    }
    ours = under_variable_names(open_checkpoint(arrays))
    assert ours.names == 'bert4keras'
    assert {'bert/embeddings/word_embeddings', 'bert/encoder/layer_1/output/dense/bias'} <= set(ours.shapes)
    assert loading.HEADS.search(prefix + 'Output-Mapping.0') and loading.HEADS.search(prefix + 'MLM-Dense.1')
    assert not any(loading.HEADS.search('%s%s.0' % (prefix, layer)) for layer in list(layers)[:4])


def test_layers_of_other_models_in_a_shared_dict():
    other = Layer('B', [5.0])
    made = wrapper([Layer('A', [0.0])], shared=[other])
    loading.load(made, {'a': np.ones(1)}, made.variable_mapping())
    assert values(made) == {'A': [1]} and other.weights[0].tolist() == [5]
    assert [layer.name for layer, _ in loading.layers_and_names(made, made.variable_mapping())] == ['A']


def test_saving_refuses_numbers_that_overflow(tmp_path):
    made = wrapper([Layer('A', [70000.0])])
    with pytest.raises(CheckpointError, match='a: numbers up to 70000 do not fit float16'):
        writing.save(made, tmp_path / 'a.safetensors', made.variable_mapping(), dtype='float16')
    assert not list(tmp_path.iterdir())
    made.model.layers[0].weights = [np.ones((2, 3), 'float32').T]
    writing.save(made, tmp_path / 'a.safetensors', made.variable_mapping(), dtype='float16')
    assert open_checkpoint(tmp_path / 'a.safetensors').get('a').dtype == 'float16'


@pytest.mark.parametrize('name, names', [('a.ckpt', None), ('a.safetensors', None), ('b.safetensors', 'layers')])
def test_numbers_without_an_axis_keep_their_shape(name, names, tmp_path):
    made = wrapper([Layer('A', 3.0)])
    writing.save(made, tmp_path / name, made.variable_mapping(), names=names)
    assert list(open_checkpoint(tmp_path / name).shapes.values()) == [()]
    pytest.importorskip('safetensors')
    weights.save_weights(made.model, str(tmp_path / 'own.safetensors'))
    assert open_checkpoint(tmp_path / 'own.safetensors').shapes == {'A.0': ()}


TABLE, DECODER = 'bert.embeddings.word_embeddings.weight', 'cls.predictions.decoder.weight'


def test_an_untied_output_matrix_can_be_ignored():
    made = wrapper([Layer('A', np.zeros((3, 2)))], ignore_invalid_weights=True)
    made.with_mlm, mapping = True, {'A': ['bert/embeddings/word_embeddings']}
    with pytest.warns(UserWarning, match='is another matrix than the token table'):
        report = loading.load(made, {TABLE: np.ones((3, 2)), DECODER: np.zeros((3, 2))}, mapping)
    assert made.model.layers[0].weights[0].all() and len(report.ignored) == 1
    made.ignore_invalid_weights = False
    with pytest.raises(CheckpointError, match='is another matrix than the token table'):
        loading.load(made, {TABLE: np.ones((3, 2)), DECODER: np.zeros((3, 2))}, mapping)


def test_the_token_table_under_its_name_in_the_head():
    table = np.arange(6.0).reshape(3, 2)
    given = {DECODER: table, 'bert.encoder.layer.0.output.dense.bias': np.ones(2)}
    ours = under_variable_names(open_checkpoint(given))
    assert np.array_equal(ours.get('bert/embeddings/word_embeddings'), table) and not ours.left_out
    both = under_variable_names(open_checkpoint(dict(given, **{TABLE: table})))
    assert list(both.left_out) == [DECODER] and set(both.shapes) == set(ours.shapes)


@pytest.mark.parametrize('options', [{'keep_tokens': [0, 1]}, {'compound_tokens': [[0, 1]]}])
def test_a_token_table_that_is_a_single_number(options):
    class Picks(Named):
        def load_variable(self, checkpoint, name):
            return self.load_embeddings(super().load_variable(checkpoint, name))

    made = wrapper([Layer('A', np.zeros((2, 2)))], **options)
    made.__class__ = Picks
    with pytest.raises(CheckpointError, match='a: the token table is a single number'):
        loading.load(made, {'a': np.float32(3)}, {'A': ['a']})
