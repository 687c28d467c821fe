"""Models told by names and shapes; `test_expected_shapes` compares the shapes with those of models that are built."""

import pytest

from gplinker_kit.models.expected_shapes import expected_shapes
from gplinker_kit.models.identify import explain_mismatch, identify
from tests.models.tiny import ARCHITECTURES, CONFIGS

SLOTS = ('/adam_m', '/adam_v', '/Adam', '/Adam_1', '/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE')


def shapes_of(model, **kwargs):
    return expected_shapes(model, dict(CONFIGS[model], **kwargs))


@pytest.fixture(scope='module')
def shapes():
    """{model: shapes of a tiny one of two layers}; BERT and RoFormer with heads."""
    heads = {'with_pool': True, 'with_mlm': True}
    return {
        model: shapes_of(model, num_hidden_layers=2, **(heads if model in ('bert', 'roformer') else {}))
        for model in ARCHITECTURES
    }


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_models_and_sizes(shapes, model):
    sizes = {
        'vocab_size': 50, 'embedding_size': 32, 'hidden_size': 32, 'num_hidden_layers': 2, 'intermediate_size': 64,
        'segment_vocab_size': 2,
    }  # fmt: skip
    if model == 'bert':
        sizes['max_position'] = 16
    if model == 'gau_alpha':
        sizes['attention_key_size'] = 16
    found = identify(shapes[model])
    assert found.model == model and found.sizes == sizes
    assert found.query_width == found.value_width == (None if model == 'gau_alpha' else 32)
    assert ('masked-language-model' in found.heads) == ('pooler' in found.heads) == (model in ('bert', 'roformer'))
    # what optimizers leave does not matter, nor does the order
    noise = {name + slot: shape for name, shape in shapes[model].items() for slot in SLOTS}
    noise.update({'training/Adam/' + name: shape for name, shape in shapes[model].items()}, global_step=())
    assert identify(dict(noise, **shapes[model])) == found
    assert identify({name: list(shapes[model][name]) for name in reversed(list(shapes[model]))}) == found


def test_other_widths(shapes):
    found = identify(shapes_of(
        'roformer_v2', embedding_size=24, attention_head_size=6, attention_key_size=10, hidden_act=['relu', 'linear'],
        segment_vocab_size=0,
    ))
    assert (found.sizes['embedding_size'], found.sizes['hidden_size'], found.sizes['segment_vocab_size']) == (24, 32, 0)
    assert (found.query_width, found.value_width, found.gates) == (40, 24, 2)


def test_what_is_left_open(shapes):
    few = {name: shape for name, shape in shapes['roformer'].items() if 'layer_0' not in name}
    assert 'of 2 layers these are missing: 0' in identify(few).unsure
    assert any('NEZHA' in line for line in identify(few).unsure)
    del few['bert/embeddings/word_embeddings']
    found = identify(few)
    assert found.model == 'roformer' and 'vocab_size' not in found.sizes
    assert 'bert/embeddings/word_embeddings is missing' in found.unsure
    unit = dict(shapes['gau_alpha'])
    for name in list(unit):
        if 'scaleoffset' in name:
            del unit[name]
    assert identify(unit).sizes['attention_key_size'] == 16
    bare = {name: shape for name, shape in shapes['bert'].items() if not name.endswith('bias')}
    assert identify(bare).model == 'bert' and any('biases are missing' in line for line in identify(bare).unsure)


@pytest.mark.parametrize('names, words', [
    (['bert/embeddings/word_embeddings', 'bert/encoder/transformer/group_0/inner_group_0/LayerNorm/beta'], 'ALBERT'),
    (['electra/embeddings/word_embeddings'], 'ELECTRA'),
    (['encoder/block_000/layer_000/SelfAttention/q'], 'T5'),
    (['bert/embeddings/word_embeddings'], 'but no encoder/layer_'),
    (['cls/predictions/output_bias', 'cls/predictions/transform/dense/bias'], 'only heads: masked-language-model'),
    (['conv1/kernel', 'conv2/kernel', 'conv3/kernel', 'dense/kernel'], 'conv1/kernel, conv2/kernel, conv3/kernel, …'),
    ([], 'no variables'),
])  # fmt: skip
def test_none_of_ours(names, words):
    found = identify({name: (4, 4) for name in names})
    assert found.model is None and words in str(found) and str(found).startswith('none of our models')


def test_two_models_in_one_file(shapes):
    found = identify(dict(shapes['bert'], **shapes['gau_alpha']))
    assert found.model is None and 'two models' in str(found)


def test_mismatches(shapes):
    for want in ARCHITECTURES:
        for have in ARCHITECTURES:
            found = explain_mismatch(shapes[want], shapes[have])
            if want == have:
                assert found is None
            else:
                assert "model='%s'" % have in found.reason
                assert found.fatal == ((want, have) != ('roformer', 'bert'))
    found = explain_mismatch(shapes['roformer'], shapes['roformer_v2'])
    assert 'a RoFormerV2 file (no biases, no norm parameters)' in str(found)
    assert explain_mismatch({'my/kernel': (3,)}, shapes['bert']) is None
    assert 'ELECTRA' in explain_mismatch(shapes['bert'], {'electra/x': (3,)}).reason
    # a token table alone is a start that somebody may want
    assert explain_mismatch(shapes['bert'], {'bert/embeddings/word_embeddings': (50, 32)}) is None
