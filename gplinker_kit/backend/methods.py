"""Losses and metrics that are methods of a layer: `compile` takes them, and a saved model finds them again.

    class Tagger(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            remember(self)

        @saved_method
        def sparse_loss(self, y_true, y_pred): …

A file holds no method. Keras 3 writes an object with a configuration, here the names of the layer and of the method.
Keras 2 writes the name of a function, and the layer is the one that the output `y_pred` came from.
"""

import functools
import weakref

from gplinker_kit.backend import STACK, keras, register

_LATEST = weakref.WeakValueDictionary()  # layer name -> the last layer that was made with it


def remember(layer):
    """Makes `layer` the one that its name means to the models that are loaded next; call it in its constructor."""
    _LATEST[layer.name] = layer
    _LATEST[''] = layer


def saved_method(method):
    """Decorator of a method `(self, y_true, y_pred)` that is given to `compile` as a loss or metric."""
    if STACK == 'keras3':
        return _Method(method)
    # A user's own function of that name goes first.
    keras.utils.get_custom_objects().setdefault(method.__name__, _of_output(method.__name__))
    return method


class _Method:
    """Gives out a `LayerMethod` where a method would give out itself with its object."""

    def __init__(self, method):
        functools.update_wrapper(self, method)
        self.method = method

    def __get__(self, layer, owner=None):
        return self.method if layer is None else LayerMethod(layer, self.method)


@register
class LayerMethod:
    """A method with its layer, which can be written to a file."""

    def __init__(self, layer, method):
        functools.update_wrapper(self, method)
        self.layer = layer
        self.method = method

    def __call__(self, *args, **kwargs):
        return self.method(self.layer, *args, **kwargs)

    def get_config(self):
        return {'layer': self.layer.name, 'method': self.__name__}

    @classmethod
    def from_config(cls, config):
        layer = _LATEST.get(config['layer'])
        if layer is None:
            raise ValueError('the model has no layer %(layer)r, whose %(method)s it was compiled with' % config)
        return getattr(layer, config['method'])


def _of_output(name):
    def function(y_true, y_pred):
        layer = getattr(y_pred, '_keras_history', [None])[0]
        if not hasattr(layer, name):  # the output was cast
            layer = _LATEST.get('')
        if not hasattr(layer, name):
            raise ValueError('%s is a method of a layer, and the output of none that has it' % name)
        return getattr(layer, name)(y_true, y_pred)

    function.__name__ = name
    return function
