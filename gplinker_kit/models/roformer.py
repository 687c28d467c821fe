"""RoFormer and RoFormerV2 (Su et al., 2021, arXiv:2104.09864; kexue.fm/archives/8998)."""

from gplinker_kit.layers import Dropout
from gplinker_kit.models import blocks, embeddings, heads, mappings
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.initial import initializer_method, scaled_normal
from gplinker_kit.models.plain import PlainEncoder


class RoFormer(Encoder):
    """BERT with rotary positions on queries and keys instead of a position table; norms with ε = 1e-7."""

    BLOCK = blocks.Block()
    ROTARY = True

    def apply_embeddings(self, inputs):
        x = self.token_embeddings(inputs)
        x = blocks.normalize(self, x, 'Embedding-Norm', self.BLOCK.norm)
        x = self.apply(x, Dropout, rate=self.dropout_rate, name='Embedding-Dropout')
        return embeddings.project(self, x)

    def compute_position_bias(self, inputs=None):
        return self.rotary_position_bias(inputs)

    def apply_main_layers(self, inputs, index):
        x = blocks.attention_sublayer(self, inputs, index, self.BLOCK)
        return blocks.feed_forward_sublayer(self, x, index, self.BLOCK)

    def apply_final_layers(self, inputs):
        return heads.bert_heads(self, inputs)

    def variable_mapping(self):
        names = mappings.bert_names(self.num_hidden_layers, position=False, gates=self.gates())
        return mappings.with_block_options(names, self)


class RoFormerV2(PlainEncoder):
    """RoFormer without biases and norm parameters: RMS norms, and an initialisation that shrinks with depth.

    Outputs: hidden states (b, n, hidden_size), or (b, n, vocab_size) with `with_mlm`.
    """

    @initializer_method
    def initializer(self, shape, dtype=None, order=2, gain=1.0):
        """Truncated normal of standard deviation gain · fan^(-1/2) · L^(-1/order), L the number of blocks."""
        return scaled_normal(shape, self.num_hidden_layers, order, gain, dtype)

    def apply_main_layers(self, inputs, index):
        x = blocks.attention_sublayer(self, inputs, index, self.BLOCK)
        return blocks.feed_forward_sublayer(self, x, index, self.BLOCK)

    def variable_mapping(self):
        return mappings.with_block_options(mappings.roformer_v2_names(self.num_hidden_layers, self.gates()), self)
