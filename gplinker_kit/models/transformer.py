"""The base class of all models, and the hooks by which users extend them.

A model is built in three steps, each a method that a subclass may override: `apply_embeddings`, `apply_main_layers`
once a block, `apply_final_layers`. `apply` makes layers and finds them again by name. The protocol is bert4keras's.
"""

from gplinker_kit.backend import STACK, Input, Model
from gplinker_kit.backend.recompute import recomputing
from gplinker_kit.errors import check_keywords, hint
from gplinker_kit.layers import (
    FLASH,
    Dropout,
    FeedForward,
    GatedAttentionUnit,
    Lambda,
    LinearAttention,
    MethodInitializer,
    MixedChunkAttention,
    MultiHeadAttention,
    NystromAttention,
    PerformerAttention,
    SparseAttention,
)
from gplinker_kit.models import attention_inputs, attention_kinds, block_options, blocks, options, scan, vocabulary
from gplinker_kit.models import checkpoint as checkpoints
from gplinker_kit.models.initial import DefaultInitializer
from gplinker_kit.models.masks import texts_apart

# Keras 3 casts float inputs to the compute dtype, in which token ids above 256 (bfloat16) or 2048 (float16) are lost.
ID_DTYPE = 'int32' if STACK == 'keras3' else None

RECOMPUTED = (
    FLASH, FeedForward, GatedAttentionUnit, LinearAttention, MixedChunkAttention, MultiHeadAttention, NystromAttention,
    PerformerAttention, SparseAttention,
)  # fmt: skip


def _listed(tensors):
    if tensors is None:
        return []
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


class Transformer:
    """Base class: configuration, named layers, inputs, checkpoint loading. Subclasses add the architecture.

    Arguments (all models):
        vocab_size: int, rows of the token table (after `keep_tokens`, without `compound_tokens`).
        hidden_size, num_hidden_layers, num_attention_heads, intermediate_size: int. hidden_act: activation name, or a
            list of names for a gated feed-forward network.
        dropout_rate, attention_dropout_rate: float or None. embedding_size: int, hidden_size by default; a projection
            is added where they differ. attention_head_size: int, hidden_size // num_attention_heads by default.
            attention_key_size: int, attention_head_size by default; also the width of rotary positions.
        sequence_length: int or None, static length of the inputs.
        keep_tokens: list of ids, rows of the checkpoint's token table to keep, in this order.
        compound_tokens: list of id lists (or pairs of ids and weights) into the kept table; each adds a row, the
            (weighted) mean of those rows.
        recompute: bool, keep only the inputs of attention and feed-forward layers for the backward pass, and compute
            the rest again there: less memory, more time. A saved model does not keep it.
        norm_position: 'post', or 'pre' with a last norm `Final-Norm`. norm: of embeddings and blocks, 'layer', or 'rms'
            for root mean squares without parameters. Both None for what the model has.
        residual: 'plain'; 'deepnorm'; 'sgd', 'adam', 'lamb': the constants for that optimizer; 'admin'; 'rezero',
            'skipinit': branches with a factor that is learned from 0, one a block or one a sub-layer; 'ramp': with one
            that grows from 0 to 1 in `residual_steps` batches; a number ε for x + ε·F(x); a pair (α, gain), for what
            `residual_schemes.deepnorm_constants` says. See there.
        initialization: of the matrices of blocks: 'xavier', 'lecun', 'model' (`initializer`); None for 'xavier' where
            the residual scheme has a gain, else 'model'.
        stack: 'unrolled', or 'scan', the blocks in a loop over stacked weights (not of `attention='performer'`): see
            `scan.run_blocks`.
        attention: the kind of multi-head attention, a name of `attention_kinds.KINDS`; 'softmax' by default. The others
            take neither attention biases nor caches; with application='lm' their layers are causal, where they can be.
        attention_options: dict of the kind's own options: 'features' and 'seed' of 'performer', 'landmarks' and
            'iterations' of 'nystrom', 'stride' of 'atrous', 'local' and 'sparse'.
        residual_attention_scores: bool, each attention layer adds the raw scores of the one before it (RealFormer).
        ignore_invalid_weights: bool, variables of a checkpoint that are missing or do not fit are skipped, with a
            warning. autoresize_weights: bool, those of another shape are resized, see `autoresize.resized`.
        layers: dict name -> layer, used and written to: models that are given the same dict share layers.
        prefix: str put before every layer name. name: str, the Keras model's name.
    Attributes after `build`: `model` (Keras), `layers`, `inputs`, `outputs`, `input`, `output`; for subclasses also
        `attention_bias`, `position_bias`, `attention_scores`, `attention_caches` and `layer_norm_conds`, which is
        [condition, hidden size, hidden activation].
    """

    SUBLAYERS = 2  # branches a block, of which residual schemes have to know
    step = None  # of a model that goes on with texts, the `stepping.Step` that its attention layers share
    # What layers take as `kernel_initializer`; a subclass may define a method (shape, dtype) of this name instead.
    initializer = DefaultInitializer()

    def __init__(
        self,
        vocab_size=None,
        hidden_size=None,
        num_hidden_layers=None,
        num_attention_heads=None,
        intermediate_size=None,
        hidden_act=None,
        dropout_rate=None,
        attention_dropout_rate=None,
        embedding_size=None,
        attention_head_size=None,
        attention_key_size=None,
        sequence_length=None,
        keep_tokens=None,
        compound_tokens=None,
        attention='softmax',
        attention_options=None,
        residual_attention_scores=False,
        ignore_invalid_weights=False,
        autoresize_weights=False,
        recompute=False,
        norm_position=None,
        norm=None,
        residual='plain',
        residual_steps=None,
        initialization=None,
        stack='unrolled',
        layers=None,
        prefix=None,
        name=None,
        **kwargs,
    ):
        owner = type(self).__name__
        check_keywords(kwargs, options.known_arguments(type(self)), owner)
        required = {
            'vocab_size': vocab_size,
            'hidden_size': hidden_size,
            'num_hidden_layers': num_hidden_layers,
            'num_attention_heads': num_attention_heads,
            'intermediate_size': intermediate_size,
            'hidden_act': hidden_act,
        }
        missing = [key for key, value in required.items() if value is None]
        if missing:
            raise ValueError('%s needs %s (in the config file or as keyword arguments)' % (owner, ', '.join(missing)))
        sizes = {key: options.size(key, value) for key, value in required.items() if key != 'hidden_act'}
        self.keep_tokens = keep_tokens
        self.compound_tokens = compound_tokens
        self.vocab_size = vocabulary.table_rows(sizes['vocab_size'], keep_tokens, compound_tokens)
        self.hidden_size = sizes['hidden_size']
        self.num_hidden_layers = sizes['num_hidden_layers']
        self.num_attention_heads = sizes['num_attention_heads']
        self.intermediate_size = sizes['intermediate_size']
        self.hidden_act = hidden_act
        options.functions('hidden_act', hidden_act)
        self.dropout_rate = options.rate('dropout_rate', dropout_rate)
        self.attention_dropout_rate = options.rate('attention_dropout_rate', attention_dropout_rate)
        width = self.hidden_size if embedding_size is None else embedding_size
        self.embedding_size = options.size('embedding_size', width)
        if attention_head_size is None and self.hidden_size % self.num_attention_heads:
            raise ValueError(
                'hidden_size must be a multiple of num_attention_heads, or attention_head_size be given. '
                'Received: hidden_size=%r, num_attention_heads=%r' % (hidden_size, num_attention_heads)
            )
        width = self.hidden_size // self.num_attention_heads if attention_head_size is None else attention_head_size
        self.attention_head_size = options.size('attention_head_size', width)
        width = self.attention_head_size if attention_key_size is None else attention_key_size
        self.attention_key_size = options.size('attention_key_size', width)
        self.sequence_length = None if sequence_length is None else options.size('sequence_length', sequence_length)
        attention_kinds.find_kind(attention, attention_options)
        self.attention_kind = attention
        self.attention_options = attention_options
        self.residual_attention_scores = residual_attention_scores
        self.ignore_invalid_weights = ignore_invalid_weights
        self.autoresize_weights = autoresize_weights
        self.recompute = recompute
        block_options.take(self, norm_position, norm, residual, residual_steps, initialization, stack)
        if layers is not None and not isinstance(layers, dict):
            raise ValueError('layers must be a dict of layers by name. Received: %s' % type(layers).__name__)
        self.layers = {} if layers is None else layers
        for key, value in (('prefix', prefix), ('name', name)):
            if value is not None and not isinstance(value, str):
                raise ValueError('%s must be a str. Received: %r' % (key, value))
        self.prefix = prefix or ''
        self.name = name
        self.attention_bias = None
        self.position_bias = None
        self.attention_scores = None
        self.attention_caches = {}
        self.attention_layers = []  # names of those that `attention_kind` has chosen
        self.layer_norm_conds = [None, None, 'linear']
        self.recorder = None  # what stands in for `apply` while a block is recorded
        self.stacked = {}  # name -> a layer of a block whose weights lie in a stack
        self.model = None
        self.load_report = None
        self.built = False

    # === Building ===

    def build(
        self,
        attention_caches=None,
        layer_norm_cond=None,
        layer_norm_cond_hidden_size=None,
        layer_norm_cond_hidden_act=None,
        additional_input_layers=None,
        **kwargs,
    ):
        """Builds the Keras model; a second call does nothing.

        Arguments:
            attention_caches: dict {full name of an attention layer: [keys, values]}, tensors (b, m, e) put before the
                layer's own key and value inputs; all queries see them, and rotary positions count on from them.
            layer_norm_cond: tensor (b, c), a condition of every norm. layer_norm_cond_hidden_size: int or None, the
                width of a Dense between it and the norms. layer_norm_cond_hidden_act: its activation, linear if None.
            additional_input_layers: a tensor or a list of them, further inputs of the model: what the tensors above
                were computed from.
            kwargs: arguments of the constructor, which a script may pass to both; they are passed over.
        Raises: ValueError for an unknown keyword, and for a cache of no attention layer.
        """
        check_keywords(kwargs, options.known_arguments(type(self)), type(self).__name__ + '.build')
        if self.built:
            return
        inputs = self.get_inputs()
        self.set_inputs(inputs, additional_input_layers)
        self.attention_caches = attention_inputs.check_caches(attention_caches)
        self.layer_norm_conds = [layer_norm_cond, layer_norm_cond_hidden_size, layer_norm_cond_hidden_act or 'linear']
        self.set_outputs(self.call(inputs))
        attention_kinds.check_used(self)
        attention_inputs.check_used(self)
        block_options.check_honoured(self)
        self.model = Model(self.inputs, self.output, name=self.name)
        self.built = True

    def call(self, inputs):
        """Embeddings, then every block, then the final layers."""
        outputs = self.apply_embeddings(inputs)
        if self.stack == 'scan':
            outputs = scan.run_blocks(self, outputs)
        else:
            scan.check_unrolled(self)
            for index in range(self.num_hidden_layers):
                outputs = self.apply_main_layers(outputs, index)
        return self.apply_final_layers(blocks.final_norm(self, outputs, self.BLOCK))

    def get_inputs(self):
        raise TypeError('%s does not define get_inputs' % type(self).__name__)

    def apply_embeddings(self, inputs):
        raise TypeError('%s does not define apply_embeddings' % type(self).__name__)

    def apply_main_layers(self, inputs, index):
        raise TypeError('%s does not define apply_main_layers' % type(self).__name__)

    def apply_final_layers(self, inputs):
        raise TypeError('%s does not define apply_final_layers' % type(self).__name__)

    def compute_attention_bias(self, inputs=None):
        """Returns the float bias or boolean mask that every attention layer adds, or None."""
        return texts_apart(self, self.attention_bias)

    def compute_position_bias(self, inputs=None):
        """Returns the position tensor that every attention layer takes, or None."""
        return self.position_bias

    def apply(self, inputs=None, layer=None, arguments=None, **kwargs):
        """Calls the layer called `name`, making it from the class `layer` and `kwargs` the first time.

        A Dropout of rate 0 is left out. `arguments` go to the layer's `call`, those of a Lambda to its function. An
        attention layer gets its cache and the scores before it, where the model has them. Functions given as
        initializers are wrapped so that the model can be saved. With `inputs=None` the layer itself is returned, or the
        tensor of an `Input`.
        """
        if layer is Dropout and not kwargs.get('rate'):
            return inputs
        if self.recorder is not None:
            return self.recorder.apply(inputs, layer, arguments, kwargs)
        name = kwargs['name'] = self.prefixed(kwargs.get('name'))
        if layer is Input:
            return Input(**kwargs)
        arguments = dict(arguments or {})
        if layer is Lambda:
            kwargs['arguments'], arguments = arguments, {}
        if layer is MultiHeadAttention and self.residual_attention_scores:
            kwargs['return_attention_scores'] = True
        if name not in self.layers:
            if layer is None:
                known = hint(name, self.layers)
                raise ValueError('there is no layer %r yet, and no class to make it from.%s' % (name, known))
            made = self.make(layer, kwargs)
            name = made.name
            self.layers[name] = made
        made = self.layers[name]
        if inputs is None:
            return made
        if isinstance(made, MultiHeadAttention):
            return attention_inputs.call_attention(self, made, inputs, arguments)
        attention_inputs.check_step(self, made, arguments)
        return self.call_layer(made, inputs, arguments)

    def call_layer(self, layer, inputs, arguments):
        """Calls a layer that `apply` has made or found, with all that the model adds to its inputs."""
        return layer(inputs, **arguments)

    def make(self, layer, kwargs):
        """Returns a new layer of the class `layer`, which `apply` then calls."""
        for key, value in kwargs.items():
            if key.endswith('initializer') and callable(value) and not hasattr(value, 'get_config'):
                kwargs[key] = MethodInitializer(value)
        return (recomputing(layer) if self.recompute and layer in RECOMPUTED else layer)(**kwargs)

    def simplify(self, inputs):
        """Returns the list without its Nones, or its element where one is left."""
        inputs = [x for x in inputs if x is not None]
        return inputs[0] if len(inputs) == 1 else inputs

    def prefixed(self, name):
        """Returns `name` with the model's prefix in front; None stays None."""
        return None if name is None else self.prefix + name

    def make_input(self, name, dtype=ID_DTYPE):
        """Makes an input of one number a token, shape (sequence_length,); whole numbers by default."""
        return Input(shape=(self.sequence_length,), name=self.prefixed(name), dtype=dtype)

    def set_inputs(self, inputs, additional_input_layers=None):
        """Sets `inputs`, a list, and `input`, that list or its only element."""
        self.inputs = _listed(inputs) + _listed(additional_input_layers)
        self.input = self.inputs if len(self.inputs) > 1 else self.inputs[0]

    def set_outputs(self, outputs):
        """Sets `outputs` and `output` alike."""
        self.outputs = _listed(outputs)
        self.output = self.outputs if len(self.outputs) > 1 else self.outputs[0]

    # === Checkpoints ===

    def variable_mapping(self):
        """Returns {layer name: [variable names of the checkpoint, in weight order]}, without the prefix."""
        return {}

    def load_variable(self, checkpoint, name):
        """Returns the array for one weight; subclasses reshape what a file stores differently.

        `checkpoint.get(other_name)` reads any variable of the file and raises a KeyError where there is none.
        """
        return checkpoint.get(name)

    def create_variable(self, name, value, dtype=None):
        """Returns the array that is stored for one weight, as `dtype` where given; the inverse of `load_variable`."""
        return value if dtype is None else value.astype(dtype)

    def load_embeddings(self, table):
        """Applies `keep_tokens` and `compound_tokens` to rows of the checkpoint: (V, ...) -> (vocab_size, ...)."""
        return vocabulary.select_rows(table, self.keep_tokens, self.compound_tokens)

    def load_weights_from_checkpoint(self, checkpoint, mapping=None, strict=False):
        """Loads a checkpoint (a path, folder, or dict of arrays) and returns a `LoadReport`; frozen layers load too.

        All formats of `checkpoint.open_checkpoint`. A file of Keras whose token table has this model's shape is this
        model's own: `keep_tokens` picks no more from it. `mapping` replaces `variable_mapping()`; its layers that the
        model lacks are passed over.
        What `layer_norm_cond` adds to a norm has no names and keeps its values. With `autoresize_weights` a variable of
        another shape is resized.

        Raises:
            CheckpointError: one message that lists every missing or misshapen variable; nothing is changed then. With
                `strict` a variable of the file that the model has no place for is an error too, optimizer slots apart.
        Warns (UserWarning): with `ignore_invalid_weights`, of what would be an error, unless nothing fits; the rest is
            loaded.
        """
        return checkpoints.load(self, checkpoint, mapping or self.variable_mapping(), strict)

    def save_weights_as_checkpoint(self, filename, mapping=None, dtype=None, names=None):
        """Writes the weights as a TensorFlow checkpoint at the prefix `filename`, as `dtype` where given.

        .safetensors, .h5 and .keras are written as such; `names` of the first: bert4keras, pytorch or layers.

        Warns (UserWarning): of layers with weights that the mapping has no names for; they are not in the file.
        """
        checkpoints.save(self, filename, mapping or self.variable_mapping(), dtype, names)
