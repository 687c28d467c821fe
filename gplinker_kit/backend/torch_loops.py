"""Loops of PyTorch: `keras.ops.scan`, but for what its gradient costs."""

import torch
from keras import ops, tree


def scan(f, init, xs=None, length=None, reverse=False):
    """Runs f(carry, x) -> (carry, y) over the first axis of `xs`; see `tf_loops.scan`.

    The slices are taken at once: a slice taken in the loop has a gradient as large as `xs`, and all of them together
    would be quadratic in the number of steps. Where Keras asks for shapes only, one step tells them all.
    """
    leaves = [] if xs is None else [ops.convert_to_tensor(x) for x in tree.flatten(xs)]
    if not leaves and length is None:
        raise ValueError('scan needs `xs` or `length`')
    lengths = {int(leaf.shape[0]) for leaf in leaves} | ({int(length)} if length is not None else set())
    if len(lengths) > 1:
        raise ValueError('scan: the first axes of `xs` and `length` differ: %s' % sorted(lengths))
    steps = lengths.pop()
    slices = [torch.unbind(leaf) for leaf in leaves]

    def step(carry, i):
        return f(carry, tree.pack_sequence_as(xs, [each[i] for each in slices]) if leaves else None)

    carry, ys, order = tree.map_structure(ops.convert_to_tensor, init), [None] * steps, range(steps)
    if steps and any(leaf.device.type == 'meta' for leaf in tree.flatten(carry)):
        carry, y = step(carry, 0)
        order, ys = (), [y] * steps
    for i in reversed(order) if reverse else order:
        carry, ys[i] = step(carry, i)
    if not steps or ys[0] is None:
        return carry, None
    return carry, tree.map_structure(lambda *each: torch.stack(each), *ys)
