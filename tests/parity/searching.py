"""A graph with a nested model, searched by anybody's `search_layer`."""

NAMES = ('in', 'first', 'inner', 'inner-dense', 'last', 'absent')


def searched(backend, keras):
    """Returns the names that `backend.search_layer` finds from an output, from its model, and past an excluded one."""
    inner_in = keras.layers.Input((4,))
    inner = keras.models.Model(inner_in, keras.layers.Dense(3, name='inner-dense')(inner_in), name='inner')
    inputs = keras.layers.Input((4,), name='in')
    x = keras.layers.Dense(4, name='first')(inputs)
    x = keras.layers.Dense(2, name='last')(inner(keras.layers.Dense(4, name='second')(x)))
    model = keras.models.Model(inputs, x)
    found = [[getattr(backend.search_layer(start, name), 'name', None) for name in NAMES] for start in (x, model)]
    found.append(getattr(backend.search_layer(x, 'first', {inner}), 'name', None))
    return found
