"""PyTorch's names: listings of the published files, written out, and what is special about each."""

import numpy as np
import pytest

from gplinker_kit.errors import CheckpointError
from gplinker_kit.models.checkpoint import canonical, open_checkpoint
from gplinker_kit.models.checkpoint.names import name_space
from tests.models.checkpoint.formats import build_full, refusal
from tests.models.tiny import arrays_of, build

BLOCK = """
encoder.layer.0.attention.self.query.weight 32 32
encoder.layer.0.attention.self.query.bias 32
encoder.layer.0.attention.self.key.weight 32 32
encoder.layer.0.attention.self.key.bias 32
encoder.layer.0.attention.self.value.weight 32 32
encoder.layer.0.attention.self.value.bias 32
encoder.layer.0.attention.output.dense.weight 32 32
encoder.layer.0.attention.output.dense.bias 32
encoder.layer.0.attention.output.LayerNorm.weight 32
encoder.layer.0.attention.output.LayerNorm.bias 32
encoder.layer.0.intermediate.dense.weight 64 32
encoder.layer.0.intermediate.dense.bias 64
encoder.layer.0.output.dense.weight 32 64
encoder.layer.0.output.dense.bias 32
encoder.layer.0.output.LayerNorm.weight 32
encoder.layer.0.output.LayerNorm.bias 32
"""
# `state_dict` of transformers' BertForPreTraining and RoFormerForMaskedLM, and of the authors' conversions of the
# other two, for models of these sizes; the embedding is 24 wide where the file projects it.
LISTINGS = {
    ('bert', 'bert.'): """
embeddings.word_embeddings.weight 50 32
embeddings.position_embeddings.weight 16 32
embeddings.token_type_embeddings.weight 2 32
embeddings.LayerNorm.weight 32
embeddings.LayerNorm.bias 32
pooler.dense.weight 32 32
pooler.dense.bias 32
cls.predictions.bias 50
cls.predictions.transform.dense.weight 32 32
cls.predictions.transform.dense.bias 32
cls.predictions.transform.LayerNorm.weight 32
cls.predictions.transform.LayerNorm.bias 32
cls.predictions.decoder.weight 50 32
cls.predictions.decoder.bias 50
cls.seq_relationship.weight 2 32
cls.seq_relationship.bias 2
""" + BLOCK,
    ('roformer', 'roformer.'): """
embeddings.word_embeddings.weight 50 24
embeddings.token_type_embeddings.weight 2 24
embeddings.LayerNorm.weight 24
embeddings.LayerNorm.bias 24
embeddings_project.weight 32 24
embeddings_project.bias 32
encoder.embed_positions.weight 16 8
cls.predictions.bias 50
cls.predictions.transform.dense.weight 24 32
cls.predictions.transform.dense.bias 24
cls.predictions.transform.LayerNorm.weight 24
cls.predictions.transform.LayerNorm.bias 24
cls.predictions.decoder.weight 50 24
cls.predictions.decoder.bias 50
""" + BLOCK,
    ('roformer_v2', 'roformer.'): """
embeddings.word_embeddings.weight 50 32
embeddings.token_type_embeddings.weight 2 32
encoder.embed_positions.weight 512 8
cls.predictions.decoder.weight 50 32
""" + '\n'.join(line for line in BLOCK.split('\n') if '.weight' in line and 'Norm' not in line),
    ('gau_alpha', 'gau_alpha.'): """
embeddings.word_embeddings.weight 50 32
embeddings.token_type_embeddings.weight 2 32
encoder.embed_positions.weight 512 16
cls.predictions.decoder.weight 50 32
encoder.layer.0.gau.i_dense.weight 144 32
encoder.layer.0.gau.o_dense.weight 32 64
encoder.layer.0.gau.q_scaleoffset.weight 16
encoder.layer.0.gau.k_scaleoffset.weight 16
""",
}  # fmt: skip
MODELS = {
    'bert': dict(with_pool=True, with_nsp=True, with_mlm='linear'),
    'roformer': dict(with_mlm='linear', embedding_size=24),
    'roformer_v2': dict(with_mlm='linear'),
    'gau_alpha': dict(with_mlm='linear'),
}
BY_HAND = {
    'bert': [
        ('bert.encoder.layer.0.intermediate.dense.weight', 'Transformer-0-FeedForward', 0, True),
        ('bert.encoder.layer.0.attention.self.value.bias', 'Transformer-0-MultiHeadSelfAttention', 5, False),
        ('bert.embeddings.LayerNorm.weight', 'Embedding-Norm', 1, False),
        ('bert.embeddings.LayerNorm.bias', 'Embedding-Norm', 0, False),
        ('cls.seq_relationship.weight', 'NSP-Proba', 0, True),
        ('cls.predictions.transform.dense.weight', 'MLM-Dense', 0, True),
    ],
    'roformer': [('roformer.embeddings_project.weight', 'Embedding-Mapping', 0, True)],
    'roformer_v2': [('roformer.encoder.layer.0.output.dense.weight', 'Transformer-0-FeedForward', 1, True)],
    'gau_alpha': [
        ('gau_alpha.encoder.layer.0.gau.i_dense.weight', 'Transformer-0-GatedAttentionUnit', 0, True),
        ('gau_alpha.encoder.layer.0.gau.k_scaleoffset.weight', 'Transformer-0-GatedAttentionUnit', 2, False),
        ('gau_alpha.encoder.layer.0.gau.o_dense.weight', 'Transformer-0-GatedAttentionUnit', 3, True),
    ],
}


def arrays(model, prefix, start=''):
    """Random arrays of a listing; what the file holds twice is the same."""
    rng, found = np.random.RandomState(0), {}
    for line in filter(None, LISTINGS[model, prefix].split('\n')):
        name, shape = line.split()[0], [int(size) for size in line.split()[1:]]
        name = start + (name if name.startswith('cls.') else prefix + name)
        found[name] = rng.normal(size=shape).astype('float32')
    found[start + 'cls.predictions.decoder.weight'] = found[start + prefix + 'embeddings.word_embeddings.weight']
    if start + 'cls.predictions.bias' in found:
        found[start + 'cls.predictions.decoder.bias'] = found[start + 'cls.predictions.bias']
    return found


@pytest.mark.parametrize('model, prefix', sorted(LISTINGS))
def test_published_names(model, prefix, tmp_path):
    given = arrays(model, prefix)
    wrapper = build(model, **MODELS[model])
    report = wrapper.load_weights_from_checkpoint(given, strict=True)
    assert report.names == 'pytorch' and not report.untouched
    assert len(report.loaded) + len(report.unused_copies) == len(given)
    assert all(name.endswith(('.decoder.weight', '.decoder.bias', 'embed_positions.weight'))
               for name in report.unused_copies)
    for name, layer, place, turned in BY_HAND[model]:
        value = wrapper.layers[layer].get_weights()[place]
        np.testing.assert_array_equal(value, given[name].T if turned else given[name])
    # Written again, all is there but what the file holds twice or could compute.
    wrapper.save_weights_as_checkpoint(str(tmp_path / 'model.safetensors'), names='pytorch')
    written = open_checkpoint(str(tmp_path))
    assert set(written.shapes) == set(given) - set(report.unused_copies)
    assert all(np.array_equal(written.get(name), given[name]) for name in written.shapes)
    # Other prefixes: of a whole training script, of the bare encoder. Older names of the norms.
    expected = wrapper.model.get_weights()
    old = {name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'): value
           for name, value in arrays(model, prefix, 'module.').items()}
    for other in (old, {name[len(prefix):] if name.startswith(prefix) else name: x for name, x in given.items()}):
        wrapper.load_weights_from_checkpoint(other, strict=True)
        assert all(np.array_equal(a, b) for a, b in zip(wrapper.model.get_weights(), expected))


def test_one_name_of_the_output_bias_is_enough():
    given = arrays('bert', 'bert.')
    del given['cls.predictions.bias'], given['cls.predictions.decoder.weight']
    wrapper = build('bert', **MODELS['bert'])
    report = wrapper.load_weights_from_checkpoint(given, strict=True)
    assert not report.unused_copies
    assert np.array_equal(wrapper.layers['MLM-Bias'].get_weights()[0], given['cls.predictions.decoder.bias'])


def test_an_untied_output_matrix_matters_to_its_head_only():
    given = arrays('roformer_v2', 'roformer.')
    given['cls.predictions.decoder.weight'] = given['cls.predictions.decoder.weight'] + 1
    assert 'another matrix than the token table' in refusal(build('roformer_v2', with_mlm=True), given)
    build('roformer_v2').load_weights_from_checkpoint(given)


def test_what_has_no_place_is_told_by_kind():
    given = dict(arrays('bert', 'bert.'), **{
        'classifier.weight': np.zeros((3, 32)), 'bert.adapter.weight': np.zeros(2), 'bert.embeddings.position_ids': 1
    })
    report = build('bert').load_weights_from_checkpoint(given)
    assert report.unused_layers == ['bert.adapter.weight'] and 'classifier.weight' in report.unused_heads
    assert 'cls/predictions/output_bias' in report.unused_heads
    assert 'bert.embeddings.position_ids' in report.unused_copies and 'copies and buffers not needed' in str(report)


def test_what_does_not_fit_is_told_under_both_names():
    given = arrays('bert', 'bert.')
    given['bert.encoder.layer.0.output.dense.weight'] = np.zeros((32, 60), 'float32')
    del given['bert.pooler.dense.bias']
    message = refusal(build('bert', with_pool=True), given)
    assert 'bert/encoder/layer_0/output/dense/kernel (in the file: bert.encoder.layer.0.output.dense.weight): ' \
        'shape (60, 32) found, (64, 32) wanted' in message
    assert 'bert/pooler/dense/bias: missing, (32,) wanted' in message


def test_several_encoders_in_one_file():
    given = {start + name: value for start in ('query.', 'text.') for name, value in arrays('bert', 'bert.').items()}
    message = refusal(build('bert'), given)
    assert "2 encoders, with the prefixes 'query.bert.', 'text.bert.'" in message
    with pytest.raises(CheckpointError, match='2 encoders'):
        canonical(open_checkpoint(given))


def test_positions_of_roberta_are_not_bert_s():
    given = {name.replace('bert.', 'roberta.'): value for name, value in arrays('bert', 'bert.').items()}
    assert 'whose positions start at row 2 of their table' in refusal(build('bert'), given)


def test_a_file_of_another_model_is_refused_with_the_reason():
    """transformers loads RoFormerV2's weights into its RoFormer without a word."""
    message = refusal(build('roformer'), arrays('roformer_v2', 'roformer.'))
    assert "this is a RoFormerV2 file" in message and "Use model='roformer_v2'" in message
    message = refusal(build('roformer_v2', embedding_size=24), arrays('roformer', 'roformer.'))
    assert "this is a RoFormer file" in message, 'all kernels are there, but not what to do with the biases'


def test_a_gated_network_has_names_too(tmp_path):
    wrapper = build_full('roformer_v2', hidden_act=['swish', 'linear'])
    wrapper.save_weights_as_checkpoint(str(tmp_path / 'gated.safetensors'), names='pytorch')
    before = arrays_of(wrapper)
    wrapper.load_weights_from_checkpoint(str(tmp_path / 'gated.safetensors'), strict=True)
    after = arrays_of(wrapper)
    assert all(np.array_equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize('names, expected', [
    ([], 'bert4keras'), (['bert/embeddings/word_embeddings', 'global_step'], 'bert4keras'), (['table'], 'bert4keras'),
    (['embeddings.word_embeddings.weight', 'x.bias'], 'pytorch'), (['x.gamma', 'x.beta'], 'pytorch'),
    (['Embedding-Token.0', 'Transformer-0-FeedForward.11'], 'layers'), (['x.0', 'x.weight'], 'pytorch'),
    (['bert/encoder/layer_0/attention/self/query/kernel'], 'bert4keras'),
])
def test_the_name_space_is_told_by_the_names(names, expected):
    assert name_space(names) == expected
