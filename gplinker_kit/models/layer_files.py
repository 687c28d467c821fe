"""Files that name layers instead of variables: which model they are of, and what the variables would be called."""

from gplinker_kit.models.checkpoint.translation import canonical
from gplinker_kit.models.registry import MODELS

FIRST, TOKENS = 'Transformer-0-', 'Embedding-Token'
# The first layer that is there tells.
MARKS = (
    (FIRST + 'GatedAttentionUnit', 'gau_alpha'),  # FLASH-Quad's layers are called so too
    (FIRST + 'FLASH', 'flash'),
    (FIRST + 'MixedChunkAttention', 'mc_tfm'),
    ('Embedding-Position', 'bert'),
    ('Embedding-Norm', 'roformer'),
    (FIRST + 'FeedForward-Norm', 'gpt_neox'),
    ('Final-Norm', 'gpt_j'),
    (FIRST + 'MultiHeadSelfAttention', 'roformer_v2'),
)


def under_variable_names(checkpoint):
    """Returns an opened checkpoint under the canonical names, whatever names it has.

    What belongs to no encoder of ours keeps its name. Of a file of layers, the layers tell which model they are of.
    """
    if checkpoint.names != 'layers':
        return canonical(checkpoint)
    counts = {}
    for name in checkpoint.shapes:
        layer = name.rsplit('.', 1)[0]
        counts[layer] = counts.get(layer, 0) + 1
    prefix = _prefix(counts)
    model = next((model for mark, model in MARKS if prefix + mark in counts), None)
    if model is None:
        return checkpoint
    inner = counts.get(prefix + FIRST + 'FeedForward', 2)
    gates = inner - 1 if model in ('roformer_v2', 'mc_tfm') else max(inner // 2, 2) - 1
    return canonical(checkpoint, unbuilt(model, _blocks(counts, prefix), gates, prefix))


def _prefix(layers):
    """What the model was built with as `prefix`; of several encoders in a file, the one without, or none of them."""
    found = {layer[: -len(TOKENS)] for layer in layers if layer.endswith(TOKENS)}
    return found.pop() if len(found) == 1 else ''


def _blocks(layers, prefix):
    start = prefix + 'Transformer-'
    numbers = [layer[len(start) :].split('-')[0] for layer in layers if layer.startswith(start)]
    return max([int(number) for number in numbers if number.isdigit()] + [0]) + 1


def unbuilt(model, blocks, gates, prefix=''):
    """Returns a model, not built, that only knows its table of names."""
    # 2, since rotary positions need an even size.
    required = ('vocab_size', 'hidden_size', 'num_attention_heads', 'intermediate_size', 'attention_key_size')
    sizes = dict.fromkeys(required, 2)
    act = 'relu' if model in ('gau_alpha', 'flash_quad', 'flash') else ['relu'] * gates
    return MODELS[model](num_hidden_layers=blocks, hidden_act=act, prefix=prefix, **sizes)
