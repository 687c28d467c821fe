"""What each kind of file calls the weights: three name spaces, and the table from one to the other.

* 'bert4keras': the variables of Google's BERT checkpoints, as bert4keras uses them for all its models. They are the
  canonical names here; `models/mappings.py` says which belongs to which weight of which layer.
* 'pytorch': Hugging Face's BERT and RoFormer, and the public conversions of RoFormer, RoFormerV2 and GAU-α.
* 'layers': LAYER.k, the k-th weight of a Keras layer: Keras's own files, and `models/weights.py`.
"""

import re

from gplinker_kit.errors import CheckpointError

NAME_SPACES = ('bert4keras', 'pytorch', 'layers')

# What the PyTorch files put before the names of an encoder; its heads have no such prefix.
PREFIXES = {'bert': 'bert.', 'roformer': 'roformer.', 'roformer_v2': 'roformer.', 'gau_alpha': 'gau_alpha.'}

# (ours, theirs). %d is the number of a block, counted from 0 in both.
TABLES = (
    ('bert/embeddings/word_embeddings', 'embeddings.word_embeddings.weight'),
    ('bert/embeddings/token_type_embeddings', 'embeddings.token_type_embeddings.weight'),
    ('bert/embeddings/position_embeddings', 'embeddings.position_embeddings.weight'),
)
# Each has a kernel and mostly a bias. PyTorch stores a kernel the other way round, (out, in).
DENSES = (
    ('bert/encoder/embedding_hidden_mapping_in', 'embeddings_project'),
    ('bert/encoder/layer_%d/attention/self/query', 'encoder.layer.%d.attention.self.query'),
    ('bert/encoder/layer_%d/attention/self/key', 'encoder.layer.%d.attention.self.key'),
    ('bert/encoder/layer_%d/attention/self/value', 'encoder.layer.%d.attention.self.value'),
    ('bert/encoder/layer_%d/attention/output/dense', 'encoder.layer.%d.attention.output.dense'),
    ('bert/encoder/layer_%d/intermediate/dense', 'encoder.layer.%d.intermediate.dense'),
    ('bert/encoder/layer_%d/intermediate/dense_1', 'encoder.layer.%d.intermediate.dense_1'),  # of a gated network
    ('bert/encoder/layer_%d/intermediate/dense_2', 'encoder.layer.%d.intermediate.dense_2'),
    ('bert/encoder/layer_%d/output/dense', 'encoder.layer.%d.output.dense'),
    ('GAU_alpha/encoder/layer_%d/gau/i_dense', 'encoder.layer.%d.gau.i_dense'),
    ('GAU_alpha/encoder/layer_%d/gau/o_dense', 'encoder.layer.%d.gau.o_dense'),
    ('bert/pooler/dense', 'pooler.dense'),
)
# Each has gamma and mostly beta: weight and bias, in older files gamma and beta too.
NORMS = (
    ('bert/embeddings/LayerNorm', 'embeddings.LayerNorm'),
    ('bert/encoder/layer_%d/attention/output/LayerNorm', 'encoder.layer.%d.attention.output.LayerNorm'),
    ('bert/encoder/layer_%d/output/LayerNorm', 'encoder.layer.%d.output.LayerNorm'),
    ('GAU_alpha/encoder/layer_%d/gau/q_scaleoffset', 'encoder.layer.%d.gau.q_scaleoffset'),
    ('GAU_alpha/encoder/layer_%d/gau/k_scaleoffset', 'encoder.layer.%d.gau.k_scaleoffset'),
)
HEAD_DENSES = (('cls/predictions/transform/dense', 'cls.predictions.transform.dense'),)
HEAD_NORMS = (('cls/predictions/transform/LayerNorm', 'cls.predictions.transform.LayerNorm'),)
# Where two names of theirs hold the same, the first that a file has counts.
HEAD_TABLES = (
    ('cls/predictions/output_bias', 'cls.predictions.bias'),
    ('cls/predictions/output_bias', 'cls.predictions.decoder.bias'),
    ('cls/seq_relationship/output_weights', 'cls.seq_relationship.weight'),  # (2, hidden) in both
    ('cls/seq_relationship/output_bias', 'cls.seq_relationship.bias'),
)
# The output matrix of the masked-language-model head: the token table once more.
TIED, TOKENS = 'cls.predictions.decoder.weight', 'bert/embeddings/word_embeddings'
# Computed, not learned.
BUFFERS = re.compile(
    r'(^|\.)(position_ids|token_type_ids|embed_positions\.weight|inv_freq)$|\.(attn|attention)\.(masked_)?bias$'
)

HEADS = re.compile(
    r'^cls/|^bert/pooler/|(^|/)output_mapping(/|$)'
    r'|(^|\.)(cls|pooler|classifier|qa_outputs|lm_head|embed_out)\.'
    # Layers, behind whatever prefix their model has.
    r'|(MLM|NSP|Pooler|Argument|Head-Link|Tail-Link)-\w+\.\d+$|Output-Mapping\.\d+$'
)
# What BERT's own optimizer, those of Keras and of TF 1 and 2, and `tf.train.Checkpoint` leave beside the weights.
SLOTS = re.compile(
    r'(^|/)(adam_[mv]|lamb_[mv]|adam(_\d+)?|[mv]|momentum|beta[12]_power|global_step|learning_rate|iterations)(_\d+)?$'
    r'|(^|/)(training|optimizer|save_counter|_CHECKPOINTABLE_OBJECT_GRAPH)(/|$)|\.OPTIMIZER_SLOT',
    re.I,
)

# bert4keras before 0.10.4 had the weights of a gated attention unit in another order. Where today's are in its files:
GAU_OLD_ORDER = (0, 2, 3, 1)  # i, o, q, k there; i, q, k, o today


def _rows(tables, denses, norms):
    """[(our name, their name, whether the array is stored the other way round)]"""
    rows = [(ours, theirs, False) for ours, theirs in tables]
    for ours, theirs in denses:
        rows += [(ours + '/kernel', theirs + '.weight', True), (ours + '/bias', theirs + '.bias', False)]
    for ours, theirs in norms:
        rows += [(ours + '/gamma', theirs + '.weight', False), (ours + '/beta', theirs + '.bias', False)]
        rows += [(ours + '/gamma', theirs + '.gamma', False), (ours + '/beta', theirs + '.beta', False)]
    return rows


ENCODER = _rows(TABLES, DENSES, NORMS)
OUTSIDE = _rows(HEAD_TABLES, HEAD_DENSES, HEAD_NORMS)
OURS = {theirs: (ours, turned) for ours, theirs, turned in ENCODER + OUTSIDE}
THEIRS = {}
for _ours, _theirs, _turned in ENCODER + OUTSIDE:
    THEIRS.setdefault(_ours, (_theirs, _turned))


def name_space(names):
    """Returns which of `NAME_SPACES` the names of a file belong to; bert4keras's where nothing speaks against it."""
    names = [str(name) for name in names]
    if names and all(re.search(r'[^/.]\.\d+$', name) for name in names):
        return 'layers'
    if any(re.search(r'\.(weight|gamma)$', name) for name in names):
        return 'pytorch'
    return 'bert4keras'


def pytorch_prefixes(names, path):
    """Returns (prefix of the encoder's names, prefix of the heads'), such as ('bert.', '') or ('', '').

    Raises: CheckpointError for a file with several encoders, and for RoBERTa's.
    """
    found = set()
    for ending in (r'embeddings\.word_embeddings\.weight$', r'encoder\.layer\.\d+\..+'):
        found = found or {match.group(1) for match in (re.match(r'(|.*?\.)' + ending, name) for name in names) if match}
    if len(found) > 1:
        raise CheckpointError(
            '%s holds %d encoders, with the prefixes %s. Give a dict with the arrays of one of them'
            % (path, len(found), ', '.join(repr(prefix) for prefix in sorted(found)))
        )
    prefix = found.pop() if found else ''
    if prefix.endswith('roberta.'):
        raise CheckpointError(
            '%s is a RoBERTa as Hugging Face names it (%s…), whose positions start at row 2 of their table: none of '
            'our models. The Chinese RoBERTa-wwm-ext is a BERT' % (path, prefix)
        )
    return prefix, re.sub(r'(^|\.)(bert|roformer|gau_alpha)\.$', r'\1', prefix)


def to_canonical(name, prefix='', outer=''):
    """Returns (our name, whether the array is stored the other way round) of a name in PyTorch's style, or None."""
    for start, is_head in ((prefix, False), (outer, True)):
        if name.startswith(start):
            inner, number = _numbered(name[len(start) :], r'(?<=\.layer\.)\d+(?=\.)')
            if inner in OURS and inner.startswith('cls.') == is_head:
                ours, turned = OURS[inner]
                return (ours if number is None else ours % number), turned
    return None


def to_pytorch(name, prefix):
    """Returns (their name, whether the array is stored the other way round) of one of ours, or None."""
    inner, number = _numbered(name, r'(?<=/layer_)\d+(?=/)')
    if inner not in THEIRS:
        return None
    theirs, turned = THEIRS[inner]
    theirs = theirs if number is None else theirs % number
    return (theirs if theirs.startswith('cls.') else prefix + theirs), turned


def _numbered(name, pattern):
    """Splits the number of the block off: ('encoder.layer.%d.output…', 3), or (name, None)."""
    match = re.search(pattern, name)
    if match is None:
        return name, None
    return name[: match.start()] + '%d' + name[match.end() :], int(match.group())
