"""The option stack='scan': `apply_main_layers` is recorded, and what it does becomes one `BlockStack`."""

import re

import numpy as np

from gplinker_kit.backend import Input
from gplinker_kit.layers import Lambda
from gplinker_kit.layers.common import static_shape
from gplinker_kit.models import blocks
from gplinker_kit.models.block_stack import BLOCK_INPUT, BlockStack, Step, block_layers

NAME = 'Transformer-Stack'


def run_blocks(model, x):
    """All blocks of a model, as a loop: x (b, n, e) -> the same shape.

    The layer `Transformer-Stack` holds the weights of all blocks, stacked; checkpoints have them under the names that
    they have in a model that is unrolled, and load into both. Dropout draws anew in each block. What an optimizer does
    with a weight as a whole, LAMB's layer adaptation above all, it does with the stack.

    A block may take what the model's hooks compute outside of it: masks, positions, conditions.
    Raises: ValueError, with the name of what a loop cannot honour: attention_caches, residual_attention_scores,
        recompute; blocks that differ, share a layer, or have a layer with several outputs.
    """
    refuse(model)
    # What all blocks share is made outside of them.
    model.compute_attention_bias(0)
    model.compute_position_bias(x)
    if model.residual == 'ramp':
        blocks.ramp(model, x)
    template = None
    for index in range(model.num_hidden_layers):
        recorder = Recorder(model, x, index, template)
        model.recorder = recorder
        try:
            output = model.apply_main_layers(recorder.block_input, index)
        finally:
            model.recorder = None
        recorder.finish(output)
        template = template or recorder
    name = model.prefixed(NAME)
    made = BlockStack(
        model.num_hidden_layers, list(template.layers.values()), list(template.layers), template.steps, name=name
    )
    if name not in model.layers:
        for pattern in template.layers:
            if pattern % 0 in model.layers:
                raise ValueError(
                    "layers: %r is of a model with stack='unrolled', whose blocks a loop cannot share" % (pattern % 0)
                )
        model.layers[name] = made
    stack = model.layers[name]
    if not alike(described(stack), described(made)):
        raise ValueError('layers: %s is shared with a model of other blocks' % name)
    output = stack(model.simplify([x] + template.outside))
    model.stacked = block_layers(stack)
    return output


def described(stack):
    """What two stacks that are one layer have in common; initializers that are functions are saved without them."""
    layers = [
        [type(layer).__name__, {key: value for key, value in layer.get_config().items() if 'initializer' not in key}]
        for layer in stack.cell.layers
    ]
    return [stack.length, list(stack.names), [step.config() for step in stack.cell.steps], layers]


def check_unrolled(model):
    """Raises a ValueError where a model without a loop is given the layers of one with a loop."""
    if model.prefixed(NAME) in model.layers:
        raise ValueError("layers: %s is of a model with stack='scan'" % model.prefixed(NAME))


def refuse(model):
    """Raises a ValueError for an option of the model that a loop over blocks cannot honour."""
    for name in ('attention_caches', 'residual_attention_scores', 'recompute'):
        if getattr(model, name):
            raise ValueError("stack='scan' cannot honour %s: build the model with stack='unrolled'" % name)


class Place:
    """Stands for a tensor in a block that is recorded: the number of the step that made it, and its shape."""

    def __init__(self, number, shape):
        self.number, self.shape = number, shape


class Recorder:
    """Stands in for `apply` while `apply_main_layers` runs: notes the calls of layers, and makes no graph of them.

    The first recorder, of block 0, makes the layers, unbuilt; the others, which get it as `template`, only compare.
    Attributes: layers: {name in the block %d: layer}. steps: list of `Step`. outside: tensors that the block takes.
    """

    def __init__(self, model, x, index, template=None):
        self.model, self.index, self.template = model, index, template
        self.block_input = Place(BLOCK_INPUT, static_shape(x.shape))
        self.layers, self.kinds, self.steps, self.shapes = {}, {}, [], []
        self.outside = [] if template is None else template.outside

    def apply(self, inputs, layer, arguments, kwargs):
        """What `Transformer.apply` is asked for in a block."""
        listed = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if layer is Input or not any(isinstance(x, Place) for x in listed):
            return self._outside(inputs, layer, arguments, kwargs)
        name, arguments, kwargs = self._pattern(kwargs.get('name')), dict(arguments or {}), dict(kwargs)
        if layer is None:
            raise ValueError("stack='scan': block %d uses the layer %r, which is made elsewhere" % (self.index, name))
        if layer is Lambda:
            kwargs['arguments'], arguments = arguments, {}
        del kwargs['name']
        if name not in self.layers:
            self._new_layer(name, layer, kwargs)
        place = list(self.layers).index(name)
        places = [self._place(x) for x in listed]
        step = Step(place, places, isinstance(inputs, (list, tuple)), arguments)
        self._compare(name, step)
        self.steps.append(step)
        self.shapes.append(self._shape(name, step, listed))
        return Place(len(self.steps) - 1, self.shapes[-1])

    def finish(self, output):
        """Checks that the block has ended as block 0 has, with its last call."""
        if not isinstance(output, Place) or output.number != len(self.steps) - 1:
            raise ValueError("stack='scan': a block must return what its last layer returns")
        if self.template is not None and len(self.steps) != len(self.template.steps):
            self._differs('%d calls of layers, there %d' % (len(self.steps), len(self.template.steps)))

    def _outside(self, inputs, layer, arguments, kwargs):
        """A layer that takes nothing of the block is none of the block: it is made and called as ever."""
        self.model.recorder = None
        try:
            return self.model.apply(inputs, layer, arguments, **kwargs)
        finally:
            self.model.recorder = self

    def _pattern(self, name):
        """The name with %d in the place of the block's number."""
        parts = re.split(r'(?<!\d)%d(?!\d)' % self.index, name or '', maxsplit=1)
        if len(parts) != 2:
            raise ValueError(
                "stack='scan': a layer of block %d must have the number of the block in its name. Received: %r"
                % (self.index, name)
            )
        prefix, (before, behind) = self.model.prefixed(''), (part.replace('%', '%%') for part in parts)
        return prefix.replace('%', '%%') + before + '%d' + behind

    def _new_layer(self, name, layer, kwargs):
        self.kinds[name] = (layer, kwargs)
        if self.template is None:
            self.layers[name] = self.model.make(layer, dict(kwargs, name=name % self.index))
            return
        if name not in self.template.kinds:
            self._differs('a layer %r' % (name % self.index))
        other, known = self.template.kinds[name]
        if layer is not other:
            self._differs('%r is a %s, there a %s' % (name % self.index, layer.__name__, other.__name__))
        for key in sorted(set(kwargs) | set(known)):
            if not alike(kwargs.get(key), known.get(key)):
                self._differs('%r has %s=%r, there %r' % (name % self.index, key, kwargs.get(key), known.get(key)))
        self.layers[name] = self.template.layers[name]

    def _place(self, x):
        if isinstance(x, Place):
            return x.number
        for number, known in enumerate(self.outside):
            if x is known:
                return BLOCK_INPUT - 1 - number
        if self.template is not None:
            self._differs('another tensor from outside, %r' % (x,))
        self.outside.append(x)
        return BLOCK_INPUT - len(self.outside)

    def _compare(self, name, step):
        if self.template is None:
            return
        number = len(self.steps)
        known = self.template.steps[number] if number < len(self.template.steps) else None
        if known is None or not alike(step.config(), known.config()):
            self._differs('the call %d, of %r, takes other inputs or arguments' % (number, name % self.index))

    def _shape(self, name, step, listed):
        if self.template is not None:
            return self.template.shapes[len(self.steps) - 1]
        shapes = [static_shape(x.shape) for x in listed]
        result = self.layers[name].compute_output_shape(shapes if step.several else shapes[0])
        if result and isinstance(result, list) and hasattr(result[0], '__len__'):
            raise ValueError("stack='scan': the layer %r of a block has several outputs" % (name % self.index))
        return static_shape(result)

    def _differs(self, how):
        raise ValueError(
            "stack='scan' runs equal blocks, but block %d differs from block 0: %s. Build the model with "
            "stack='unrolled'" % (self.index, how)
        )


def alike(one, two):
    """Whether two arguments of layers mean the same; initializers are made anew for each block."""
    if one is two:
        return True
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return set(one) == set(two) and all(alike(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(alike, one, two))
    if isinstance(one, np.ndarray):
        return np.array_equal(one, two)
    if hasattr(one, 'function') and hasattr(one, 'get_config'):  # a MethodInitializer
        return alike(one.function, two.function)
    if hasattr(one, 'func') and hasattr(one, 'keywords'):  # a functools.partial
        return alike([one.func, one.args, one.keywords], [two.func, two.args, two.keywords])
    if hasattr(one, 'get_config'):
        return alike(one.get_config(), two.get_config())
    return bool(one == two)
