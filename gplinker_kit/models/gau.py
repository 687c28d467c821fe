"""GAU-α: one gated attention unit a block (kexue.fm/archives/9052)."""

from gplinker_kit.models import blocks, embeddings, heads, mappings
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.initial import initializer_method, scaled_normal


class GAU_alpha(Encoder):
    """RoFormerV2's embeddings and RMS norms around gated attention units with softmax_plus.

    `intermediate_size` is the inner width of the unit, `attention_key_size` its key size; there is one head
    (`num_attention_heads` only says how large the key size is where it is not given).
    Outputs: hidden states (b, n, hidden_size), or (b, n, vocab_size) with `with_mlm`.
    """

    HEADS = ('with_mlm',)
    BLOCK = blocks.Block(norm=blocks.RMS, use_bias=False)
    SUBLAYERS = 1
    ROTARY = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if isinstance(self.hidden_act, (list, tuple)):
            raise ValueError('hidden_act of GAU_alpha must be one activation. Received: %r' % (self.hidden_act,))

    @initializer_method
    def initializer(self, shape, dtype=None, order=3, gain=1.0):
        """As RoFormerV2's, with L^(-1/3)."""
        return scaled_normal(shape, self.num_hidden_layers, order, gain, dtype)

    def apply_embeddings(self, inputs):
        return embeddings.plain_embeddings(self, inputs)

    def compute_position_bias(self, inputs=None):
        return self.rotary_position_bias(inputs)

    def apply_main_layers(self, inputs, index):
        return blocks.gau_sublayer(self, inputs, index, self.BLOCK, normalization='softmax_plus')

    def apply_final_layers(self, inputs):
        return heads.plain_heads(self, inputs)

    def variable_mapping(self):
        return mappings.with_block_options(mappings.gau_alpha_names(self.num_hidden_layers), self)
