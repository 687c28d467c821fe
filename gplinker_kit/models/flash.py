"""FLASH-Quad, FLASH and MC-TFM (Hua et al., 2022, arXiv:2202.10447; kexue.fm/archives/8934)."""

import numpy as np

from gplinker_kit.backend import Input, Model
from gplinker_kit.layers import FLASH, MixedChunkAttention
from gplinker_kit.layers.chunk_layer import BRANCHES
from gplinker_kit.layers.mixed_chunk import CHUNK_SIZE
from gplinker_kit.models import blocks, embeddings, mappings, options
from gplinker_kit.models.initial import gated_initializer
from gplinker_kit.models.masks import LM_Mask, UniLM_Mask
from gplinker_kit.models.plain import PlainEncoder, require_one_activation
from gplinker_kit.models.transformer import ID_DTYPE


class FLASHQuad(PlainEncoder):
    """A stack of quadratic gated attention units with squared ReLU: two of them for a block of a transformer.

    `intermediate_size` is the inner width of the unit, 2·hidden_size in the paper; `attention_key_size` its key size,
    128 there; `hidden_act` 'swish'.
    """

    SUBLAYERS = 1

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        require_one_activation(self)

    def apply_main_layers(self, inputs, index):
        return blocks.gau_sublayer(self, inputs, index, self.BLOCK, normalization='squared_relu')

    def variable_mapping(self):
        return mappings.with_block_options(mappings.flash_quad_names(self.num_hidden_layers), self)


class _Chunked(PlainEncoder):
    """A model whose attention is in chunks: its cost is linear in the length, which may be any.

    Arguments (beside `Encoder`'s):
        chunk_size: int. attention_branches: 'mixed', or for an ablation 'local' or 'global' alone.
    With application='lm' the layers are causal. There is no n × n mask, and so neither application='unilm' nor
    `packed` nor an attention bias of a subclass: ValueErrors.
    """

    def __init__(self, chunk_size=CHUNK_SIZE, attention_branches='mixed', **kwargs):
        super().__init__(**kwargs)
        self.chunk_size = options.size('chunk_size', chunk_size)
        self.attention_branches = attention_branches
        self.causal = isinstance(self, LM_Mask)
        self.steps = None  # ([inputs], [outputs]), the states of the layers while `step_model` runs
        if attention_branches not in BRANCHES:
            raise ValueError(
                'attention_branches must be one of %s. Received: %r' % (', '.join(BRANCHES), attention_branches)
            )
        if isinstance(self, UniLM_Mask):
            raise ValueError(
                "application='unilm' needs an n × n mask, and attention in chunks has none: use model='flash_quad', or "
                "application='lm'"
            )
        if self.packed:
            raise ValueError(
                'packed: attention in chunks has no n × n mask that would keep the texts of a row apart; '
                "model='flash_quad' has"
            )

    def attend(self, tensors, name, layer, **kwargs):
        """The layer in chunks called `name`, on tensors (b, n, e) and the rotary table; in a step with its state."""
        hook = type(self).compute_attention_bias
        if hook is not LM_Mask.compute_attention_bias and self.compute_attention_bias() is not None:
            raise ValueError(
                '%s: attention in chunks takes no attention bias; with LM_Mask its layers are causal'
                % type(self).__name__
            )
        self._check_shared(self.layers.get(self.prefixed(name)))
        inputs, arguments = tensors + [self.compute_position_bias(tensors[0])], {'p_bias': 'rotary'}
        if self.steps is not None:
            whole, stepping = self.layers[self.prefixed(name)], 'Step-' + name
            if self.prefixed(stepping) not in self.layers:
                self.layers[self.prefixed(stepping)] = whole.twin(self.prefixed(stepping))
            states = self._state_inputs(whole)
            output, *after = self.apply(inputs + states, layer, dict(arguments, step=True), name=stepping)
            self.steps[0].extend(states)
            self.steps[1].extend(after)
            return output
        return self.apply(
            inputs,
            layer,
            arguments,
            chunk_size=self.chunk_size,
            causal=self.causal,
            branches=self.attention_branches,
            use_bias=self.BLOCK.use_bias,
            attention_dropout=self.attention_dropout_rate,
            name=name,
            **kwargs,
        )

    def _check_shared(self, layer):
        """A layer that is found by its name is used as it is."""
        own = {'chunk_size': self.chunk_size, 'causal': self.causal, 'branches': self.attention_branches}
        given = {key: getattr(layer, key, None) for key in own}
        if layer is not None and given != own:
            raise ValueError(
                '%s is shared with a model of another attention: it has %s, and this model needs %s'
                % (layer.name, given, own)
            )

    def _state_inputs(self, layer):
        *floats, counts = layer.state_shapes()
        stem = layer.name + '-State-%d'
        inputs = [Input(shape, name=stem % i) for i, shape in enumerate(floats)]
        return inputs + [Input(counts, name=stem % len(floats), dtype='int32')]

    def step_model(self):
        """Returns a Keras model of one token more: its inputs are those of this model, each (b, 1), then float32
        positions (b, 1) unless they are among them, then further inputs of this model, then the states of all layers;
        its outputs are this model's of that token, and the states after it. Weights are shared.

        The states (see `layers.chunk_state`) are zero before the first token, `initial_states(rows)`, and do not grow.
        Every token that is fed is real, id 0 too.
        Raises: ValueError unless application='lm', and with stack='scan'.
        """
        if not self.causal:
            raise ValueError("step_model goes on from what stands before, and needs application='lm'")
        names = ['Token'] + ['Segment'] * bool(self.segment_vocab_size)
        inputs = [Input((1,), name=self.prefixed('Step-' + name), dtype=ID_DTYPE) for name in names]
        positions = Input((1,), name=self.prefixed('Step-Position'), dtype='float32')
        further = self.inputs[len(names) + bool(self.custom_position_ids) :]
        self._refuse_loop('step_model')
        before, self.steps = (self.positions, self.position_bias, self.residual_ramp), ([], [])
        try:
            x = self.apply_embeddings(inputs + [positions] * bool(self.custom_position_ids))
            self.position_bias = embeddings.rotary_position(self, x, positions, 'Step-Rotary-Position')
            self.residual_ramp = None
            for index in range(self.num_hidden_layers):
                x = self.apply_main_layers(x, index)
            output = self.apply_final_layers(blocks.final_norm(self, x, self.BLOCK))
            given, after = self.steps
        finally:
            (self.positions, self.position_bias, self.residual_ramp), self.steps = before, None
        return Model(inputs + [positions] + further + given, [output] + after)

    def _refuse_loop(self, what):
        if self.stack == 'scan':
            raise ValueError("%s: a loop over blocks takes no states. Build the model with stack='unrolled'" % what)

    def initial_states(self, rows):
        """The states of `rows` texts without a token, as arrays in the order of `step_model`."""
        self._refuse_loop('initial_states')
        states = []
        for index in range(self.num_hidden_layers):
            *floats, counts = self.layers[self.prefixed(self.LAYER % index)].state_shapes()
            states += [np.zeros((rows,) + shape, 'float32') for shape in floats]
            states.append(np.zeros((rows,) + counts, 'int32'))
        return states


class FLASHModel(_Chunked):
    """A stack of `layers.FLASH`: gated units of linear cost. Sizes as in `FLASHQuad`."""

    LAYER = 'Transformer-%d-FLASH'
    SUBLAYERS = 1

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        require_one_activation(self)

    def apply_main_layers(self, inputs, index):
        name = self.LAYER % index
        constants = blocks.sublayer_constants(self, self.BLOCK, matrices=3)
        branch = self.attend(
            [blocks.branch_input(self, inputs, name, self.BLOCK)],
            name,
            FLASH,
            units=self.intermediate_size,
            key_size=self.attention_key_size,
            activation=self.hidden_act,
            kernel_initializer=gated_initializer(self, constants, self.intermediate_size, self.attention_key_size),
        )
        return blocks.add_and_norm(self, inputs, branch, name, self.BLOCK, matrices=3)

    def variable_mapping(self):
        names = mappings.flash_names(self.num_hidden_layers, BRANCHES[self.attention_branches])
        return mappings.with_block_options(names, self)


class MCTFM(_Chunked):
    """A transformer whose attention is `layers.MixedChunkAttention`. Its feed-forward network may be gated."""

    LAYER = 'Transformer-%d-MixedChunkAttention'

    def apply_main_layers(self, inputs, index):
        name = self.LAYER % index
        branch = self.attend(
            [blocks.branch_input(self, inputs, name, self.BLOCK)] * 3,
            name,
            MixedChunkAttention,
            heads=self.num_attention_heads,
            head_size=self.attention_head_size,
            out_dim=self.hidden_size,
            key_size=self.attention_key_size,
            **blocks.attention_initializers(self, self.BLOCK),
        )
        x = blocks.add_and_norm(self, inputs, branch, name, self.BLOCK)
        return blocks.feed_forward_sublayer(self, x, index, self.BLOCK)

    def variable_mapping(self):
        names = mappings.mc_tfm_names(self.num_hidden_layers, BRANCHES[self.attention_branches], self.gates())
        return mappings.with_block_options(names, self)
