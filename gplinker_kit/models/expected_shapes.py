"""The variables that a checkpoint of a model holds, by arithmetic: names and shapes without building anything."""

import re
from types import SimpleNamespace

from gplinker_kit.errors import hint
from gplinker_kit.layers.chunk_layer import BRANCHES
from gplinker_kit.models import mappings

POSITION_TABLES = ('bert', 'roberta')
NORMED = POSITION_TABLES + ('roformer',)  # biases, and norms with parameters
DECODERS = ('gpt_j', 'gpt_neox')
ARCHITECTURES = NORMED + ('roformer_v2', 'gau_alpha', 'flash_quad', 'flash', 'mc_tfm') + DECODERS


def expected_shapes(model, config):
    """Returns {canonical variable name: shape} of a model's checkpoint, heads only where the config asks for them.

    Arguments:
        model: a name of `MODELS`. config: arguments of the builder, such as `resolve_config` returns; keep_tokens and
            compound_tokens choose among a file's rows and change nothing here.
    Raises: ValueError for another model, or a config without the sizes.
    """
    return {
        name: shape
        for names, shapes in expected_layers(model, config).values()
        for name, shape in zip(names, shapes)
    }


def parameter_count(model, config):
    """Returns the number of parameters of what `expected_shapes` lists."""
    total = 0
    for shape in expected_shapes(model, config).values():
        size = 1
        for length in shape:
            size *= length
        total += size
    return total


def expected_layers(model, config):
    """Returns {layer name: (variable names, shapes)}, both in the order of the layer's weights."""
    if model not in ARCHITECTURES:
        raise ValueError('unknown model %r.%s' % (model, hint(model, ARCHITECTURES)))
    sizes = _sizes(config, model)
    layers = (_decoder_layers if model in DECODERS else _layers)(model, sizes)
    _change_blocks(layers, model, sizes)
    asked = SimpleNamespace(**{name: sizes[name] for name in ('norm', 'norm_position', 'residual')})
    names = mappings.with_block_options(_names(model, sizes), asked)
    return {layer: (names[layer], shapes) for layer, shapes in layers.items()}


def _sizes(config, model):
    required = ('vocab_size', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size')
    missing = [name for name in required if config.get(name) is None]
    if missing:
        raise ValueError('the config lacks %s' % ', '.join(missing))
    sizes = dict(config)
    width = config.get('attention_head_size') or sizes['hidden_size'] // sizes['num_attention_heads']
    sizes.update(
        attention_head_size=width,
        attention_key_size=config.get('attention_key_size') or width,
        embedding_size=config.get('embedding_size') or sizes['hidden_size'],
        segment_vocab_size=sizes.get('segment_vocab_size', 0 if model in DECODERS else 2) or 0,
        norm=config.get('norm'),
        norm_position=config.get('norm_position') or ('pre' if model in DECODERS else 'post'),
        residual=config.get('residual') or 'plain',
        max_position=sizes.get('max_position') or 512,
    )
    sizes['branches'] = BRANCHES[config.get('attention_branches') or 'mixed']
    act = config.get('hidden_act')
    sizes['gates'] = len(act) if isinstance(act, (list, tuple)) else 1
    return sizes


def _names(model, sizes):
    depth, gates = sizes['num_hidden_layers'], sizes['gates']
    if model in NORMED:
        return mappings.bert_names(depth, model in POSITION_TABLES, gates)
    return {
        'roformer_v2': lambda: mappings.roformer_v2_names(depth, gates),
        'gau_alpha': lambda: mappings.gau_alpha_names(depth),
        'flash_quad': lambda: mappings.flash_quad_names(depth),
        'flash': lambda: mappings.flash_names(depth, sizes['branches']),
        'mc_tfm': lambda: mappings.mc_tfm_names(depth, sizes['branches'], gates),
        'gpt_j': lambda: mappings.gpt_j_names(depth, gates),
        'gpt_neox': lambda: mappings.gpt_neox_names(depth, gates),
    }[model]()


def _layers(model, sizes):
    """{layer name: shapes of its weights}; the shape that a file has, where a model stores another."""
    normed, width, embedded = model in NORMED, sizes['hidden_size'], sizes['embedding_size']

    def dense(inputs, units):
        return [(inputs, units), (units,)] if normed else [(inputs, units)]

    layers = {'Embedding-Token': [(sizes['vocab_size'], embedded)]}
    if sizes['segment_vocab_size'] and not sizes.get('shared_segment_embeddings'):
        layers['Embedding-Segment'] = [(sizes['segment_vocab_size'], embedded)]
    if model in POSITION_TABLES:
        layers['Embedding-Position'] = [(sizes['max_position'], embedded)]
    if normed:
        layers['Embedding-Norm'] = [(embedded,)] * 2
    if embedded != width:
        layers['Embedding-Mapping'] = dense(embedded, width)
    for index in range(sizes['num_hidden_layers']):
        stem = 'Transformer-%d-' % index
        if model in ('gau_alpha', 'flash_quad'):
            layers[stem + 'GatedAttentionUnit'] = _gated_unit(sizes, 2)
            continue
        scales = 2 * len(sizes['branches'])  # of a query and a key a branch
        if model == 'flash':
            layers[stem + 'FLASH'] = _gated_unit(sizes, scales)
            continue
        keys, values = [sizes['num_attention_heads'] * sizes['attention_%s_size' % kind] for kind in ('key', 'head')]
        inner = sizes['intermediate_size']
        projections = dense(width, keys) * 2 + dense(width, values)
        if model == 'mc_tfm':
            layers[stem + 'MixedChunkAttention'] = projections + [(keys,)] * scales + dense(values, width)
        else:
            layers[stem + 'MultiHeadSelfAttention'] = projections + dense(values, width)
        layers[stem + 'FeedForward'] = dense(width, inner) * sizes['gates'] + dense(inner, width)
        if normed:
            layers[stem + 'MultiHeadSelfAttention-Norm'] = layers[stem + 'FeedForward-Norm'] = [(width,)] * 2
    if normed:
        layers.update(_heads(sizes))
    return layers


def _decoder_layers(model, sizes):
    """Those of GPT-J and GPT-NeoX, whose files have matrices the other way round."""
    width, embedded, inner = sizes['hidden_size'], sizes['embedding_size'], sizes['intermediate_size']
    keys, values = [sizes['num_attention_heads'] * sizes['attention_%s_size' % kind] for kind in ('key', 'head')]
    neox = model == 'gpt_neox'

    def dense(inputs, units, bias=True):
        return [(units, inputs)] + [(units,)] * bias

    layers = {'Embedding-Token': [(sizes['vocab_size'], embedded)], 'Final-Norm': [(width,)] * 2}
    if sizes['segment_vocab_size'] and not sizes.get('shared_segment_embeddings'):
        layers['Embedding-Segment'] = [(sizes['segment_vocab_size'], embedded)]
    if embedded != width:
        layers['Embedding-Mapping'] = dense(embedded, width)
    if sizes.get('with_lm', True) and not sizes.get('tie_word_embeddings'):
        layers['LM-Head'] = dense(width, sizes['vocab_size'], not neox)
    for index in range(sizes['num_hidden_layers']):
        attention, forward = ('Transformer-%d-' % index + part for part in ('MultiHeadSelfAttention', 'FeedForward'))
        layers[attention] = dense(width, keys, neox) * 2 + dense(width, values, neox) + dense(values, width, neox)
        layers[forward] = dense(width, inner) * sizes['gates'] + dense(inner, width)
        for name in [attention] + [forward] * neox:
            layers[name + '-Norm'] = [(width,)] * 2
    return layers


def _change_blocks(layers, model, sizes):
    """Adds and removes what norm, norm_position and residual of the config say, see `block_options`."""
    width, residual = sizes['hidden_size'], sizes['residual']
    parts = [name for name in layers if re.match(r'Transformer-\d+-[A-Za-z]+$', name)]
    if sizes['norm'] == 'rms' or (sizes['norm'] is None and model not in NORMED + DECODERS):
        for name in [name for name in layers if re.match(r'(Embedding|Final|Transformer-.*)-Norm$', name)]:
            del layers[name]
    elif model not in DECODERS:
        layers['Embedding-Norm'] = [(sizes['embedding_size'],)] * 2
        layers.update((name + '-Norm', [(width,)] * 2) for name in parts)
        if sizes['norm_position'] == 'pre':
            layers['Final-Norm'] = [(width,)] * 2
    if residual in ('admin', 'skipinit'):
        together = model == 'gpt_j' or (model == 'gpt_neox' and sizes.get('use_parallel_residual', True))
        sums = [name for name in parts if not (together and name.endswith('FeedForward'))]
        layers.update((name + '-Residual', [(width if residual == 'admin' else 1,)]) for name in sums)
    elif residual == 'rezero':
        layers.update(('Transformer-%d-Residual' % i, [(1,)]) for i in range(sizes['num_hidden_layers']))
    elif residual == 'ramp':
        layers['Residual-Ramp'] = [(1,)]


def _gated_unit(sizes, scales):
    width, inner, keys = sizes['hidden_size'], sizes['intermediate_size'], sizes['attention_key_size']
    return [(width, 2 * inner + keys)] + [(keys,)] * scales + [(inner, width)]


def _heads(sizes):
    width, embedded, layers = sizes['hidden_size'], sizes['embedding_size'], {}
    if sizes.get('with_pool') or sizes.get('with_nsp'):
        layers['Pooler-Dense'] = [(width, width), (width,)]
    if sizes.get('with_nsp'):
        layers['NSP-Proba'] = [(2, width), (2,)]
    if sizes.get('with_mlm'):
        layers['MLM-Dense'] = [(width, embedded), (embedded,)]
        layers['MLM-Norm'] = [(embedded,)] * 2
        layers['MLM-Bias'] = [(sizes['vocab_size'],)]
    return layers
