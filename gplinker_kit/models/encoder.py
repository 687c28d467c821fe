"""What the BERT-like encoders share: segment and position inputs, options of the heads, reading of their tables."""

import warnings

from gplinker_kit.layers.rotary import BASE, check_rotary
from gplinker_kit.models import embeddings, options
from gplinker_kit.models.transformer import Transformer


class Encoder(Transformer):
    """Base of the encoders; each architecture is one class below it.

    Arguments (beside `Transformer`'s):
        max_position: int, rows of a learned position table; rotary models have none. hierarchical_position: of such
            a table, see `BERT`.
        segment_vocab_size: int, 0 removes the segment input.
        with_pool: True (tanh) or an activation. with_nsp: bool. with_mlm: True (softmax) or an activation ('linear').
        custom_position_ids: bool, a further input holds the positions.
        packed: bool, a row holds several texts, as `snippets.pack_sequences` makes them: a further input, the last one,
            numbers them (0 is padding). Tokens see those of their own text only, with any `application`, and positions
            begin anew with each text, unless an input holds them.
        shared_segment_embeddings: bool, segment ids are looked up in the token table.
        rotary_dim, rotary_base, rotary_layout, rotary_scaling: of rotary models: how many channels of a head are turned
            (all by default), the base of the frequencies (10000), which channels are a pair ('interleaved' or 'half'),
            and how longer texts than those of the training are read; see `SinusoidalPositionEmbedding`.
    """

    HEADS = ('with_pool', 'with_nsp', 'with_mlm')
    POSITION_TABLE = False
    POSITION_DTYPE = 'float32'  # rotary positions may be fractional
    ROTARY = False
    ROTARY_LAYOUT = 'interleaved'
    ROTARY_SHARE = 1  # of a head's channels that are turned where rotary_dim is not given: one in so many
    MASK_ZERO = True  # token 0 is padding

    def __init__(
        self,
        max_position=None,
        segment_vocab_size=2,
        with_pool=False,
        with_nsp=False,
        with_mlm=False,
        hierarchical_position=None,
        custom_position_ids=False,
        shared_segment_embeddings=False,
        packed=False,
        rotary_dim=None,
        rotary_base=None,
        rotary_layout=None,
        rotary_scaling=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if self.ROTARY and self.attention_key_size % 2:
            raise ValueError(
                'attention_key_size (by default hidden_size // num_attention_heads) must be even for rotary positions. '
                'Received: %d' % self.attention_key_size
            )
        self.rotary_options = self._rotary_options(rotary_dim, rotary_base, rotary_layout, rotary_scaling)
        self.max_position = max_position
        self.segment_vocab_size = options.size('segment_vocab_size', segment_vocab_size) if segment_vocab_size else 0
        self.with_pool = with_pool
        self.with_nsp = with_nsp
        self.with_mlm = with_mlm
        self.hierarchical_position = hierarchical_position
        self.custom_position_ids = custom_position_ids
        self.shared_segment_embeddings = shared_segment_embeddings
        self.packed = packed
        self.positions = self.documents = None
        self.packed_biases = []  # pairs of a bias and what `masks.texts_apart` made of it
        for name in ('with_pool', 'with_nsp', 'with_mlm'):
            value = getattr(self, name)
            if value and name not in self.HEADS:
                warnings.warn('%s has no such head: %s is ignored' % (type(self).__name__, name), stacklevel=3)
            elif value and value is not True:
                options.function(name, value)
        if packed and (with_pool or with_nsp):
            raise ValueError('packed: with_pool and with_nsp take the first token of a row, which holds several texts')
        if hierarchical_position and not self.POSITION_TABLE:
            warnings.warn(
                '%s has no table of positions: hierarchical_position is ignored' % type(self).__name__, stacklevel=3
            )

    def _rotary_options(self, *given):
        """Arguments of `rotary_positions`, checked; warns of those that a model without rotary positions was given."""
        names = ('rotary_dim', 'rotary_base', 'rotary_layout', 'rotary_scaling')
        if not self.ROTARY:
            for name, value in zip(names, given):
                if value is not None:
                    warnings.warn(
                        '%s has no rotary positions: %s is ignored' % (type(self).__name__, name), stacklevel=4
                    )
            return {}
        size = self.attention_key_size
        turned = size if self.ROTARY_SHARE == 1 else max(2, size // self.ROTARY_SHARE // 2 * 2)
        defaults = (turned, BASE, self.ROTARY_LAYOUT, None)
        found = {name: default if value is None else value for name, value, default in zip(names, given, defaults)}
        check_rotary(type(self).__name__, size, **found)
        return found

    def get_inputs(self):
        inputs = embeddings.token_inputs(self)
        if self.packed:
            self.documents = inputs[-1]
        return inputs

    def token_embeddings(self, inputs):
        """Sum of token and segment tables (b, n, embedding_size); remembers the positions."""
        tokens, segments, self.positions = embeddings.take_inputs(self, inputs)
        return embeddings.token_and_segment(self, tokens, segments)

    def rotary_position_bias(self, inputs):
        """The rotary table that all blocks share, made at the first call."""
        if self.position_bias is None:
            self.position_bias = embeddings.rotary_position(self, inputs, self.positions)
        return self.position_bias

    def gates(self):
        """How many activations, and so inner matrices, the feed-forward network has."""
        return len(self.hidden_act) if isinstance(self.hidden_act, (list, tuple)) else 1

    def load_variable(self, checkpoint, name):
        array = super().load_variable(checkpoint, name)
        if name in ('bert/embeddings/word_embeddings', 'cls/predictions/output_bias'):
            return self.load_embeddings(array)
        return array.T if name == 'cls/seq_relationship/output_weights' else array

    def create_variable(self, name, value, dtype=None):
        value = super().create_variable(name, value, dtype)
        return value.T if name == 'cls/seq_relationship/output_weights' else value
