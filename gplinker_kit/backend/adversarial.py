"""Models whose training step resists small changes of an embedding table: what `gplinker_kit.adversarial` builds on.

`FastGradient` and `GradientPenalty` are mix-ins that change the training step of the running Keras. `extend(model,
mixin, option)` returns a model over the same layers that has one of them: a Keras model like any other, saved as the
plain model it extends. `option` is an `Attack`.
"""

from gplinker_kit.backend import ENGINE, STACK, keras

if STACK != 'keras3':
    from gplinker_kit.backend import adversarial_keras2 as _impl
elif ENGINE == 'tensorflow':
    from gplinker_kit.backend import adversarial_tensorflow as _impl
elif ENGINE == 'jax':
    from gplinker_kit.backend import adversarial_jax as _impl
else:
    from gplinker_kit.backend import adversarial_torch as _impl

FastGradient, GradientPenalty = _impl.FastGradient, _impl.GradientPenalty


class Attack:
    """The embedding layer whose table is attacked, and how strongly."""

    def __init__(self, layer, epsilon):
        self.layer, self.epsilon = layer, epsilon

    @property
    def table(self):
        return self.layer.embeddings

    def place(self, variables):
        """Returns the index of the table among `variables`."""
        return [variable is self.table for variable in variables].index(True)


def extend(model, mixin, attack):
    """Returns a new, uncompiled model with the layers of `model` and the training step of `mixin`.

    Raises:
        ValueError: `model` is of a class of its own, has been compiled, is extended in this way already, or has losses
            or metrics that were added to itself and not to a layer.
    """
    # On Keras 3 `Model(inputs, outputs)` makes a subclass: this asks for its name.
    plain = type(keras.models.Model(*_ends(model)))
    if isinstance(model, mixin):
        raise ValueError('the model trains by %s already' % mixin.__name__)
    own = isinstance(model, (FastGradient, GradientPenalty))
    if not own and type(model) not in (plain, keras.models.Model, keras.models.Sequential):
        raise ValueError(
            'model must be made by Model(inputs, outputs), so that its training step can be replaced. Received: %s'
            % type(model).__name__
        )
    if getattr(model, 'optimizer', None) is not None:
        raise ValueError('the model is compiled: extend it first, then compile the model that is returned')
    base = type(model) if own else plain
    # Under the name of the class it extends, since that is the class to load it as.
    cls = type(base.__name__, (mixin, base), {'__module__': base.__module__})
    extended = cls(*_ends(model), name=model.name)
    if [layer for layer in model.layers if layer not in extended.layers] or getattr(model, '_losses', None):
        raise ValueError('the model has losses or metrics of its own: add them to the model that is returned')
    for name in [FastGradient.option, GradientPenalty.option]:
        if hasattr(model, name):
            setattr(extended, name, getattr(model, name))
    setattr(extended, mixin.option, attack)
    return extended


def _ends(model):
    """The inputs and outputs of a model, in the structure that it was given."""
    if STACK == 'keras3' and not isinstance(model, keras.models.Sequential):
        return model.input, model.output
    return model.inputs, model.outputs
