"""What Hugging Face's config files say beyond sizes: which model they are of, and options that nothing here honours."""

from gplinker_kit.errors import hint

MODEL_TYPES = {
    'bert': 'bert', 'roformer': 'roformer', 'roformer_v2': 'roformer_v2', 'gau_alpha': 'gau_alpha',
    'flash_quad': 'flash_quad', 'flash': 'flash', 'mc_tfm': 'mc_tfm', 'gptj': 'gpt_j', 'gpt_j': 'gpt_j',
    'gpt_neox': 'gpt_neox',
}  # fmt: skip
PLAIN = ('roformer_v2', 'gau_alpha', 'flash_quad', 'flash', 'mc_tfm')  # RMS norms without parameters, no biases
ACTIVATIONS = {
    'gelu_new': 'gelu_tanh', 'gelu_fast': 'gelu_tanh', 'gelu_pytorch_tanh': 'gelu_tanh', 'gelu_python': 'gelu_erf',
    'silu': 'swish',
}  # fmt: skip
# What the config files of decoders call our options.
DECODERS = ('gpt_j', 'gpt_neox')
OF_DECODERS = {
    'n_embd': 'hidden_size', 'n_layer': 'num_hidden_layers', 'n_head': 'num_attention_heads',
    'n_inner': 'intermediate_size', 'activation_function': 'hidden_act', 'resid_pdrop': 'hidden_dropout_prob',
    'attn_pdrop': 'attention_probs_dropout_prob', 'hidden_dropout': 'hidden_dropout_prob',
    'attention_dropout': 'attention_probs_dropout_prob', 'rotary_emb_base': 'rotary_base',
    'layer_norm_epsilon': 'layer_norm_eps',
}  # fmt: skip
# key: (the values that make no difference, what another one means)
REFUSED = {
    'rotary_value': ((False,), 'rotary positions on the values too, which no model here has'),
    'position_embedding_type': (('absolute',), 'relative positions, which no model here has'),
    'is_decoder': ((False,), "a decoder; application='lm' and a config with false make a causal model"),
    'is_encoder_decoder': ((False,), 'an encoder and a decoder'),
    'add_cross_attention': ((False,), 'attention to an encoder'),
    'pad_token_id': ((0,), 'padding by another token than 0, which is what masks here'),
    'pruned_heads': (({}, []), 'blocks with heads removed'),
}


def model_of(given, path):
    """Returns the name of the model that a config file names by its `model_type`, or None where it names none.

    Raises: ValueError for a type that there is not here.
    """
    kind = given.get('model_type')
    if kind is None:
        return None
    name = MODEL_TYPES.get(str(kind).lower())
    if name is None:
        raise ValueError('%s: model_type %r is none of the models here.%s' % (path, kind, hint(kind, MODEL_TYPES)))
    return 'roformer_v2' if name == 'roformer' and _plain(given) else name


def _plain(given):
    """Whether a config asks for a model without norm parameters or biases, which only some files say."""
    return given.get('norm_type', 'layer_norm') != 'layer_norm' or given.get('use_bias', True) is False


def check_options(given, model, path):
    """Raises a ValueError that lists the options of a config file which a model cannot honour; `model` may be None."""
    problems = [
        '%s = %r: %s' % (key, given[key], meaning)
        for key, (harmless, meaning) in REFUSED.items()
        if given.get(key) is not None and given[key] not in harmless
        and not (model in DECODERS and key in ('pad_token_id', 'is_decoder'))
    ]
    norm, bias = given.get('norm_type'), given.get('use_bias')
    said = ', '.join('%s = %r' % pair for pair in (('norm_type', norm), ('use_bias', bias)) if pair[1] is not None)
    if model in ('bert', 'roberta', 'roformer') and _plain(given):
        problems.append("%s: this is RoFormerV2 (RMS norms, no biases). Use model='roformer_v2'" % said)
    elif model in PLAIN and (norm == 'layer_norm' or bias is True):
        problems.append("%s: norms with parameters or biases, which %s has not; RoFormer has both" % (said, model))
    rope = _rope(given)[0]
    if model in DECODERS and rope not in ('default', 'linear'):
        problems.append('rope_type = %r: rotary positions are scaled linearly here, or not at all' % rope)
    if model == 'gau_alpha' and given.get('normalization', 'softmax_plus') != 'softmax_plus':
        problems.append('normalization = %r: GAU-α has softmax_plus' % given['normalization'])
    if problems:
        raise ValueError('%s cannot be honoured:\n  %s' % (path, '\n  '.join(problems)))


def remarks(given, model, path):
    """Returns sentences on options that make a small difference and are not honoured."""
    epsilon = given.get('layer_norm_eps')
    if not isinstance(epsilon, float) or epsilon <= 1e-6 or model in PLAIN or model in DECODERS and epsilon == 1e-5:
        return []
    ours = '1e-5' if model in DECODERS else '1e-7 or less'
    return ['%s: layer_norm_eps %g is ignored; norms here have %s' % (path, epsilon, ours)]


def translated(given):
    """Returns a config with our names of activations, and of a decoder's with our names of all options."""
    if MODEL_TYPES.get(str(given.get('model_type')).lower()) in DECODERS:
        given = _decoder(given)
    act = given.get('hidden_act')
    return dict(given, hidden_act=ACTIVATIONS[act]) if isinstance(act, str) and act in ACTIVATIONS else given


def _rope(given):
    """(kind, all) of what a config says of rotary positions, under either of its names."""
    found = given.get('rope_parameters') or given.get('rope_scaling') or {}
    if not isinstance(found, dict):
        raise ValueError('rope_parameters, rope_scaling: expected an object, got %r' % (found,))
    return found.get('rope_type', found.get('type', 'default')), found


def _decoder(given):
    given = {OF_DECODERS.get(name, name): value for name, value in given.items()}
    width, heads = given.get('hidden_size'), given.get('num_attention_heads')
    if isinstance(width, int):
        given.setdefault('intermediate_size', 4 * width)
    if given.get('hidden_act') == 'gelu':
        given['hidden_act'] = 'gelu_erf'
    kind, nested = _rope(given)
    given.setdefault('rotary_base', nested.get('rope_theta'))
    if kind == 'linear':
        given.setdefault('rotary_scaling', {'type': 'linear', 'factor': nested.get('factor')})
    share = given.get('rotary_pct', nested.get('partial_rotary_factor'))
    for name, value, kinds in (('hidden_size', width, int), ('num_attention_heads', heads, int),
                               ('rotary_pct', share, (int, float))):
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < 2 ** 31):
            raise ValueError('%s: expected a number from 0, got %r' % (name, value))
    if share is not None and width and heads:
        given.setdefault('rotary_dim', int(share * width) // heads)
    return given
