"""GAU-α: one gated attention unit a block (kexue.fm/archives/9052)."""

from gplinker_kit.models import blocks, mappings
from gplinker_kit.models.plain import PlainEncoder, require_one_activation


class GAU_alpha(PlainEncoder):
    """RoFormerV2's embeddings and RMS norms around gated attention units with softmax_plus.

    `intermediate_size` is the inner width of the unit, `attention_key_size` its key size; there is one head
    (`num_attention_heads` only says how large the key size is where it is not given).
    Outputs: hidden states (b, n, hidden_size), or (b, n, vocab_size) with `with_mlm`.
    """

    SUBLAYERS = 1

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        require_one_activation(self)

    def apply_main_layers(self, inputs, index):
        return blocks.gau_sublayer(self, inputs, index, self.BLOCK, normalization='softmax_plus')

    def variable_mapping(self):
        return mappings.with_block_options(mappings.gau_alpha_names(self.num_hidden_layers), self)
