"""Whether something has been made already that a choice for the whole process would come too late for."""

import gc

from gplinker_kit.backend.stack import keras


def check_early(call, stack, engine, with_flags=False):
    """Raises a ValueError where a layer, an optimizer or a session lives, or TensorFlow 2 has begun to compute.

    call: the name of the function that makes the choice. stack, engine: as `backend` has them. with_flags: whether the
    choice is one of TF_XLA_FLAGS, which TensorFlow 2 reads when it runs its first operation.
    """
    kinds = {'layer': keras.layers.Layer, 'optimizer': keras.optimizers.Optimizer}
    if stack != 'keras3':
        from tensorflow.python.client.session import BaseSession

        kinds['session'] = BaseSession
    gc.collect()  # what is only held by itself is not in use
    for thing in gc.get_objects():
        for name, kind in kinds.items():
            if issubclass(type(thing), kind):  # unlike isinstance it asks the object nothing
                called = getattr(thing, 'name', None)
                raise ValueError('%s comes too late: there is %s %s%s already; call it before the model is built' % (
                    call, 'an' if name[0] == 'o' else 'a', name, ' %r' % called if called else ''))
    if with_flags and stack == 'keras3' and engine == 'tensorflow':
        from tensorflow.python.eager import context

        if context.context()._initialized:
            raise ValueError('%s comes too late: TensorFlow has run an operation, and reads TF_XLA_FLAGS before the '
                             'first; call it before anything is computed' % call)
