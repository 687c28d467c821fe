"""Equal blocks as one layer: a loop over stacked weights, whose body is a block.

Notation: l blocks, b batch, n length, e hidden.
"""

import functools
import inspect

from gplinker_kit.backend import Layer, keras, ops, register, scan, seed_generator
from gplinker_kit.backend.block_state import GivenSeed, is_rng, seed_rows
from gplinker_kit.layers.common import first, first_shape, input_shapes, require_positive, static_shape
from gplinker_kit.models.initial import draw

BLOCK_INPUT = -1  # the place of a block's input; those of tensors from outside are -2, -3, …


class StackedInitializer:
    """Initial values (l, ...) of as many weights as there are blocks, each as another initializer makes them."""

    def __init__(self, initializer):
        self.initializer = initializer

    def __call__(self, shape, dtype=None, **kwargs):
        return draw(self.initializer, tuple(shape[1:]), dtype, blocks=(int(shape[0]),))


@functools.lru_cache(maxsize=None)
def _bound_class(cls):
    """A layer class whose objects keep what they are given, and take their weights from `_next_weight`.

    Keras would take note of every tensor and list that becomes an attribute.
    """

    def add_weight(self, name=None, shape=None, *args, **kwargs):
        return self._next_weight(name, shape, *args, **kwargs)

    return type(cls.__name__, (cls,), {
        '__setattr__': object.__setattr__, 'add_weight': add_weight, '__module__': cls.__module__,
    })  # fmt: skip


def bound(layer, next_weight, seed=None):
    """A copy of an unbuilt layer that is built from `next_weight(name, shape, …)`, and draws by a seed."""
    copy = object.__new__(_bound_class(type(layer)))
    attributes = dict(vars(layer), _next_weight=next_weight)
    # On Keras 3 these are wrapped, and would build the layer that was copied.
    for name in ('build', 'quantize'):
        attributes.pop(name, None)
    if seed is not None:
        attributes.update([(name, GivenSeed(seed)) for name, value in attributes.items() if is_rng(value)])
    vars(copy).update(attributes)
    return copy


@functools.lru_cache(maxsize=None)
def _call_parameters(cls):
    return frozenset(inspect.signature(cls.call).parameters)


class Step:
    """One call in a block.

    layer: the place of the layer among those of the block. inputs: of each tensor the number of the step that made it,
    or see `BLOCK_INPUT`. several: whether the layer takes a list. arguments: of the call.
    """

    def __init__(self, layer, inputs, several, arguments):
        self.layer, self.inputs, self.several, self.arguments = layer, list(inputs), several, dict(arguments)

    def config(self):
        return {
            'layer': self.layer, 'inputs': self.inputs, 'several': self.several, 'arguments': self.arguments,
        }  # fmt: skip


class Cell:
    """The layers of a block, unbuilt, and its steps; no layer itself, so that Keras does not look for weights in it."""

    def __init__(self, layers, steps):
        self.layers, self.steps = layers, steps
        self.shapes = self.weights = None

    def measure(self, shapes):
        """Takes the shapes of the block's input and of what comes from outside; notes those of layers and weights.

        Sets `shapes`, what each layer is built with, and `weights`, for each layer a list of (name, shape, keywords).
        """
        self.shapes, self.weights, found = [None] * len(self.layers), [[] for _ in self.layers], []
        for step in self.steps:
            given = [shapes[-1 - place] if place < 0 else found[place] for place in step.inputs]
            given = given if step.several else given[0]
            layer, index = self.layers[step.layer], step.layer
            if self.shapes[index] is None:
                self.shapes[index] = given
                bound(layer, functools.partial(self._note, index)).build(given)
            found.append(static_shape(layer.compute_output_shape(given)))
        return found[-1]

    def _note(self, index, name=None, shape=(), dtype=None, initializer=None, trainable=True, **others):
        unknown = sorted(key for key, value in others.items() if value is not None)
        if unknown or not trainable:
            raise ValueError(
                "stack='scan': weight %r of layer %r has %s, which stacked weights cannot have"
                % (name, self.layers[index].name, ', '.join(unknown) or 'trainable=False')
            )
        self.weights[index].append((name, tuple(shape), {'dtype': dtype, 'initializer': initializer}))

    def run(self, x, outside, mask, outside_masks, weights, seeds=None, training=None):
        """One block: x (b, n, e) -> the same shape.

        weights: for each layer a list of tensors. seeds: (steps, 2), or None where nothing is drawn.
        """
        tensors, masks, layers = [], [], {}
        for number, step in enumerate(self.steps):
            given = [_at(place, x, outside, tensors) for place in step.inputs]
            given_masks = [_at(place, mask, outside_masks, masks) for place in step.inputs]
            if not step.several:
                given, given_masks = given[0], given_masks[0]
            layer = layers.get(step.layer)
            if layer is None:
                own = iter(weights[step.layer])
                seed = None if seeds is None else seeds[number]
                layer = bound(self.layers[step.layer], lambda *args, own=own, **kwargs: next(own), seed)
                layer.build(self.shapes[step.layer])
                layers[step.layer] = layer
            known, arguments = _call_parameters(type(self.layers[step.layer])), dict(step.arguments)
            arguments.update(
                (key, value) for key, value in (('mask', given_masks), ('training', training)) if key in known
            )
            tensors.append(layer.call(given, **arguments))
            masks.append(layer.compute_mask(given, given_masks))
        return tensors[-1]


def _at(place, own, outside, made):
    """What a place stands for."""
    if place == BLOCK_INPUT:
        return own
    return outside[-2 - place] if place < 0 else made[place]


@register
class BlockStack(Layer):
    """l equal blocks, one after the other, as a loop over stacked weights: what is built is one block, however many.

    Shapes: x (b, n, e), or [x, tensors that every block takes: masks, rotary tables, conditions] -> (b, n, e).
    Masking: the mask of x reaches every block, and passes through.
    Arguments:
        length: int l.
        layers: the layers of a block, not built, or their configurations. names: their names in the block %d, such as
            'Transformer-%d-FeedForward'.
        steps: the calls of a block, `Step`s or what their `config` returned. The last one returns the block's output.
    Weights: those of a block's layers, in the order of their first calls, each (l, ...).
    Random numbers differ from block to block and from step to step.
    Raises: ValueError for a length below 1, a block whose output has another shape than its input, and weights with a
        regularizer or constraint, or that are not trained.
    """

    def __init__(self, length, layers, names, steps, **kwargs):
        super().__init__(**kwargs)
        require_positive('BlockStack', length=length)
        self.length = length
        self.names = tuple(names)
        self.cell = Cell(
            [keras.layers.deserialize(layer) if isinstance(layer, dict) else layer for layer in layers],
            [step if isinstance(step, Step) else Step(**step) for step in steps],
        )
        draws = any(is_rng(value) for layer in self.cell.layers for value in vars(layer).values())
        self.dropout_rng = seed_generator() if draws else None
        self.supports_masking = True
        self.profiler = None

    def build(self, input_shape):
        shapes = input_shapes(input_shape)
        result = self.cell.measure(shapes)
        if result != shapes[0]:
            raise ValueError(
                "stack='scan': the output of a block must have the shape of its input, %s. Received: %s"
                % (shapes[0], result)
            )
        stacked = []
        for pattern, weights in zip(self.names, self.cell.weights):
            label = pattern.replace('-%d', '').replace('%d', '')
            for name, shape, options in weights:
                options = {key: value for key, value in options.items() if value is not None}
                # None is what Keras makes of a weight without an initializer.
                start = keras.initializers.get(options.pop('initializer', 'glorot_uniform'))
                stacked.append(self.add_weight(
                    name='%s-%s' % (label, name), shape=(self.length,) + shape,
                    initializer=StackedInitializer(start), **options
                ))  # fmt: skip
        self.stacked = tuple(stacked)  # Keras would track a list, and the weights in it twice
        self.built = True

    def call(self, inputs, mask=None, training=None):
        x, *outside = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        mask, *outside_masks = mask if isinstance(mask, (list, tuple)) else [mask] + [None] * len(outside)
        rows = {'weights': [ops.convert_to_tensor(weight) for weight in self.stacked]}
        if self.dropout_rng is not None:
            seeds = seed_rows(self.dropout_rng, self.length, len(self.cell.steps), training)
            if seeds is not None:
                rows['seeds'] = seeds

        def run(x, row):
            row = row or {'weights': []}  # a block without weights that draws nothing
            own = iter(row['weights'])
            weights = [[next(own) for _ in each] for each in self.cell.weights]
            return self.cell.run(x, outside, mask, outside_masks, weights, row.get('seeds'), training)

        if self.profiler is not None:
            return self.profiler.scan(self, x, rows, run)
        return scan(lambda x, row: (run(x, row), None), x, rows, length=self.length)[0]

    def compute_mask(self, inputs, mask=None):
        return first(mask)

    def compute_output_shape(self, input_shape):
        return first_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        config.update(
            length=self.length,
            names=list(self.names),
            layers=[keras.layers.serialize(layer) for layer in self.cell.layers],
            steps=[step.config() for step in self.cell.steps],
        )
        return config


class BlockLayer:
    """One layer of one block of a built `BlockStack`: what loading and saving of checkpoints ask of a layer.

    Attributes: name; weights, objects with a `shape`; stack, the `BlockStack`; template, the layer of the block's cell.
    """

    def __init__(self, stack, place, index):
        self.stack, self.place, self.index = stack, place, index
        self.name = stack.names[place] % index
        self.template = stack.cell.layers[place]
        start = sum(map(len, stack.cell.weights[:place]))
        self._own = range(start, start + len(stack.cell.weights[place]))

    @property
    def weights(self):
        return [_Shape(shape) for _, shape, _ in self.stack.cell.weights[self.place]]

    def places(self):
        """Where its weights lie in the list of all weights of the stack."""
        order = {id(weight): number for number, weight in enumerate(self.stack.weights)}
        return [order[id(self.stack.stacked[number])] for number in self._own]


class _Shape:
    def __init__(self, shape):
        self.shape = shape


def block_layers(stack):
    """Returns {name: BlockLayer} of all layers of all blocks that have weights."""
    made = [
        BlockLayer(stack, place, index)
        for index in range(stack.length)
        for place, weights in enumerate(stack.cell.weights)
        if weights
    ]
    return {layer.name: layer for layer in made}


def get_weights(layers):
    """Returns {layer: arrays} of layers of models and of blocks; a stack is read once."""
    stacks, found = {}, {}
    for layer in layers:
        if not isinstance(layer, BlockLayer):
            found[layer] = layer.get_weights()
            continue
        if layer.stack not in stacks:
            stacks[layer.stack] = layer.stack.get_weights()
        found[layer] = [stacks[layer.stack][place][layer.index] for place in layer.places()]
    return found


def set_weights(values):
    """Takes {layer: {place: array}} of layers of models and of blocks; other weights stay. A stack is written once."""
    stacks = {}
    for layer, arrays in values.items():
        if not isinstance(layer, BlockLayer):
            layer.set_weights([arrays.get(place, value) for place, value in enumerate(layer.get_weights())])
            continue
        if layer.stack not in stacks:
            stacks[layer.stack] = [value.copy() for value in layer.stack.get_weights()]
        places = layer.places()
        for place, array in arrays.items():
            stacks[layer.stack][places[place]][layer.index] = array
    for stack, arrays in stacks.items():
        stack.set_weights(arrays)
