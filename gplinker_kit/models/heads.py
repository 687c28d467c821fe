"""What stands on an encoder: pooler, next-sentence and masked-language-model heads, GPLinker's pointers."""

from gplinker_kit.backend import activations, register
from gplinker_kit.layers import (
    Activation,
    Dense,
    Dropout,
    EfficientGlobalPointer,
    Embedding,
    FirstToken,
    ScaleOffset,
)
from gplinker_kit.layers.common import first
from gplinker_kit.models import blocks, options

# Stock layers of a saved model name their activation, and Keras does not know ours.
for _function in activations.NAMED.values():
    register(_function)


def pooler(model, x, activation):
    """First token through a Dense: (b, n, e) -> (b, e)."""
    x = model.apply(x, FirstToken, name='Pooler')
    return model.apply(
        x,
        Dense,
        units=model.hidden_size,
        activation=options.function('with_pool', activation),
        kernel_initializer=model.initializer,
        name='Pooler-Dense',
    )


def next_sentence(model, x):
    """(b, e) -> probabilities (b, 2)."""
    return model.apply(x, Dense, units=2, activation='softmax', kernel_initializer=model.initializer, name='NSP-Proba')


def tied_logits(model, x):
    """(b, n, embedding_size) -> (b, n, vocab_size) by the token table."""
    return model.apply(x, Embedding, {'mode': 'dense'}, name='Embedding-Token')


def masked_language_model(model, x, activation):
    """BERT's MLM head: Dense, norm (ε = 1e-12), token table, bias, activation -> (b, n, vocab_size).

    With a gated feed-forward network the Dense takes the first of its activations.
    """
    x = model.apply(
        x,
        Dense,
        units=model.embedding_size,
        activation=options.function('hidden_act', first(model.hidden_act)),
        kernel_initializer=model.initializer,
        name='MLM-Dense',
    )
    x = blocks.normalize(model, x, 'MLM-Norm', {'epsilon': 1e-12})
    x = tied_logits(model, x)
    x = model.apply(x, ScaleOffset, scale=False, name='MLM-Bias')
    return model.apply(x, Activation, activation=options.function('with_mlm', activation), name='MLM-Activation')


def plain_language_model(model, x, activation):
    """RoFormerV2's and GAU-α's MLM head: projection (where sizes differ), dropout, token table, activation."""
    if model.embedding_size != model.hidden_size:
        x = model.apply(
            x,
            Dense,
            units=model.embedding_size,
            use_bias=False,
            kernel_initializer=model.initializer,
            name='Output-Mapping',
        )
    x = model.apply(x, Dropout, rate=model.dropout_rate, name='Output-MLM-Dropout')
    x = tied_logits(model, x)
    return model.apply(x, Activation, activation=options.function('with_mlm', activation), name='Output-MLM-Activation')


def bert_heads(model, x):
    """The outputs that with_pool, with_nsp and with_mlm ask for; without any, the hidden states."""
    outputs = []
    if model.with_pool or model.with_nsp:
        pooled = pooler(model, x, 'tanh' if model.with_pool in (True, False) else model.with_pool)
        outputs.append(next_sentence(model, pooled) if model.with_nsp else pooled)
    if model.with_mlm:
        outputs.append(masked_language_model(model, x, 'softmax' if model.with_mlm is True else model.with_mlm))
    if not outputs:
        return x
    return outputs[0] if len(outputs) == 1 else outputs


def plain_heads(model, x):
    """Hidden states, or MLM probabilities (logits for 'linear') where with_mlm asks for them."""
    if not model.with_mlm:
        return x
    return plain_language_model(model, x, 'softmax' if model.with_mlm is True else model.with_mlm)


def event_pointers(x, labels, head_size=64, link_labels=1):
    """GPLinker's three heads on hidden states x (b, n, e), in packed form.

    Arguments: labels: int, argument labels. head_size: int. link_labels: int t, 1 for links that all event types share,
    or the number of event types for typed links: 4 · head_size + 2 weights a type and pointer more, and no more scores.
    Returns: [(b, n, n + 2·labels), (b, n, n + 2·t), (b, n, n + 2·t)]: arguments with rotary positions, head links and
    tail links without, all above the diagonal. Source: kexue.fm/archives/8926.
    """
    arguments = EfficientGlobalPointer(labels, head_size, packed=True, name='Argument-Pointer')
    heads = EfficientGlobalPointer(link_labels, head_size, RoPE=False, packed=True, name='Head-Link-Pointer')
    tails = EfficientGlobalPointer(link_labels, head_size, RoPE=False, packed=True, name='Tail-Link-Pointer')
    return [arguments(x), heads(x), tails(x)]


def relation_pointers(x, links, head_size=64):
    """GPLinker's three heads for triples on hidden states x (b, n, e), in packed form.

    Arguments: links: int, labels of the link heads. head_size: int.
    Returns: [(b, n, n + 4), (b, n, n + 2·links), (b, n, n + 2·links)]: entities, subjects and objects, with rotary
    positions and above the diagonal; head links and tail links without positions and on both sides of it, since an
    object may come before its subject. Source: kexue.fm/archives/8888.
    """
    free = {'RoPE': False, 'tril_mask': False, 'packed': True}
    entities = EfficientGlobalPointer(2, head_size, packed=True, name='Entity-Pointer')
    heads = EfficientGlobalPointer(links, head_size, name='Head-Link-Pointer', **free)
    tails = EfficientGlobalPointer(links, head_size, name='Tail-Link-Pointer', **free)
    return [entities(x), heads(x), tails(x)]
