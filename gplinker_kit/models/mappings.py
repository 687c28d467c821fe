"""Which variable of a published checkpoint goes to which weight of which layer; bert4keras's layer names.

Each table is {layer name: [variables in the layer's weight order]}; a layer that a model lacks is passed over.
"""


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


_ATTENTION = ('attention/self/query', 'attention/self/key', 'attention/self/value', 'attention/output/dense')


def _block(i):
    return 'Transformer-%d-MultiHeadSelfAttention' % i, 'Transformer-%d-FeedForward' % i


def _forward(gates):
    # Nobody has published a gated BERT: the names of the further matrices are ours, after those of T5.
    return ['intermediate/dense' + ('_%d' % k if k else '') for k in range(gates)] + ['output/dense']


def _dense(stem):
    return [stem + '/kernel', stem + '/bias']


def _norm(stem):
    return [stem + '/beta', stem + '/gamma']


def gpt_j_names(layers):
    """GPT-J, under the names of its public files."""
    names = {
        'Embedding-Token': ['transformer.wte.weight'],
        'Output-Norm': _published('transformer.ln_f', norm=True),
        'LM-Head': _published('lm_head'),
    }
    for i in range(layers):
        stem, (attention, forward) = 'transformer.h.%d.' % i, _block(i)
        names[attention] = [stem + 'attn.%s_proj.weight' % part for part in ('q', 'k', 'v', 'out')]
        names[attention + '-Norm'] = _published(stem + 'ln_1', norm=True)
        names[forward] = _published(stem + 'mlp.fc_in') + _published(stem + 'mlp.fc_out')
    return names


# What holds the queries, keys and values of GPT-NeoX in public files, and what its parts are called here.
FUSED, PARTS = 'attention.query_key_value.', ('attention.query.', 'attention.key.', 'attention.value.')


def gpt_neox_names(layers):
    """GPT-NeoX, under the names of its public files, but for `PARTS`, which these hold as one."""
    names = {
        'Embedding-Token': ['gpt_neox.embed_in.weight'],
        'Output-Norm': _published('gpt_neox.final_layer_norm', norm=True),
        'LM-Head': ['embed_out.weight'],
    }
    for i in range(layers):
        stem, (attention, forward) = 'gpt_neox.layers.%d.' % i, _block(i)
        parts = PARTS + ('attention.dense.',)
        names[attention] = [name for part in parts for name in _published(stem + part[:-1])]
        names[attention + '-Norm'] = _published(stem + 'input_layernorm', norm=True)
        names[forward] = _published(stem + 'mlp.dense_h_to_4h') + _published(stem + 'mlp.dense_4h_to_h')
        names[forward + '-Norm'] = _published(stem + 'post_attention_layernorm', norm=True)
    return names


def fused_place(name):
    """Returns (the name of what holds a part of `PARTS`, the number of the part), or None for another name."""
    for place, part in enumerate(PARTS):
        if part in name:
            return name.replace(part, FUSED), place
    return None


def _published(stem, norm=False):
    """PyTorch's names of a matrix and its bias, or of a norm's shift and gain, in the order of our weights."""
    return [stem + '.bias', stem + '.weight'] if norm else [stem + '.weight', stem + '.bias']
