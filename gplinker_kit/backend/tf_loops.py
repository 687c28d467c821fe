"""Loops of TensorFlow that TF 1.15 and the TensorFlow engine of Keras 3 share."""

import tensorflow as tf

nest = tf.nest


def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Repeats `body(*loop_vars)` while `cond(*loop_vars)`; returns the loop variables, a tuple if they were one."""
    several = isinstance(loop_vars, (list, tuple))
    state = tuple(loop_vars) if several else (loop_vars,)

    def step(*state):
        new = body(*state)
        return tuple(new) if several else (new,)

    # TF 1.15 would unpack a single variable, and only there is the flag known.
    same = {'return_same_structure': True} if tf.__version__.startswith('1.') else {}
    state = tf.while_loop(cond, step, state, maximum_iterations=maximum_iterations, **same)
    return tuple(state) if several else state[0]


def scan(f, init, xs=None, length=None, reverse=False):
    """Runs f(carry, x) -> (carry, y) over the first axis of `xs`; returns (last carry, stacked ys).

    `init`, `xs` and `y` are tensors or nested lists, tuples and dicts of tensors; `y` may be None. The carry keeps its
    shapes and dtypes. With `reverse` the last slice comes first; ys[i] still belongs to xs[i].

    Slicing a stacked tensor inside the loop would make the gradient quadratic in the number of steps; see `_slices`.
    `keras.ops.scan` is not used on TensorFlow because it wants `y` to have the structure and the shapes of the carry.

    Raises:
        ValueError: neither `xs` nor `length` is given, or they disagree.
    """
    leaves = [tf.convert_to_tensor(x) for x in nest.flatten(xs)] if xs is not None else []
    steps = _count_steps(leaves, length)
    init = nest.map_structure(tf.convert_to_tensor, init)
    shapes = [leaf.shape for leaf in nest.flatten(init)]
    inputs, take = _slices(leaves, steps, reverse)

    def call(carry, x):
        carry, y = f(nest.pack_sequence_as(init, carry), nest.pack_sequence_as(xs, x) if leaves else None)
        carry = [tf.convert_to_tensor(leaf) for leaf in nest.flatten(carry)]
        return carry, None if y is None else nest.map_structure(tf.convert_to_tensor, y)

    # Only a run of `f` tells the structure of y. In a graph nothing of this run is ever computed.
    sample = call(nest.flatten(init), [_zero_slice(leaf) for leaf in leaves])[1]
    samples = [] if sample is None else nest.flatten(sample)
    outputs = [tf.TensorArray(y.dtype, steps, element_shape=y.shape) for y in samples]

    def body(i, carry, arrays, inputs):
        at = steps - 1 - i if reverse else i
        inputs, slices = take(inputs, at)
        carry, y = call(carry, slices)
        for leaf, shape in zip(carry, shapes):
            leaf.set_shape(shape)
        ys = [] if y is None else nest.flatten(y)
        return i + 1, carry, [array.write(at, leaf) for array, leaf in zip(arrays, ys)], inputs

    # A known bound lets XLA differentiate the loop.
    bound = steps if isinstance(steps, int) else None
    state = (tf.constant(0), nest.flatten(init), outputs, inputs)
    _, carry, arrays, _ = while_loop(lambda i, *_: i < steps, body, state, maximum_iterations=bound)
    stacked = []
    for array, y in zip(arrays, samples):
        value = array.stack()
        value.set_shape(tf.TensorShape([bound]).concatenate(y.shape))
        stacked.append(value)
    return nest.pack_sequence_as(init, carry), None if sample is None else nest.pack_sequence_as(sample, stacked)


def _count_steps(leaves, length):
    """The number of steps, an int where the graph knows it."""
    if not leaves:
        if length is None:
            raise ValueError('scan needs `xs` or `length`')
        return length
    known = {leaf.shape.as_list()[0] for leaf in leaves} | {length if isinstance(length, int) else None}
    known.discard(None)
    if len(known) > 1:
        raise ValueError('scan: the first axes of `xs` and `length` differ: %s' % sorted(known))
    return known.pop() if known else tf.shape(leaves[0])[0]


def _slices(leaves, steps, reverse):
    """Returns (state of the loop, function of that state and the number of a slice -> (state, slices)).

    TF 1.15 has TensorArrays, whose gradients are TensorArrays. Those of TF 2 are lists, and the gradient of reading an
    entry is a list of them all, at each step; that of taking the last entry away is to append one.
    """
    if tf.__version__.startswith('1.'):
        arrays = [tf.TensorArray(leaf.dtype, steps, element_shape=leaf.shape[1:]).unstack(leaf) for leaf in leaves]
        return [], lambda state, at: (state, [array.read(at) for array in arrays])
    rows = leaves if reverse else [tf.reverse(leaf, [0]) for leaf in leaves]
    shapes = [tf.shape(leaf)[1:] for leaf in leaves]

    def take(state, at):
        lists, slices = [], []
        for entries, leaf, shape in zip(state, leaves, shapes):
            entries, row = tf.raw_ops.TensorListPopBack(
                input_handle=entries, element_shape=shape, element_dtype=leaf.dtype
            )
            row.set_shape(leaf.shape[1:])
            lists.append(entries)
            slices.append(row)
        return lists, slices

    return [
        tf.raw_ops.TensorListFromTensor(tensor=row, element_shape=shape) for row, shape in zip(rows, shapes)
    ], take


def _zero_slice(leaf):
    """A slice for the trial run, possible even where `leaf` has no rows."""
    value = tf.zeros(tf.shape(leaf)[1:], leaf.dtype)
    value.set_shape(leaf.shape[1:])
    return value
