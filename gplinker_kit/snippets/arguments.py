"""Decorators of `__init__` that add keyword arguments to a class, or forbid those of its base class."""

import functools


def insert_arguments(**arguments):
    """Returns a decorator of a method: the keywords `arguments`, with these defaults, become attributes first."""
    def decorate(method):
        @functools.wraps(method)
        def wrapped(self, *args, **kwargs):
            for name, default in arguments.items():
                setattr(self, name, kwargs.pop(name, default))
            return method(self, *args, **kwargs)

        return wrapped

    return decorate


def delete_arguments(*arguments):
    """Returns a decorator of a method: a TypeError names a keyword of `arguments` that is given all the same."""
    def decorate(method):
        @functools.wraps(method)
        def wrapped(self, *args, **kwargs):
            for name in arguments:
                if name in kwargs:
                    raise TypeError('%s got an unexpected keyword argument %r' % (type(self).__name__, name))
            return method(self, *args, **kwargs)

        return wrapped

    return decorate
