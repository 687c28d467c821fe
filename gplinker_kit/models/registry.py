"""The models by name."""

import re

from gplinker_kit.errors import hint
from gplinker_kit.models.bert import BERT
from gplinker_kit.models.decoder import GPT_J, GPT_NeoX
from gplinker_kit.models.flash import MCTFM, FLASHModel, FLASHQuad
from gplinker_kit.models.gau import GAU_alpha
from gplinker_kit.models.roformer import RoFormer, RoFormerV2
from gplinker_kit.models.transformer import Transformer

MODELS = {
    'bert': BERT,
    'roberta': BERT,
    'roformer': RoFormer,
    'roformer_v2': RoFormerV2,
    'gau_alpha': GAU_alpha,
    'flash_quad': FLASHQuad,
    'flash': FLASHModel,
    'mc_tfm': MCTFM,
    'gpt_j': GPT_J,
    'gpt_neox': GPT_NeoX,
}
# bert4keras's other models: what they are called, and what does their work here.
ENCODERS = "model='bert', 'roformer' or 'roformer_v2'"
DECODERS = "model='gpt_j' or 'gpt_neox', or application='lm' with " + ENCODERS
PAIRS = "application='unilm' with " + ENCODERS
ELSEWHERE = {
    'albert': ('ALBERT', ENCODERS),
    'albert_unshared': ('ALBERT', ENCODERS),
    'nezha': ('NEZHA', ENCODERS),
    'electra': ('ELECTRA', ENCODERS),
    'gpt': ('GPT', DECODERS),
    'gpt2': ('GPT-2', DECODERS),
    'gpt2_ml': ('GPT-2', DECODERS),
    't5': ('T5', PAIRS),
    'mt5': ('T5', PAIRS),
}


def find_model(model):
    """Returns the class for a registered name (any case) or for a class itself."""
    if isinstance(model, type) and issubclass(model, Transformer):
        return model
    if not isinstance(model, str):
        raise ValueError('model must be a name or a subclass of Transformer. Received: %r' % (model,))
    name = model.lower()
    if name in MODELS:
        return MODELS[name]
    known = re.sub(r'^(m?t5)[._].*', r'\1', name)
    if known in ELSEWHERE:
        raise ValueError(
            "model=%r: there is no %s here, which bert4keras has. Use %s, or write a subclass of one of their classes; "
            'see docs/migration.md' % ((model,) + ELSEWHERE[known])
        )
    raise ValueError('unknown model %r.%s' % (model, hint(name, MODELS)))
