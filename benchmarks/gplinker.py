"""GPLinker against the published formulation on bert4keras 0.11.5: training, extraction, tokenising, clique search.

    python benchmarks/gplinker.py [--only ROW] [--quick] [--json FILE] [--peer-python PYTHON]

The model: RoFormerV2's shape, 4 layers, 256 wide, 4 heads, 1024 within, 75 labels; FewFC, batches of 32, n ≤ 256. The
stack is that of the Python that runs this (and of KERAS_BACKEND); the peer always runs on TF 1.15. On another stack the
rows that Keras has no part in are left out, unless --only names them.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common, fewfc  # noqa: E402
from benchmarks.common import Row, matrix_product_rate, number  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402

BATCHES = 'on batches of 32 shuffled texts, n ≤ 256, padded to their longest'


def same_size(ours, peer):
    """Both networks have the same number of weights; of a step, notes what its matrix products amount to."""
    if ours['parameters'] != peer['parameters']:
        raise ValueError('ours has %d weights, the peer %d' % (ours['parameters'], peer['parameters']))
    flops = '; the matrix products of a step are %.0f GFLOP' % (ours['flops'] / 1e9) if 'flops' in ours else ''
    return '%.2f million weights%s' % (ours['parameters'] / 1e6, flops)


def same_events(ours, peer):
    """Both find the same events, texts apart in which the peer saw a score within 1e-4 of its threshold.

    In one text of a hundred the decoder may meet a bound: there, too, the peer has to find the same.
    """
    if ours['limits'] * 100 > len(ours['events']):
        raise ValueError('the decoder met a bound in %d texts; the weights are too poor to compare' % ours['limits'])
    apart = []
    for number_, (mine, theirs) in enumerate(zip(ours['events'], peer['events'])):
        if sorted(mine, key=repr) != sorted(theirs, key=repr):
            apart.append(number_)
    unexplained = sorted(set(apart) - set(peer['close']))
    if unexplained or len(ours['events']) != len(peer['events']):
        first = unexplained[0] if unexplained else 0
        raise ValueError('other events in %d of %d texts, first in dev text %d: ours %r, the peer %r' % (
            len(unexplained), len(ours['events']), first, ours['events'][first], peer['events'][first]))
    events = sum(map(len, ours['events']))
    if not events:
        raise ValueError('neither side found an event; the weights are too poor to compare')
    bounded = '; the decoder met a bound in %d texts' % ours['limits'] if ours['limits'] else ''
    return '%d events in %d texts, the same but in %d texts with a score within 1e-4 of its threshold%s' % (
        events, len(ours['events']), len(apart), bounded)


def same_tokens(ours, peer):
    """The same ids, and the same characters."""
    if len(ours['found']) != len(peer['found']):
        raise ValueError('ours tokenised %d texts, the peer %d' % (len(ours['found']), len(peer['found'])))
    for place, (mine, theirs) in enumerate(zip(ours['found'], peer['found'])):
        if mine != theirs:
            raise ValueError('other tokens in training text %d' % place)
    return '%d texts' % len(ours['found'])


def same_cliques(ours, peer):
    """The same maximal cliques."""
    if ours['cliques'] != peer['cliques']:
        raise ValueError('other cliques')
    return '%s cliques in %s' % (
        number(sum(map(len, ours['cliques']))),
        'one graph' if len(ours['cliques']) == 1 else '%s graphs' % number(len(ours['cliques'])))


def _row(name, goal, unit, peer='gplinker_bert4keras', **options):
    ours = Variant('benchmarks.gplinker_ours', name)
    return Row(name, goal, unit, ours, Variant('benchmarks.peers.' + peer, name, 'peer'), **options)


KERAS_ROWS = [
    _row('train_step', 5, 's', needs=fewfc.NEEDS, check=same_size, note='one step ' + BATCHES + ', the same for both'),
    _row(
        'train_peak_memory', 2, 'MiB', needs=fewfc.NEEDS, fresh=True, check=same_size,
        note='high-water mark of resident memory above what it was after the imports; building the model and one step '
        'each on the two widest batches of `train_step`',
    ),
    _row(
        'train_epoch', 12, 'sentences/s', needs=fewfc.NEEDS, higher=True, check=same_size,
        note='padding the batch included; ours in length buckets, the peer ' + BATCHES + '; both by a cross-section of '
        'the epoch, from its narrowest to its widest batches, the same in every measurement; compiling is not counted',
    ),
    _row(
        'extract', 5, 'sentences/s', needs=fewfc.NEEDS, higher=True, check=same_events,
        before=Variant('benchmarks.gplinker_ours', 'train_for_extract'),
        note='text to events on the dev texts with the same weights: ours batched and factorised; the peer one text at '
        'a time with dense scores, a fifth of the texts a measurement',
    ),
]  # fmt: skip
OTHER_ROWS = [
    _row('tokenise', 4, 'texts/s', needs=fewfc.NEEDS, higher=True, check=same_tokens, note='ids and offsets'),
    _row(
        'cliques_k7x2', 10000, 'ms', peer='cliques', peer_rounds=2, check=same_cliques,
        note='complete graph of 14 nodes less a perfect matching, the peer being the published recursion (--quick: 12 '
        'nodes)',
    ),
    _row(
        'cliques_g40', None, 'ms', peer='cliques', most=150, check=same_cliques,
        note='random graph G(40, 0.9); the peer is networkx, from the same boolean matrix',
    ),
    _row(
        'cliques_duee', 1, 'ms', peer='cliques', needs=fewfc.NEEDS, check=same_cliques,
        note="the graphs of FewFC's training texts, one a text and event type; the peer is networkx, from the same "
        'boolean matrices',
    ),
]  # fmt: skip


def facts():
    """What the table's numbers depend on besides machine and versions."""
    return {
        'model': {
            'layers': fewfc.LAYERS, 'width': fewfc.WIDTH, 'heads': fewfc.HEADS, 'intermediate': fewfc.INNER,
            'pointer_size': fewfc.HEAD_SIZE, 'dropout': fewfc.DROPOUT,
        },
        'corpus': 'FewFC', 'batch': fewfc.BATCH, 'max_length': fewfc.MAX_LENGTH,
        'matrix_product_gflops': round(matrix_product_rate(), 1),
    }  # fmt: skip


def main(argv=None):
    at_home = find_spec('bert4keras') is not None
    elsewhere = os.environ.get('GPLINKER_TF1_PYTHON') or os.path.join(ROOT, '.venv', 'tf1', 'bin', 'python')
    return common.main(
        'GPLinker', KERAS_ROWS + OTHER_ROWS, sys.executable if at_home else elsewhere,
        default=None if at_home else [row.name for row in KERAS_ROWS], facts=facts, argv=argv,
    )  # fmt: skip


if __name__ == '__main__':
    sys.exit(main())
