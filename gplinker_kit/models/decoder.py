"""Causal decoders with rotary positions on a part of each head: GPT-J and GPT-NeoX (EleutherAI, 2021 and 2022).

A block is pre-norm, and parallel: x + attention(norm(x)) + feed_forward(norm(x)). Black et al., 2022, "GPT-NeoX-20B"
(arXiv:2204.06745); Wang and Komatsuzaki, 2021, "GPT-J-6B".
"""

from dataclasses import replace

from gplinker_kit.layers import Activation, Add, Dense, Dropout
from gplinker_kit.models import blocks, embeddings, heads, mappings, options
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.masks import LM_Mask


class Decoder(Encoder):
    """What the decoders share: every token sees itself and what stands before it.

    Token 0 is a token like any other, so that nothing is masked: padding stands behind a text, where no token sees it,
    and the loss leaves it out.
    Arguments (beside `Encoder`'s; there are no segments unless segment_vocab_size says so, and no heads of encoders):
        with_lm: True (softmax), an activation ('linear' for logits), or False for hidden states.
        tie_word_embeddings: bool, the head is the token table, without a bias, and not a matrix of its own.
        rotary_dim: a quarter of a head's channels by default.
    Outputs: probabilities or logits (b, n, vocab_size) of the token after each; hidden states (b, n, hidden_size).
    """

    HEADS = ()
    DEFAULTS = {'segment_vocab_size': 0}
    BLOCK = blocks.Block(norm={'epsilon': 1e-5}, norm_position='pre')
    ROTARY = True
    ROTARY_SHARE = 4
    DECODER = True  # causal by itself
    MASK_ZERO = False
    ATTENTION_BIAS = HEAD_BIAS = True

    def __init__(self, segment_vocab_size=0, with_lm=True, tie_word_embeddings=False, **kwargs):
        super().__init__(segment_vocab_size=segment_vocab_size, **kwargs)
        self.with_lm = with_lm
        self.tie_word_embeddings = tie_word_embeddings
        if with_lm and with_lm is not True:
            options.function('with_lm', with_lm)
        if with_lm and tie_word_embeddings and self.embedding_size != self.hidden_size:
            raise ValueError(
                'tie_word_embeddings: the token table must be as wide as the hidden states. Received: '
                'embedding_size=%d, hidden_size=%d' % (self.embedding_size, self.hidden_size)
            )

    compute_attention_bias = LM_Mask.compute_attention_bias

    def apply_embeddings(self, inputs):
        x = self.token_embeddings(inputs)
        x = self.apply(x, Dropout, rate=self.dropout_rate, name='Embedding-Dropout')
        return embeddings.project(self, x)

    def compute_position_bias(self, inputs=None):
        return self.rotary_position_bias(inputs)

    def branch(self, function, x, index):
        """`blocks.self_attention` or `blocks.feed_forward` of normed vectors, dropout included."""
        attends = function is blocks.self_attention
        block = replace(self.BLOCK, use_bias=self.ATTENTION_BIAS) if attends else self.BLOCK
        name = (blocks.ATTENTION if attends else blocks.FEED_FORWARD) % index
        return blocks.drop(self, function(self, x, index, block), name)

    def branch_input(self, x, index, name):
        return blocks.branch_input(self, x, name % index, self.BLOCK)

    def parallel(self, x, attended, fed, index):
        """x and both branches: one sum, that of the attention by name."""
        branches = self.apply([attended, fed], Add, name='Transformer-%d-Branches-Add' % index)
        return blocks.residual_sum(self, x, branches, blocks.ATTENTION % index, self.BLOCK)

    def apply_final_layers(self, inputs):
        x = inputs
        if not self.with_lm:
            return x
        if self.tie_word_embeddings:
            x = heads.tied_logits(self, x)
        else:
            x = self.apply(
                x,
                Dense,
                units=self.vocab_size,
                use_bias=self.HEAD_BIAS,
                kernel_initializer=self.initializer,
                name='LM-Head',
            )
        activation = 'softmax' if self.with_lm is True else self.with_lm
        return self.apply(x, Activation, activation=options.function('with_lm', activation), name='LM-Activation')

    def load_variable(self, checkpoint, name):
        return self.own_form(name, self.read_variable(checkpoint, name))

    def read_variable(self, checkpoint, name):
        """The array as the file has it."""
        return checkpoint.get(name)

    def own_form(self, name, array):
        """An array of a published file as a weight: matrices are (out, in) there, and rows of tokens are chosen."""
        if name in (self.TOKENS, self.HEAD + '.weight', self.HEAD + '.bias'):
            array = self.load_embeddings(array)
        return array.T if array.ndim == 2 and name not in (self.TOKENS, self.SEGMENTS) else array

    def create_variable(self, name, value, dtype=None):
        value = super().create_variable(name, value, dtype)
        return value.T if value.ndim == 2 and name not in (self.TOKENS, self.SEGMENTS) else value


class GPT_J(Decoder):
    """GPT-J: one norm for both branches, attention without biases, neighbouring channels turned together."""

    ATTENTION_BIAS = False
    TOKENS, SEGMENTS, HEAD = 'transformer.wte.weight', 'transformer.wse.weight', 'lm_head'

    def apply_main_layers(self, inputs, index):
        x = self.branch_input(inputs, index, blocks.ATTENTION)
        attended, fed = (self.branch(part, x, index) for part in (blocks.self_attention, blocks.feed_forward))
        return self.parallel(inputs, attended, fed, index)

    def variable_mapping(self):
        return mappings.with_block_options(mappings.gpt_j_names(self.num_hidden_layers, self.gates()), self)


class GPT_NeoX(Decoder):
    """GPT-NeoX: a norm for each branch, biases; channels of the first half turn with those of the second.

    Argument: use_parallel_residual: bool, False adds the attention to x before the feed-forward network sees it.
    """

    ROTARY_LAYOUT = 'half'
    HEAD_BIAS = False
    TOKENS, SEGMENTS, HEAD = 'gpt_neox.embed_in.weight', 'gpt_neox.embed_segment.weight', 'embed_out'

    def __init__(self, use_parallel_residual=True, **kwargs):
        super().__init__(**kwargs)
        self.use_parallel_residual = use_parallel_residual

    def apply_main_layers(self, inputs, index):
        attended = self.branch(blocks.self_attention, self.branch_input(inputs, index, blocks.ATTENTION), index)
        if self.use_parallel_residual:
            fed = self.branch(blocks.feed_forward, self.branch_input(inputs, index, blocks.FEED_FORWARD), index)
            return self.parallel(inputs, attended, fed, index)
        x = blocks.residual_sum(self, inputs, attended, blocks.ATTENTION % index, self.BLOCK)
        fed = self.branch(blocks.feed_forward, self.branch_input(x, index, blocks.FEED_FORWARD), index)
        return blocks.residual_sum(self, x, fed, blocks.FEED_FORWARD % index, self.BLOCK)

    def variable_mapping(self):
        return mappings.with_block_options(mappings.gpt_neox_names(self.num_hidden_layers, self.gates()), self)

    def read_variable(self, checkpoint, name):
        """Published files have one matrix for queries, keys and values, head by head; ours have three."""
        try:
            return checkpoint.get(name)
        except KeyError:
            place = mappings.fused_place(name)
            if place is None:
                return checkpoint.get(name.replace(self.HEAD, 'lm_head'))  # in newer files
        fused, place = place
        array = checkpoint.get(fused)
        size = self.attention_head_size
        if array.shape[0] != 3 * self.num_attention_heads * size:
            raise ValueError('%s has shape %s, and rows for three times %d heads of %d are wanted' % (
                fused, array.shape, self.num_attention_heads, size))
        rows = array.reshape((self.num_attention_heads, 3, size) + array.shape[1:])[:, place]
        return rows.reshape((-1,) + array.shape[1:])
