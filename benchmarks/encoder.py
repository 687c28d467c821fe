"""Base encoders against bert4keras on TF 1.15, and against keras-hub, transformers and bert4torch on Keras 3.

    python benchmarks/encoder.py [--only ROW] [--quick] [--json FILE] [--peer-python PYTHON]

BERT, RoFormer, RoFormerV2 and GAU-α in their published base sizes with random weights; a forward pass
(`predict_on_batch`) and a training step (a softmax over every token, Adam), batches of 8 texts of 128 tokens and of 4
of 512. The stack is that of the Python that runs this (and of KERAS_BACKEND). Dropout is the published 0.1 where the
peer is bert4keras, and 0 elsewhere, since not all of those peers have it in the same places.
"""

from __future__ import annotations

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import base_models, common  # noqa: E402
from benchmarks.common import Row  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402

# package: (module of its variants, models, whether the rows' names end in it)
PEERS = {
    'keras_hub': ('encoder_keras_hub', ('roformer_v2',), False),
    'transformers': ('encoder_torch', ('roformer',), True),
    'bert4torch': ('encoder_torch', ('bert', 'roformer_v2', 'gau_alpha'), True),
}
# Peers that are measured on one engine only, unless --only says otherwise; on the others ours is measured alone.
PYTORCH_ONLY = ('transformers', 'bert4torch')
NOTES = {
    'keras_hub': 'the peer on the same backend, with the Adam of Keras',
    'transformers': "the peer runs PyTorch eagerly, with PyTorch's scaled_dot_product_attention and fused Adam",
    'bert4torch': "the peer runs PyTorch eagerly, with its default attention and PyTorch's fused Adam",
}
RATE = Variant('benchmarks.encoder_ours', 'matrix_rate')
# Against bert4keras: the least ratio of the time of a pass.
GOALS = {
    ('roformer_v2', 'train'): 1.2, ('gau_alpha', 'train'): 1.05, ('bert', 'train'): 1.0,
    ('roformer_v2', 'forward'): 1.1, ('gau_alpha', 'forward'): 1.1, ('bert', 'forward'): 1.1,
}  # fmt: skip


def same_size(ours, peer):
    """Both have the same number of weights, a position table or a pooler that only one has aside."""
    if abs(ours['parameters'] - peer['parameters']) > 0.01 * ours['parameters']:
        raise ValueError('ours has %d weights, the peer %d' % (ours['parameters'], peer['parameters']))
    return '%.1f million weights' % (ours['parameters'] / 1e6)


def rows_of(package, module, models, several, goal, options, note):
    """The rows of one peer: every model, kind of pass and shape."""
    made = []
    for model in models:
        for kind in base_models.KINDS:
            for shape in base_models.SHAPES:
                theirs = base_models.row_name(model, kind, shape, package if several else None)
                made.append(Row(
                    base_models.row_name(model, kind, shape, package), goal(model, kind), 's',
                    Variant('benchmarks.encoder_ours', base_models.row_name(model, kind, shape)),
                    Variant('benchmarks.peers.' + module, theirs, 'peer'),
                    check=same_size, options=options, note=note, lean=package == 'bert4keras', rate=RATE,
                ))  # fmt: skip
    return made


TF1_ROWS = rows_of(
    'bert4keras', 'encoder_bert4keras', ('bert', 'roformer_v2', 'gau_alpha'), False, lambda *key: GOALS[key],
    {'dropout': 0.1}, 'dropout 0.1; each trains with its own Adam',
)  # fmt: skip
WITHOUT_DROPOUT = {'dropout': 0.0, 'engine': os.environ.get('KERAS_BACKEND', 'tensorflow')}
ALONE_ROWS = [
    Row(
        base_models.row_name(model, kind, shape), None, 's',
        Variant('benchmarks.encoder_ours', base_models.row_name(model, kind, shape)), None,
        options=WITHOUT_DROPOUT, note='without dropout; no peer', rate=RATE)
    for model in ('bert', 'gau_alpha') for kind in base_models.KINDS for shape in base_models.SHAPES
]  # fmt: skip
KERAS3_ROWS = ALONE_ROWS + [
    row
    for package, (module, models, several) in PEERS.items()
    for row in rows_of(
        package, module, models, several, lambda *key: 1.0, WITHOUT_DROPOUT, 'without dropout; ' + NOTES[package],
    )
]  # fmt: skip


def importable(python, package):
    """Whether a Python has a package, told without importing it."""
    command = [python, '-c', 'import importlib.util, sys; sys.exit(importlib.util.find_spec(%r) is None)' % package]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def usual_rows(engine, absent):
    """The rows of Keras 3 that are measured without --only: every model, with the peers that belong to the engine."""
    packages = [name for name in PEERS if name not in absent and (engine == 'torch' or name not in PYTORCH_ONLY)]
    rows = [row for row in KERAS3_ROWS if row.name.endswith(tuple(packages))]
    beside = {row.ours.name for row in rows}
    return [row for row in ALONE_ROWS if row.name not in beside] + rows


def main(argv=None):
    from gplinker_kit.backend import STACK

    if STACK != 'keras3':
        python = os.environ.get('GPLINKER_TF1_PYTHON') or sys.executable
        return common.main('Encoders', TF1_ROWS, python, argv=argv)
    python = os.environ.get('GPLINKER_PEERS_PYTHON') or sys.executable
    absent = [package for package in PEERS if not importable(python, package)]
    for package in absent:
        common.say('%s is left out: %s has it not (see benchmarks/README.md)' % (package, python))
    rows = usual_rows(WITHOUT_DROPOUT['engine'], absent)
    return common.main(
        'Encoders', KERAS3_ROWS, python, default=[row.name for row in rows], argv=argv)  # fmt: skip


if __name__ == '__main__':
    sys.exit(main())
