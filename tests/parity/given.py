"""What a peer is handed: CASES.json and ARRAYS.npz, of the bert4keras that the tests were written against."""

import json

import numpy as np


def read_given(version, cases, arrays):
    """Returns (the cases, {name: array}) of two files; `version` is that of the bert4keras that will run them."""
    if version != '0.11.5':
        raise SystemExit('expected bert4keras 0.11.5, got %s' % version)
    with open(cases, encoding='utf-8') as stream:
        cases = json.load(stream)
    with np.load(arrays, allow_pickle=False) as archive:
        return cases, {name: archive[name] for name in archive.files}
