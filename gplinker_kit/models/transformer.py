"""The base class of all models, and the hooks by which users extend them.

A model is built in three steps, each a method that a subclass may override: `apply_embeddings`, `apply_main_layers`
once a block, `apply_final_layers`. `apply` makes layers and finds them again by name. The protocol is bert4keras's.
"""

from gplinker_kit.backend import STACK, Input, Model, initializers
from gplinker_kit.errors import hint
from gplinker_kit.layers import Dropout, MethodInitializer
from gplinker_kit.models import checkpoint as checkpoints
from gplinker_kit.models import options

# Keras 3 casts float inputs to the compute dtype, in which token ids above 256 (bfloat16) or 2048 (float16) are lost.
ID_DTYPE = 'int32' if STACK == 'keras3' else None


def _table_rows(vocab_size, keep_tokens, compound_tokens):
    """Checks both lists of ids and returns the rows of the token table."""
    rows = vocab_size
    if keep_tokens is not None:
        options.token_ids('keep_tokens', keep_tokens, rows)
        rows = len(keep_tokens)
    compound = [checkpoints.ids_and_weights(item) for item in compound_tokens or []]
    for ids, weights in compound:
        options.token_ids('each item of compound_tokens', ids, rows)
        if weights is not None and len(weights) != len(ids):
            raise ValueError('compound_tokens: %d ids with %d weights' % (len(ids), len(weights)))
    return rows + len(compound)


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
        layers: dict name -> layer to share. prefix: str put before every layer name. name: str, the Keras model's name.
    Attributes after `build`: `model` (Keras), `layers`, `inputs`, `outputs`, `input`, `output`.
    """

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
        layers=None,
        prefix=None,
        name=None,
        **kwargs,
    ):
        owner = type(self).__name__
        options.check_options(kwargs, options.known_arguments(type(self)), owner)
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
        self.vocab_size = _table_rows(sizes['vocab_size'], keep_tokens, compound_tokens)
        self.hidden_size = sizes['hidden_size']
        self.num_hidden_layers = sizes['num_hidden_layers']
        self.num_attention_heads = sizes['num_attention_heads']
        self.intermediate_size = sizes['intermediate_size']
        self.hidden_act = hidden_act
        for activation in hidden_act if isinstance(hidden_act, (list, tuple)) else [hidden_act]:
            options.function('hidden_act', activation)
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
        self.layers = dict(layers or {})
        self.prefix = prefix or ''
        self.name = name
        self.model = None
        self.load_report = None
        self.built = False

    # === Building ===

    def build(self):
        """Builds the Keras model; a second call does nothing."""
        if self.built:
            return
        self.attention_bias = None
        self.position_bias = None
        inputs = self.get_inputs()
        self.set_inputs(inputs)
        self.set_outputs(self.call(inputs))
        self.model = Model(self.inputs, self.output, name=self.name)
        self.built = True

    def call(self, inputs):
        """Embeddings, then every block, then the final layers."""
        outputs = self.apply_embeddings(inputs)
        for index in range(self.num_hidden_layers):
            outputs = self.apply_main_layers(outputs, index)
        return self.apply_final_layers(outputs)

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
        return self.attention_bias

    def compute_position_bias(self, inputs=None):
        """Returns the position tensor that every attention layer takes, or None."""
        return self.position_bias

    def initializer(self, shape, dtype=None, **kwargs):
        """Initial value of every kernel and table: a normal of 0.02, truncated at two deviations (BERT's)."""
        return initializers.TruncatedNormal(stddev=0.02)(shape, dtype=dtype)

    def apply(self, inputs=None, layer=None, arguments=None, **kwargs):
        """Calls the layer called `name`, making it from the class `layer` and `kwargs` the first time.

        A Dropout of rate 0 is left out. `arguments` go to the layer's `call`. Functions given as initializers are
        wrapped so that the model can be saved. With `inputs=None` the layer itself is returned.
        """
        if layer is Dropout and not kwargs.get('rate'):
            return inputs
        name = kwargs['name'] = self.prefixed(kwargs.get('name'))
        if name not in self.layers:
            if layer is None:
                known = hint(name, self.layers)
                raise ValueError('there is no layer %r yet, and no class to make it from.%s' % (name, known))
            for key, value in kwargs.items():
                if key.endswith('initializer') and callable(value) and not hasattr(value, 'get_config'):
                    kwargs[key] = MethodInitializer(value)
            made = layer(**kwargs)
            name = made.name
            self.layers[name] = made
        if inputs is None:
            return self.layers[name]
        return self.layers[name](inputs, **(arguments or {}))

    def prefixed(self, name):
        """Returns `name` with the model's prefix in front; None stays None."""
        return None if name is None else self.prefix + name

    def make_input(self, name, dtype=ID_DTYPE):
        """Makes an input of one number a token, shape (sequence_length,); whole numbers by default."""
        return Input(shape=(self.sequence_length,), name=self.prefixed(name), dtype=dtype)

    def set_inputs(self, inputs):
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        self.input = self.inputs if len(self.inputs) > 1 else self.inputs[0]

    def set_outputs(self, outputs):
        self.outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
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
        return checkpoints.select_rows(table, self.keep_tokens, self.compound_tokens)

    def load_weights_from_checkpoint(self, checkpoint, mapping=None, strict=False):
        """Loads a checkpoint (a path, folder, or dict of arrays) and returns a `LoadReport`; frozen layers load too.

        `mapping` replaces `variable_mapping()`; its layers that the model lacks are passed over.

        Raises:
            CheckpointError: one message that lists every missing or misshapen variable; nothing is changed then. With
                `strict` a variable of the file that the model has no place for is an error too, optimizer slots apart.
        """
        return checkpoints.load(self, checkpoint, mapping or self.variable_mapping(), strict)

    def save_weights_as_checkpoint(self, filename, mapping=None, dtype=None):
        """Writes the weights as a TensorFlow checkpoint at the prefix `filename`, as `dtype` where given.

        Warns (UserWarning): of layers with weights that the mapping has no names for; they are not in the file.
        """
        checkpoints.save(self, filename, mapping or self.variable_mapping(), dtype)
