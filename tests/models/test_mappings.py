"""Names and shapes of checkpoints, written out: what bert4keras 0.11.5 saves for models of these sizes."""

import pytest

from gplinker_kit.backend import load_tf_checkpoint
from gplinker_kit.models import mappings
from tests.models.tiny import build

TABLES = """
bert/embeddings/token_type_embeddings 2 32
bert/embeddings/word_embeddings 50 32
"""
NORM = """
bert/embeddings/LayerNorm/beta 32
bert/embeddings/LayerNorm/gamma 32
"""
POSITIONS = 'bert/embeddings/position_embeddings 16 32\n'
BLOCK = """
bert/encoder/layer_%d/attention/output/LayerNorm/beta 32
bert/encoder/layer_%d/attention/output/LayerNorm/gamma 32
bert/encoder/layer_%d/attention/output/dense/bias 32
bert/encoder/layer_%d/attention/output/dense/kernel 32 32
bert/encoder/layer_%d/attention/self/key/bias 32
bert/encoder/layer_%d/attention/self/key/kernel 32 32
bert/encoder/layer_%d/attention/self/query/bias 32
bert/encoder/layer_%d/attention/self/query/kernel 32 32
bert/encoder/layer_%d/attention/self/value/bias 32
bert/encoder/layer_%d/attention/self/value/kernel 32 32
bert/encoder/layer_%d/intermediate/dense/bias 64
bert/encoder/layer_%d/intermediate/dense/kernel 32 64
bert/encoder/layer_%d/output/LayerNorm/beta 32
bert/encoder/layer_%d/output/LayerNorm/gamma 32
bert/encoder/layer_%d/output/dense/bias 32
bert/encoder/layer_%d/output/dense/kernel 64 32
"""
KERNELS = """
bert/encoder/layer_%d/attention/output/dense/kernel 32 32
bert/encoder/layer_%d/attention/self/key/kernel 32 32
bert/encoder/layer_%d/attention/self/query/kernel 32 32
bert/encoder/layer_%d/attention/self/value/kernel 32 32
bert/encoder/layer_%d/intermediate/dense/kernel 32 64
bert/encoder/layer_%d/output/dense/kernel 64 32
"""
UNIT = """
GAU_alpha/encoder/layer_%d/gau/i_dense/kernel 32 144
GAU_alpha/encoder/layer_%d/gau/k_scaleoffset/gamma 16
GAU_alpha/encoder/layer_%d/gau/o_dense/kernel 64 32
GAU_alpha/encoder/layer_%d/gau/q_scaleoffset/gamma 16
"""
POOLER = """
bert/pooler/dense/bias 32
bert/pooler/dense/kernel 32 32
"""
MLM = """
cls/predictions/output_bias 50
cls/predictions/transform/LayerNorm/beta 32
cls/predictions/transform/LayerNorm/gamma 32
cls/predictions/transform/dense/bias 32
cls/predictions/transform/dense/kernel 32 32
"""
NEXT_SENTENCE = """
cls/seq_relationship/output_bias 2
cls/seq_relationship/output_weights 2 32
"""

LISTINGS = {
    'bert': (
        {'with_pool': True, 'with_nsp': True, 'with_mlm': True},
        [TABLES, NORM, POSITIONS, BLOCK, POOLER, NEXT_SENTENCE, MLM],
        46,
    ),
    'roberta': ({'with_mlm': True}, [TABLES, NORM, POSITIONS, BLOCK, MLM], 42),
    'roformer': ({'with_pool': True, 'with_mlm': True}, [TABLES, NORM, BLOCK, POOLER, MLM], 43),
    'roformer_v2': ({'with_mlm': 'linear'}, [TABLES, KERNELS], 14),
    'gau_alpha': ({'with_mlm': 'linear'}, [TABLES, UNIT], 10),
}


def listed(parts):
    """{name: shape} of the listings, blocks written out twice."""
    lines = [line for part in parts for line in part.split('\n') if line]
    lines = [line.replace('%d', str(i)) for line in lines for i in ((0, 1) if '%d' in line else (0,))]
    return {line.split()[0]: tuple(int(size) for size in line.split()[1:]) for line in lines}


@pytest.mark.parametrize('model', sorted(LISTINGS))
def test_a_saved_model_holds_these_variables_and_no_others(model, tmp_path):
    heads, parts, count = LISTINGS[model]
    expected = listed(parts)
    assert len(expected) == count
    path = str(tmp_path / 'bert_model.ckpt')
    build(model, num_hidden_layers=2, **heads).save_weights_as_checkpoint(path)
    assert load_tf_checkpoint(path)[0] == expected


@pytest.mark.parametrize(
    'model, bias', [('bert', True), ('roformer', True), ('roformer_v2', False), ('gau_alpha', False)]
)
def test_a_narrower_embedding_adds_its_projection(model, bias, tmp_path):
    path = str(tmp_path / 'bert_model.ckpt')
    build(model, embedding_size=24).save_weights_as_checkpoint(path)
    shapes = load_tf_checkpoint(path)[0]
    assert shapes['bert/embeddings/word_embeddings'] == (50, 24)
    assert shapes['bert/encoder/embedding_hidden_mapping_in/kernel'] == (24, 32)
    assert shapes.get('bert/encoder/embedding_hidden_mapping_in/bias') == ((32,) if bias else None)


@pytest.mark.parametrize('table, count', [(mappings.roformer_v2_names(12), 74), (mappings.gau_alpha_names(24), 98)])
def test_the_published_base_models_have_so_many_variables(table, count):
    names = [name for layer, names in table.items() if layer != 'Embedding-Mapping' for name in names]
    assert len(names) == len(set(names)) == count
