"""BERT and RoBERTa (Devlin et al., 2018, arXiv:1810.04805; Liu et al., 2019, arXiv:1907.11692)."""

from gplinker_kit.layers import Dropout, PositionEmbedding
from gplinker_kit.models import blocks, embeddings, heads, mappings, options
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.transformer import ID_DTYPE


class BERT(Encoder):
    """Post-norm encoder with learned absolute positions; norms with ε = 1e-12.

    `hierarchical_position`: None, True (α = 0.4) or α in (0, 1) for max_position² positions from a table of
    max_position rows (kexue.fm/archives/7947).
    Outputs: hidden states (b, n, hidden_size), or what the with_* options ask for, pooled before MLM.
    """

    BLOCK = blocks.Block(norm={'epsilon': 1e-12})
    POSITION_TABLE = True
    POSITION_DTYPE = ID_DTYPE  # rows of the table

    def __init__(self, max_position=512, **kwargs):
        super().__init__(max_position=options.size('max_position', max_position), **kwargs)

    def apply_embeddings(self, inputs):
        x = self.token_embeddings(inputs)
        x = self.apply(
            x if self.positions is None else [x, self.positions],
            PositionEmbedding,
            input_dim=self.max_position,
            output_dim=self.embedding_size,
            hierarchical=self.hierarchical_position,
            embeddings_initializer=self.initializer,
            custom_position_ids=self.positions is not None,
            name='Embedding-Position',
        )
        x = blocks.normalize(self, x, 'Embedding-Norm', self.BLOCK.norm)
        x = self.apply(x, Dropout, rate=self.dropout_rate, name='Embedding-Dropout')
        return embeddings.project(self, x)

    def apply_main_layers(self, inputs, index):
        x = blocks.attention_sublayer(self, inputs, index, self.BLOCK)
        return blocks.feed_forward_sublayer(self, x, index, self.BLOCK)

    def apply_final_layers(self, inputs):
        return heads.bert_heads(self, inputs)

    def variable_mapping(self):
        return mappings.with_block_options(mappings.bert_names(self.num_hidden_layers, gates=self.gates()), self)
