"""Runs layers of bert4keras 0.11.5: `python layers_peer.py CASES.json ARRAYS.npz OUT.npz`.

CASES is a list of cases: `layer` (a class name), `config`, `call` (keyword arguments) and `sources`, what the layer is
called with: {"width": e} for token ids (b, n) that go through an Embedding with mask_zero, or {"shape": s, "dtype": t}
for an input as it is. ARRAYS holds for case i the feeds `i/feed/j`, the tables of the embeddings `i/table/j` and the
weights of the layer `i/weight/j`. OUT holds the predictions `i`.
"""

import json
import sys

import numpy as np
from bert4keras import __version__, layers
from bert4keras.backend import keras


def wire(i, source, table):
    """Returns (Keras input, tensor that reaches the layer, function that sets the table)."""
    if table is None:
        given = keras.layers.Input(shape=source['shape'], dtype=source['dtype'])
        return given, given, lambda: None
    ids = keras.layers.Input(shape=(None,), dtype='int32')
    front = layers.Embedding(table.shape[0], table.shape[1], mask_zero=True)
    return ids, front(ids), lambda: front.set_weights([table])


def run(i, case, arrays):
    wires = [wire(i, source, arrays.get('%d/table/%d' % (i, j))) for j, source in enumerate(case['sources'])]
    inputs, tensors, setters = zip(*wires)
    layer = getattr(layers, case['layer'])(**case['config'])
    output = layer(list(tensors) if len(tensors) > 1 else tensors[0], **case['call'])
    for setter in setters:
        setter()
    count = len([name for name in arrays if name.startswith('%d/weight/' % i)])
    layer.set_weights([arrays['%d/weight/%d' % (i, j)] for j in range(count)])
    model = keras.models.Model(list(inputs), output)
    return model.predict_on_batch([arrays['%d/feed/%d' % (i, j)] for j in range(len(inputs))])


def main():
    if __version__ != '0.11.5':
        raise SystemExit('expected bert4keras 0.11.5, got %s' % __version__)
    with open(sys.argv[1], encoding='utf-8') as stream:
        cases = json.load(stream)
    with np.load(sys.argv[2]) as archive:
        arrays = dict(archive)
    np.savez(sys.argv[3], **{str(i): run(i, case, arrays) for i, case in enumerate(cases)})


if __name__ == '__main__':
    main()
