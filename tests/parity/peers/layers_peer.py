"""Runs layers of bert4keras 0.11.5: `python layers_peer.py CASES.json ARRAYS.npz OUT.npz`.

CASES is a list of cases: `layer` (a class name), `config`, `call` (keyword arguments) and `sources`, what the layer is
called with: {"width": e} for token ids (b, n) that go through an Embedding with mask_zero, or {"shape": s, "dtype": t}
for an input as it is, of which "shared": true takes the first row. ARRAYS holds for case i the feeds `i/feed/j`, the
tables of the embeddings `i/table/j` and the weights of the layer `i/weight/j`. OUT holds the predictions `i/j`, the
names of the star import as `names`, the constructors' arguments as `signatures` (JSON), and as `loss` three losses of a
model trained through the layer `Loss`.
"""

import inspect
import json
import sys

import numpy as np
from bert4keras import __version__, layers
from bert4keras.backend import keras

from tests.conftest import silence
from tests.parity.given import read_given


def wire(i, source, table):
    """Returns (Keras input, tensor that reaches the layer, function that sets the table)."""
    if table is None:
        given = keras.layers.Input(shape=source['shape'], dtype=source['dtype'])
        reaching = keras.layers.Lambda(lambda x: x[0])(given) if source['shared'] else given
        return given, reaching, lambda: None
    ids = keras.layers.Input(shape=(None,), dtype='int32')
    front = layers.Embedding(table.shape[0], table.shape[1], mask_zero=True)
    return ids, front(ids), lambda: front.set_weights([table])


def run(i, case, arrays):
    keras.backend.clear_session()  # every run pays for what the graph holds
    wires = [wire(i, source, arrays.get('%d/table/%d' % (i, j))) for j, source in enumerate(case['sources'])]
    inputs, tensors, setters = zip(*wires)
    layer = getattr(layers, case['layer'])(**case['config'])
    output = layer(list(tensors) if len(tensors) > 1 else tensors[0], **case['call'])
    for setter in setters:
        setter()
    count = len([name for name in arrays if name.startswith('%d/weight/' % i)])
    layer.set_weights([arrays['%d/weight/%d' % (i, j)] for j in range(count)])
    model = keras.models.Model(list(inputs), output)
    found = model.predict_on_batch([arrays['%d/feed/%d' % (i, j)] for j in range(len(inputs))])
    return {'%d/%d' % (i, j): x for j, x in enumerate(found if isinstance(found, list) else [found])}


class Distance(layers.Loss):
    def compute_loss(self, inputs, mask=None):
        return layers.K.mean(layers.K.square(inputs[0] - inputs[1]))


def losses(arrays):
    """Three steps of gradient descent, trained by the layer alone."""
    x, y = keras.layers.Input(shape=(2,)), keras.layers.Input(shape=(1,))
    dense = keras.layers.Dense(1)
    model = keras.models.Model([x, y], Distance(output_axis=1)([y, dense(x)]))
    dense.set_weights([arrays['loss/kernel'], arrays['loss/bias']])
    model.compile(keras.optimizers.SGD(0.1))
    feeds = [arrays['loss/x'], arrays['loss/y']]
    return np.array([np.ravel(model.train_on_batch(feeds, None))[0] for _ in range(3)])


def signatures():
    """{class: [(argument, default), …]} as JSON; a required argument has no default."""
    found = {}
    for name in list(layers.custom_objects) + ['GlobalAveragePooling1D', 'GlobalMaxPooling1D']:
        function = getattr(layers, name).__init__
        function = getattr(function, '_original_function', function)
        arguments = list(inspect.signature(function).parameters.values())[1:]
        found[name] = [
            (p.name,) if p.default is p.empty else (p.name, p.default)
            for p in arguments if p.kind is p.POSITIONAL_OR_KEYWORD
        ]  # fmt: skip
    return np.array(json.dumps(found))


def star_names():
    scope = {}
    exec('from bert4keras.layers import *', scope)
    return np.array(sorted(name for name in scope if not name.startswith('__')))


def main():
    cases, arrays = read_given(__version__, *sys.argv[1:3])
    found = {'names': star_names(), 'signatures': signatures(), 'loss': losses(arrays)}
    for i, case in enumerate(cases):
        found.update(run(i, case, arrays))
    np.savez(sys.argv[3], **found)


if __name__ == '__main__':
    with silence():
        main()
