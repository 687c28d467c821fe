"""Which model a checkpoint belongs to, told by the names and shapes of its variables alone.

Names are those of `mappings`, which all formats are translated to. What optimizers leave in a file, and heads, do not
matter. Plain Python: neither numpy nor a Keras model is needed.
"""

from __future__ import annotations

import re
from collections import namedtuple
from dataclasses import dataclass, field

from gplinker_kit.models.mappings import unfused

TITLES = {
    'bert': 'BERT', 'roformer': 'RoFormer', 'roformer_v2': 'RoFormerV2', 'gau_alpha': 'GAU-α',
    'flash_quad': 'FLASH-Quad', 'flash': 'FLASH', 'mc_tfm': 'MC-TFM', 'gpt_j': 'GPT-J', 'gpt_neox': 'GPT-NeoX',
}  # fmt: skip
TRAITS = {
    'bert': 'biases, norm parameters, a position table',
    'roformer': 'biases, norm parameters, no position table',
    'roformer_v2': 'no biases, no norm parameters',
    'gau_alpha': 'gated attention units',
    'flash_quad': 'gated attention units with squared ReLU',
    'flash': 'gated units with attention in chunks',
    'mc_tfm': 'multi-head attention in chunks',
    'gpt_j': 'a causal decoder with one norm a block',
    'gpt_neox': 'a causal decoder with two norms a block',
}
TOKENS = 'bert/embeddings/word_embeddings'
SEGMENTS = 'bert/embeddings/token_type_embeddings'
POSITIONS = 'bert/embeddings/position_embeddings'
BLOCK = re.compile(
    r'^(?:bert/encoder/layer_(?P<bert>\d+)/(?P<part>attention|intermediate|output)'
    r'|GAU_alpha/encoder/layer_(?P<gau>\d+)/gau)/(?P<rest>[^.]+)/(?P<kind>kernel|bias|beta|gamma)$'
)
HEADS = (
    ('pooler', r'^bert/pooler/dense/'),
    ('next-sentence', r'^cls/seq_relationship/'),
    ('masked-language-model', r'^cls/predictions/(transform/(dense|LayerNorm)/(kernel|bias|beta|gamma)|output_bias)$'),
)
# Ours alone: what their names are like, and whose they become for the sizes to be read.
OWN = {
    'flash_quad': (r'^FLASH_quad/', 'GAU_alpha/'),
    'flash': (r'^FLASH/(encoder/layer_\d+)/flash/', r'GAU_alpha/\1/gau/'),
    'mc_tfm': (r'^MC_TFM/', 'bert/'),
}
# Of decoders: matrices of a block, each (out, in), the tables, and the head.
Names = namedtuple('Names', 'query value inner tokens segments head')
DECODERS = {
    'gpt_j': Names(
        'transformer.h.%d.attn.q_proj.weight', 'transformer.h.%d.attn.v_proj.weight',
        'transformer.h.%d.mlp.fc_in.weight', 'transformer.wte.weight', 'transformer.wse.weight', 'lm_head.weight',
    ),
    'gpt_neox': Names(
        'gpt_neox.layers.%d.attention.query.weight', 'gpt_neox.layers.%d.attention.value.weight',
        'gpt_neox.layers.%d.mlp.dense_h_to_4h.weight', 'gpt_neox.embed_in.weight', 'gpt_neox.embed_segment.weight',
        'embed_out.weight',
    ),
}  # fmt: skip
# Names of models that there are not here.
FOREIGN = (
    (r'^bert/encoder/transformer/group_\d+/|^albert\.', 'ALBERT'),
    (r'^electra[/.]', 'ELECTRA'),
    (r'^(gpt|newslm)/|^(transformer\.)?h\.\d+\.attn\.', 'GPT'),
    (r'^shared(/embedding|\.weight)$|^(encoder|decoder)(/block_|\.block\.)\d+', 'T5'),
)


@dataclass
class Identity:
    """What the variables of a checkpoint tell.

    model: a key of `TITLES`, or None for none of ours. sizes: arguments of the builder that can be seen: vocab_size,
    embedding_size, hidden_size, num_hidden_layers, intermediate_size, segment_vocab_size, for BERT max_position, for
    gated units attention_key_size. query_width, value_width: heads · size of a head, None for gated units. gates: inner
    matrices of the feed-forward network. heads: of the `HEADS` those that are there. evidence: sentences that say why.
    unsure: sentences that say what these variables leave open, or what is odd about them.
    """

    model: str | None = None
    sizes: dict = field(default_factory=dict)
    query_width: int | None = None
    value_width: int | None = None
    gates: int = 1
    heads: list = field(default_factory=list)
    evidence: list = field(default_factory=list)
    unsure: list = field(default_factory=list)

    @property
    def title(self):
        """The model's name as people write it."""
        return TITLES.get(self.model, 'none of our models')

    def __str__(self):
        return '%s (%s)' % (self.title, '; '.join(self.evidence))


@dataclass
class Mismatch:
    """Two models that do not belong together. fatal: what would come of loading is no model at all."""

    reason: str
    fatal: bool

    def __str__(self):
        return self.reason


def identify(shapes):
    """Returns the `Identity` of {canonical variable name: shape}."""
    decoder = _tell_decoder(shapes)
    if decoder is not None:
        return decoder
    for model, (names, others) in OWN.items():
        if any(re.match(names, name) for name in shapes):
            return _tell_own(model, {re.sub(names, others, name): shape for name, shape in shapes.items()}, shapes)
    shapes = {name: tuple(int(size) for size in shape) for name, shape in shapes.items()}
    blocks, units = _blocks(shapes)
    found = Identity(heads=[head for head, names in HEADS if any(re.search(names, name) for name in shapes)])
    if units and not blocks:
        found.model = 'gau_alpha'
        found.evidence = ['gated attention units (GAU_alpha/encoder/layer_%d/gau)' % min(units)]
    elif blocks and not units:
        _tell_transformer(found, shapes, blocks)
    else:
        _tell_stranger(found, shapes, bool(units))
        return found
    _read_tables(found, shapes)
    _read_blocks(found, shapes, units or blocks)
    return found


def _tell_own(model, renamed, shapes):
    """The `Identity` of a model that has names of its own, by that of the model whose parts it has."""
    found = identify(renamed)
    found.evidence = ['names such as %s' % next(name for name in sorted(shapes) if re.match(OWN[model][0], name))]
    found.model = model if found.model in ('gau_alpha', 'roformer_v2', 'roformer') else None
    return found


def _tell_decoder(shapes):
    """The `Identity` of a decoder's file, or None for any other."""
    shapes = {name: tuple(int(size) for size in shape) for name, shape in unfused(shapes).items()}
    for model, names in DECODERS.items():
        pattern = re.escape(names.query).replace('%d', r'(\d+)') + '$'
        numbers = {int(match.group(1)) for match in (re.match(pattern, name) for name in shapes) if match}
        if numbers:
            return _read_decoder(model, names, shapes, sorted(numbers))
    return None


def _read_decoder(model, names, shapes, numbers):
    query, value, inner = (name % numbers[0] for name in names[:3])
    gate = re.escape(inner[: -len('.weight')]) + r'(_\d+)?\.weight$'
    found = Identity(
        model,
        query_width=_size(shapes, query, 0) or None,
        value_width=_size(shapes, value, 0) or None,
        gates=len([name for name in shapes if re.match(gate, name)]) or 1,
        heads=['language-model'] * (names.head in shapes),
        evidence=['names that begin with %s' % names.query.split('%d')[0]],
        unsure=['the number of attention heads cannot be seen, nor how many channels of each are turned'],
    )
    sizes = {
        'vocab_size': _size(shapes, names.tokens, 0), 'embedding_size': _size(shapes, names.tokens, 1),
        'hidden_size': _size(shapes, query, 1), 'num_hidden_layers': numbers[-1] + 1,
        'intermediate_size': _size(shapes, inner, 0),
    }  # fmt: skip
    found.sizes = {name: size for name, size in sizes.items() if size}
    found.sizes['segment_vocab_size'] = _size(shapes, names.segments, 0)
    absent = [i for i in range(numbers[-1]) if i not in numbers]
    if absent:
        found.unsure.append('of %d layers these are missing: %s' % (numbers[-1] + 1, ', '.join(map(str, absent))))
    return found


def explain_mismatch(wanted, shapes):
    """Returns the `Mismatch` of the variables that a model asks for and those of a file, or None.

    Arguments: wanted, shapes: {canonical variable name: shape}. None also where either is a model that we do not know.
    A BERT file for a RoFormer is not fatal: all that RoFormer has is there, and it was trained from such a file once.
    """
    want, have = identify(wanted), identify(shapes)
    if want.model is None or want.model == have.model:
        return None
    if have.model is None:
        known = [name for name in wanted if name in shapes]
        return None if known else Mismatch('the file holds %s' % have, True)
    fatal = (want.model, have.model) != ('roformer', 'bert')
    advice = "Use model='%s'" if fatal else "It was trained as model='%s'"
    told = (have.title, TRAITS[have.model], want.title, TRAITS[want.model])
    return Mismatch('this is a %s file (%s), and the model is %s (%s). ' % told + advice % have.model, fatal)


def _blocks(shapes):
    """{number: {name within the block: shape}} of transformer blocks, and of gated attention units."""
    blocks, units = {}, {}
    for name, shape in shapes.items():
        match = BLOCK.match(name)
        if match is None:
            continue
        table, number = (units, match.group('gau')) if match.group('bert') is None else (blocks, match.group('bert'))
        part = [match.group('part')] if match.group('part') else []
        table.setdefault(int(number), {})['/'.join(part + [match.group('rest'), match.group('kind')])] = shape
    blocks = {i: block for i, block in blocks.items() if any(name.endswith('/kernel') for name in block)}
    return blocks, units


def _tell_transformer(found, shapes, blocks):
    names = {name for block in blocks.values() for name in block}
    biases = [name for name in names if name.endswith('/bias')]
    norms = [name for name in names if 'LayerNorm/' in name]
    position = POSITIONS in shapes
    if not biases and not norms:
        found.model = 'roformer_v2'
        found.evidence = ['kernels without biases', 'no norm parameters']
        if position:
            found.unsure.append('it has %s, which RoFormerV2 has no use for' % POSITIONS)
        return
    found.model = 'bert' if position else 'roformer'
    found.evidence = [
        'biases' if biases else 'no biases',
        'norm parameters' if norms else 'no norm parameters',
        POSITIONS if position else 'no %s' % POSITIONS,
    ]
    if not biases or not norms:
        found.unsure.append('%s are missing, which BERT and RoFormer both have' % ('biases' if norms else 'norms'))
    if not position:
        found.unsure.append('a NEZHA file has the same names; its relative positions are not among them')


def _tell_stranger(found, shapes, mixed):
    """Says what is nearest to the names of a file that is none of ours."""
    if mixed:
        found.evidence = ['both transformer blocks and gated attention units: two models in one file']
        return
    for names, title in FOREIGN:
        example = next((name for name in sorted(shapes) if re.search(names, name)), None)
        if example is not None:
            found.evidence = ["%s's names, such as %s" % (title, example)]
            return
    known = [name for name in (TOKENS, SEGMENTS, POSITIONS) if name in shapes]
    if known:
        found.evidence = ['%s, but no encoder/layer_…' % ', '.join(known)]
    elif found.heads:
        found.evidence = ['only heads: %s' % ', '.join(found.heads)]
    elif shapes:
        shown = sorted(shapes)[:3]
        found.evidence = ['names of no model here: %s%s' % (', '.join(shown), ', …' if len(shapes) > 3 else '')]
    else:
        found.evidence = ['no variables']


def _read_tables(found, shapes):
    table = shapes.get(TOKENS, ())
    if len(table) == 2:
        found.sizes.update(vocab_size=table[0], embedding_size=table[1])
    else:
        found.unsure.append('%s is missing' % TOKENS if TOKENS not in shapes else '%s has shape %s' % (TOKENS, table))
    segments = shapes.get(SEGMENTS, (0, 0))
    found.sizes['segment_vocab_size'] = segments[0] if segments else 0
    positions = shapes.get(POSITIONS, ())
    if found.model == 'bert' and positions:
        found.sizes['max_position'] = positions[0]


def _read_blocks(found, shapes, blocks):
    count = max(blocks) + 1
    absent = [i for i in range(count) if i not in blocks]
    if absent:
        found.unsure.append('of %d layers these are missing: %s' % (count, ', '.join(map(str, absent))))
    read = _read_unit if found.model == 'gau_alpha' else _read_block
    sizes = dict(read(found, blocks[min(blocks)]), num_hidden_layers=count)
    found.sizes.update((name, value) for name, value in sizes.items() if value)


def _size(block, name, axis):
    """A size of one matrix of a block; 0 where there is no such matrix."""
    shape = block.get(name, ())
    return shape[axis] if len(shape) == 2 else 0


def _read_block(found, block):
    found.query_width = _size(block, 'attention/self/query/kernel', 1) or None
    found.value_width = _size(block, 'attention/self/value/kernel', 1) or None
    found.gates = len([name for name in block if re.match(r'intermediate/dense(_\d+)?/kernel$', name)]) or 1
    found.unsure.append('the number of attention heads cannot be seen')
    kernels = [('attention/self/query/kernel', 0), ('intermediate/dense/kernel', 0), ('output/dense/kernel', 1)]
    return {
        'hidden_size': next(filter(None, (_size(block, name, axis) for name, axis in kernels)), 0),
        'intermediate_size': _size(block, 'intermediate/dense/kernel', 1) or _size(block, 'output/dense/kernel', 0),
    }


def _read_unit(found, block):
    width, inner = _size(block, 'i_dense/kernel', 1), _size(block, 'o_dense/kernel', 0)
    scales = block.get('q_scaleoffset/gamma') or block.get('k_scaleoffset/gamma') or (0,)
    keys = scales[0] or (width - 2 * inner if width and inner else 0)
    inner = inner or (width - keys) // 2
    if width and width != 2 * inner + keys:
        found.unsure.append('i_dense is %d wide, and 2 · %d + %d = %d' % (width, inner, keys, 2 * inner + keys))
    return {
        'hidden_size': _size(block, 'i_dense/kernel', 0) or _size(block, 'o_dense/kernel', 1),
        'intermediate_size': inner,
        'attention_key_size': keys,
    }
