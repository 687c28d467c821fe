"""Recomputation: a layer keeps only its inputs for the backward pass, and computes the rest a second time there.

    class Block(Layer):
        @recompute_grad
        def call(self, inputs, mask=None, training=None):
            ...

Source: Chen et al., 2016, "Training Deep Nets with Sublinear Memory Cost" (arXiv:1604.06174).
"""

import functools
import inspect

from gplinker_kit.backend.stack import STACK

if STACK == 'keras3':
    from gplinker_kit.backend.recompute_keras3 import recomputed
else:
    from gplinker_kit.backend.recompute_keras2 import recomputed


def recompute_grad(call):
    """Decorator for a layer's `call`, or for any function of tensors; always active where it is used.

    Values and gradients are those of the plain function: weights that it reads get their gradients, and what dropout
    drew in the forward pass is drawn again in the backward one. Arguments and result may be nested lists, tuples and
    dicts of tensors; masks and other values pass through.

    Inside, random numbers come from `backend.dropout`, `random_normal` and `random_uniform`; on Keras 3 stock layers
    may draw too, while on TF 1.15 theirs are a ValueError, as they could not be drawn twice. A loss that is added
    inside belongs outside.
    """

    @functools.wraps(call)
    def wrapper(*args, **kwargs):
        return recomputed(call, args, kwargs)

    # Keras asks for it without following wrappers.
    wrapper.__signature__ = inspect.signature(call)
    return wrapper


@functools.lru_cache(maxsize=None)
def recomputing(cls):
    """Returns one of our layer classes with a `call` that recomputes; it is saved and loaded as `cls`."""
    from gplinker_kit.backend import register

    members = {'call': recompute_grad(cls.call), '__module__': cls.__module__, '__doc__': cls.__doc__}
    made = register(type(cls.__name__, (cls,), members))
    register(cls)  # the name is written for both, and read as `cls`
    return made
