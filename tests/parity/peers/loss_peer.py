"""Runs bert4keras 0.11.5's losses: `python loss_peer.py IN.npz OUT.npz`.

IN holds `dense_true`, `dense_pred` (r, c) and `indices` (r, k), `sparse_pred` (r, c), `zero_indices` (r, k), 0 padded.
OUT holds the losses and the gradients of their sums for the scores.
"""

import sys

import numpy as np
from bert4keras import __version__
from bert4keras.backend import (
    K,
    multilabel_categorical_crossentropy,
    sparse_multilabel_categorical_crossentropy,
)


def main():
    if __version__ != '0.11.5':
        raise SystemExit('expected bert4keras 0.11.5, got %s' % __version__)
    with np.load(sys.argv[1]) as given:
        given = {name: given[name] for name in given.files}
    out = {}
    for name, labels, scores, loss in (
        ('dense', 'dense_true', 'dense_pred', multilabel_categorical_crossentropy),
        ('sparse', 'indices', 'sparse_pred', sparse_multilabel_categorical_crossentropy),
        (
            'sparse_zero', 'zero_indices', 'sparse_pred',
            lambda y, s: sparse_multilabel_categorical_crossentropy(y, s, mask_zero=True),
        ),
    ):  # fmt: skip
        y_pred = K.constant(given[scores])
        y_true = K.constant(given[labels], dtype=str(given[labels].dtype))
        value = loss(y_true, y_pred)
        gradient = K.gradients(K.sum(value), [y_pred])[0]
        out[name], out[name + '_gradient'] = K.get_session().run([value, gradient])
    np.savez(sys.argv[2], **out)


if __name__ == '__main__':
    main()
