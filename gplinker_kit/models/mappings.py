"""Which variable of a published checkpoint goes to which weight of which layer; bert4keras's layer names.

Each table is {layer name: [variables in the layer's weight order]}; a layer that a model lacks is passed over.
"""

import re


def embedding_names():
    return {
        'Embedding-Token': ['bert/embeddings/word_embeddings'],
        'Embedding-Segment': ['bert/embeddings/token_type_embeddings'],
    }


def plain_embedding_names():
    """Those of `PlainEncoder`s."""
    return dict(embedding_names(), **{'Embedding-Mapping': ['bert/encoder/embedding_hidden_mapping_in/kernel']})


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
    names = plain_embedding_names()
    for i in range(layers):
        stem = 'bert/encoder/layer_%d/' % i
        attention, forward = _block(i)
        names[attention] = [stem + part + '/kernel' for part in _ATTENTION]
        names[forward] = [stem + part + '/kernel' for part in _forward(gates)]
    return names


def gau_alpha_names(layers):
    """GAU-α."""
    names = plain_embedding_names()
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
    names = plain_embedding_names()
    for i in range(layers):
        stem = 'FLASH/encoder/layer_%d/flash/' % i
        names['Transformer-%d-FLASH' % i] = (
            [stem + 'i_dense/kernel'] + _scales(stem, branches) + [stem + 'o_dense/kernel']
        )
    return names


def mc_tfm_names(layers, branches=('quad', 'linear'), gates=1):
    """MC-TFM; ours too."""
    names = plain_embedding_names()
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


def gpt_j_names(layers, gates=1):
    """GPT-J, under the names of its public files."""
    names = {
        'Embedding-Token': ['transformer.wte.weight'],
        'Embedding-Segment': ['transformer.wse.weight'],  # this and the next are ours
        'Embedding-Mapping': _published('transformer.wte_mapping'),
        'Final-Norm': _published('transformer.ln_f', norm=True),
        'LM-Head': _published('lm_head'),
    }
    for i in range(layers):
        stem, (attention, forward) = 'transformer.h.%d.' % i, _block(i)
        names[attention] = [stem + 'attn.%s_proj.weight' % part for part in ('q', 'k', 'v', 'out')]
        names[attention + '-Norm'] = _published(stem + 'ln_1', norm=True)
        names[forward] = _inner(stem + 'mlp.fc_in', gates) + _published(stem + 'mlp.fc_out')
    return names


# What holds the queries, keys and values of GPT-NeoX in public files, and what its parts are called here.
FUSED, PARTS = 'attention.query_key_value.', ('attention.query.', 'attention.key.', 'attention.value.')


def gpt_neox_names(layers, gates=1):
    """GPT-NeoX, under the names of its public files, but for `PARTS`, which these hold as one."""
    names = {
        'Embedding-Token': ['gpt_neox.embed_in.weight'],
        'Embedding-Segment': ['gpt_neox.embed_segment.weight'],  # this and the next are ours
        'Embedding-Mapping': _published('gpt_neox.embed_mapping'),
        'Final-Norm': _published('gpt_neox.final_layer_norm', norm=True),
        'LM-Head': ['embed_out.weight'],
    }
    for i in range(layers):
        stem, (attention, forward) = 'gpt_neox.layers.%d.' % i, _block(i)
        parts = PARTS + ('attention.dense.',)
        names[attention] = [name for part in parts for name in _published(stem + part[:-1])]
        names[attention + '-Norm'] = _published(stem + 'input_layernorm', norm=True)
        names[forward] = _inner(stem + 'mlp.dense_h_to_4h', gates) + _published(stem + 'mlp.dense_4h_to_h')
        names[forward + '-Norm'] = _published(stem + 'post_attention_layernorm', norm=True)
    return names


def fused_place(name):
    """Returns (the name of what holds a part of `PARTS`, the number of the part), or None for another name."""
    for place, part in enumerate(PARTS):
        if part in name:
            return name.replace(part, FUSED), place
    return None


def unfused(shapes):
    """{name: shape} of a GPT-NeoX file under the names of `gpt_neox_names`; of any other as it is."""
    found = {}
    for name, shape in shapes.items():
        if FUSED in name:
            third = tuple(size if axis else size // 3 for axis, size in enumerate(shape))
            found.update((name.replace(FUSED, part), third) for part in PARTS)
        else:
            found[name] = shape
    if 'lm_head.weight' in found and any(name.startswith('gpt_neox.') for name in found):
        found.setdefault('embed_out.weight', found.pop('lm_head.weight'))
    return found


def _inner(stem, gates):
    """The inner matrices; those of a gated network beyond the first are ours."""
    return [name for k in range(gates) for name in _published(stem + ('_%d' % k if k else ''))]


def _published(stem, norm=False):
    """PyTorch's names of a matrix and its bias, or of a norm's shift and gain, in the order of our weights."""
    return [stem + '.bias', stem + '.weight'] if norm else [stem + '.weight', stem + '.bias']


_STEMS = {
    'MultiHeadSelfAttention': 'attention/output', 'FeedForward': 'output', 'GatedAttentionUnit': 'gau/output',
    'FLASH': 'flash/output', 'MixedChunkAttention': 'attention/output',
}  # fmt: skip


def with_block_options(names, model):
    """A table with what the options of the builder add: norms, and the factors of residual schemes. The names are ours.

    Sub-layers are found by their names, `Transformer-%d-KIND`, in the table; `model` is a `Transformer`.
    """
    made, found = dict(names), [re.match(r'(Transformer-(\d+))-([A-Za-z]+)$', name) for name in names]
    factor = 'alpha' if model.residual == 'admin' else 'epsilon'
    for match in filter(None, found):
        block, index, kind = match.groups()
        owner, within, _ = made[match.group()][0].partition('/encoder/')
        start = '%s/encoder/layer_%s/' % (owner if within else 'bert', index)
        stem = start + _STEMS.get(kind, kind)
        if model.norm is not None:
            made.setdefault(match.group() + '-Norm', _norm(stem + '/LayerNorm'))
        if model.residual in ('admin', 'skipinit'):
            made[match.group() + '-Residual'] = ['%s/residual/%s' % (stem, factor)]
        elif model.residual == 'rezero':
            made[block + '-Residual'] = [start + 'residual/epsilon']
    if model.norm is not None:
        made.setdefault('Embedding-Norm', _norm('bert/embeddings/LayerNorm'))
    if model.norm_position == 'pre':
        made.setdefault('Final-Norm', _norm('bert/encoder/final/LayerNorm'))
    if model.residual == 'ramp':
        made['Residual-Ramp'] = ['bert/encoder/residual/batches']
    return made
