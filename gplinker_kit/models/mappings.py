"""Which variable of a published checkpoint goes to which weight of which layer; bert4keras's layer names.

Each table is {layer name: [variables in the layer's weight order]}; a layer that a model lacks is passed over.
"""

import re


def embedding_names():
    return {
        'Embedding-Token': ['bert/embeddings/word_embeddings'],
        'Embedding-Segment': ['bert/embeddings/token_type_embeddings'],
    }


def bert_names(layers, position=True, gates=1):
    """BERT, RoBERTa and (without `position`) RoFormer; `gates` is the number of activations of a gated network."""
    names = embedding_names()
    if position:
        names['Embedding-Position'] = ['bert/embeddings/position_embeddings']
    names['Embedding-Norm'] = _norm('bert/embeddings/LayerNorm')
    names['Embedding-Mapping'] = _dense('bert/encoder/embedding_hidden_mapping_in')
    names['Pooler-Dense'] = _dense('bert/pooler/dense')
    names['NSP-Proba'] = ['cls/seq_relationship/output_weights', 'cls/seq_relationship/output_bias']
    names['MLM-Dense'] = _dense('cls/predictions/transform/dense')
    names['MLM-Norm'] = _norm('cls/predictions/transform/LayerNorm')
    names['MLM-Bias'] = ['cls/predictions/output_bias']
    for i in range(layers):
        stem = 'bert/encoder/layer_%d/' % i
        attention, forward = _block(i)
        names[attention] = [v for part in _ATTENTION for v in _dense(stem + part)]
        names[attention + '-Norm'] = _norm(stem + 'attention/output/LayerNorm')
        names[forward] = [v for part in _forward(gates) for v in _dense(stem + part)]
        names[forward + '-Norm'] = _norm(stem + 'output/LayerNorm')
    return names


def roformer_v2_names(layers, gates=1):
    """RoFormerV2: kernels alone."""
    names = embedding_names()
    names['Embedding-Mapping'] = ['bert/encoder/embedding_hidden_mapping_in/kernel']
    for i in range(layers):
        stem = 'bert/encoder/layer_%d/' % i
        attention, forward = _block(i)
        names[attention] = [stem + part + '/kernel' for part in _ATTENTION]
        names[forward] = [stem + part + '/kernel' for part in _forward(gates)]
    return names


def gau_alpha_names(layers):
    """GAU-α."""
    names = embedding_names()
    names['Embedding-Mapping'] = ['bert/encoder/embedding_hidden_mapping_in/kernel']
    for i in range(layers):
        stem = 'GAU_alpha/encoder/layer_%d/gau/' % i
        names['Transformer-%d-GatedAttentionUnit' % i] = [
            stem + 'i_dense/kernel',
            stem + 'q_scaleoffset/gamma',
            stem + 'k_scaleoffset/gamma',
            stem + 'o_dense/kernel',
        ]
    return names


def flash_quad_names(layers):
    """FLASH-Quad: the names are ours, as nobody has published one; those of GAU-α under another stem."""
    gau = gau_alpha_names(layers)
    return {layer: [name.replace('GAU_alpha/', 'FLASH_quad/') for name in names] for layer, names in gau.items()}


def flash_names(layers, branches=('quad', 'linear')):
    """FLASH; ours too. `branches` of the attention: each has scales of its own."""
    names = embedding_names()
    names['Embedding-Mapping'] = ['bert/encoder/embedding_hidden_mapping_in/kernel']
    for i in range(layers):
        stem = 'FLASH/encoder/layer_%d/flash/' % i
        names['Transformer-%d-FLASH' % i] = (
            [stem + 'i_dense/kernel'] + _scales(stem, branches) + [stem + 'o_dense/kernel']
        )
    return names


def mc_tfm_names(layers, branches=('quad', 'linear'), gates=1):
    """MC-TFM; ours too."""
    names = embedding_names()
    names['Embedding-Mapping'] = ['bert/encoder/embedding_hidden_mapping_in/kernel']
    for i in range(layers):
        stem = 'MC_TFM/encoder/layer_%d/' % i
        query, key, value, output = [stem + part + '/kernel' for part in _ATTENTION]
        scales = _scales(stem + 'attention/self/', branches)
        names['Transformer-%d-MixedChunkAttention' % i] = [query, key, value] + scales + [output]
        names[_block(i)[1]] = [stem + part + '/kernel' for part in _forward(gates)]
    return names


_ATTENTION = ('attention/self/query', 'attention/self/key', 'attention/self/value', 'attention/output/dense')


def _scales(stem, branches):
    return ['%s%s_%s_scaleoffset/gamma' % (stem, branch, side) for branch in branches for side in 'qk']


def _block(i):
    return 'Transformer-%d-MultiHeadSelfAttention' % i, 'Transformer-%d-FeedForward' % i


def _forward(gates):
    # Nobody has published a gated BERT: the names of the further matrices are ours, after those of T5.
    return ['intermediate/dense' + ('_%d' % k if k else '') for k in range(gates)] + ['output/dense']


def _dense(stem):
    return [stem + '/kernel', stem + '/bias']


def _norm(stem):
    return [stem + '/beta', stem + '/gamma']


_STEMS = {
    'MultiHeadSelfAttention': 'bert/encoder/layer_%d/attention/output',
    'FeedForward': 'bert/encoder/layer_%d/output',
    'GatedAttentionUnit': 'GAU_alpha/encoder/layer_%d/gau/output',
}


def with_block_options(names, model):
    """A table with what the options of the builder add: norms, and the factors of residual schemes. The names are ours.

    Sub-layers are found by their names, `Transformer-%d-KIND`, in the table; `model` is a `Transformer`.
    """
    made, found = dict(names), [re.match(r'(Transformer-(\d+))-([A-Za-z]+)$', name) for name in names]
    factor = 'alpha' if model.residual == 'admin' else 'epsilon'
    for match in filter(None, found):
        block, index, kind = match.groups()
        stem = _STEMS.get(kind, 'bert/encoder/layer_%d/' + kind) % int(index)
        if model.norm is not None:
            made.setdefault(match.group() + '-Norm', _norm(stem + '/LayerNorm'))
        if model.residual in ('admin', 'skipinit'):
            made[match.group() + '-Residual'] = ['%s/residual/%s' % (stem, factor)]
        elif model.residual == 'rezero':
            made[block + '-Residual'] = ['bert/encoder/layer_%s/residual/epsilon' % index]
    if model.norm is not None:
        made.setdefault('Embedding-Norm', _norm('bert/embeddings/LayerNorm'))
    if model.norm_position == 'pre':
        made['Final-Norm'] = _norm('bert/encoder/final/LayerNorm')
    if model.residual == 'ramp':
        made['Residual-Ramp'] = ['bert/encoder/residual/batches']
    return made
