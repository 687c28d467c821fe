"""What batches save: evaluation and submission of many documents, all together and one at a time, by the same model.

    python benchmarks/batched_prediction.py [--only ROW] [--quick] [--json FILE] [--size SIZE]… [--documents N]

`ours` sorts the windows of all documents by length and predicts 32 of them at a time; `peer` is our own code on one
document after the other, one window at a time (rows `…_by_document`: all windows of the document in one batch). Both
have the same weights and have to find the same events. The stack is that of the Python that runs this (and of
KERAS_BACKEND).
"""

from __future__ import annotations

import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common, fewfc  # noqa: E402
from benchmarks.batched_prediction_ours import JOINED, SHARE, TASK_LENGTH, TNEWS  # noqa: E402
from benchmarks.common import Row  # noqa: E402
from benchmarks.gplinker import same_events  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402
from gplinker_kit.models.sizes import SIZES  # noqa: E402

TITLE, MODULE, GOAL, DOCUMENTS = 'Batched prediction', 'benchmarks.batched_prediction_ours', 4, 1000
SENTENCES = 'sentences of FewFC from text to '
LONG = 'documents of %d sentences of FewFC, a fifth as many, in windows of %d tokens, from text to ' % (
    JOINED, fewfc.MAX_LENGTH)
# name: (variant of ours, how the peer goes through the documents, goal, what is measured)
ROWS = {
    'evaluate': ('evaluate_sentences', 'one_at_a_time', GOAL, SENTENCES + 'scores'),
    'submit': ('submit_sentences', 'one_at_a_time', GOAL, SENTENCES + 'the file to hand in'),
    'evaluate_long': ('evaluate_documents', 'one_at_a_time', None, LONG + 'scores'),
    'submit_long': ('submit_documents', 'one_at_a_time', None, LONG + 'the file to hand in'),
    'evaluate_long_by_document': ('evaluate_documents', 'document_at_a_time', None, LONG + 'scores'),
    'tnews': ('tnews', 'one_at_a_time', GOAL, 'tnews of CLUE from text to accuracy, %d tokens at most' % TASK_LENGTH),
}  # fmt: skip
USUAL = tuple(name for name in ROWS if not name.startswith('submit_'))


def what_was_measured(ours, peer):
    """Notes how many documents there are, and how many of them the peer went through in a measurement."""
    tokens = ', %.0f tokens each' % (ours['tokens'] / ours['documents']) if 'tokens' in ours else ''
    return '%.2f million weights; %d documents%s, of which the peer takes %d in a measurement' % (
        ours['parameters'] / 1e6, ours['documents'], tokens, peer['measured'])


def same_predictions(ours, peer):
    """The same events in all documents, those apart in which a score lies close to its threshold."""
    if ours['quick'] and not any(ours['events'] + peer['events']):
        return what_was_measured(ours, peer) + '; no events, after so short a training'
    return '%s; %s' % (what_was_measured(ours, peer), same_events(ours, peer))


def same_labels(ours, peer):
    """The same labels, texts apart whose best two are close."""
    apart = [place for place, pair in enumerate(zip(ours['labels'], peer['labels'])) if pair[0] != pair[1]]
    unexplained = sorted(set(apart) - set(peer['close']))
    if unexplained or len(ours['labels']) != len(peer['labels']):
        raise ValueError('other labels in %d of %d texts' % (len(unexplained), len(ours['labels'])))
    return '%s; the same labels but in %d texts whose best two are within 1e-4' % (
        what_was_measured(ours, peer), len(apart))


def make_row(name, size, documents, folder):
    """Returns the Row of a name and an encoder's size; the weights are trained once for all rows of a size."""
    ours, way, goal, note = ROWS[name]
    of_task = ours == 'tnews'
    return Row(
        '%s_%s' % (name, size), goal, 'documents/s', Variant(MODULE, ours + '_batched'),
        Variant(MODULE, '%s_%s' % (ours, way)), higher=True, check=same_labels if of_task else same_predictions,
        before=None if of_task else Variant(MODULE, 'train'), needs=(TNEWS, fewfc.VOCAB) if of_task else fewfc.NEEDS,
        note=note, options={'size': size, 'documents': documents,
                            'weights': os.path.join(folder, 'weights-%s.safetensors' % size)},
    )  # fmt: skip


def add_arguments(parser):
    parser.add_argument('--size', action='append', choices=sorted(SIZES),
                        help='of the encoder; may be repeated (default: tiny)')
    parser.add_argument('--documents', type=int, metavar='N',
                        help='default: %d, with --quick 40; the peer takes every %dth in a measurement' % (
                            DOCUMENTS, SHARE))


def main(argv=None):
    """The command line; exit statuses are those of `common.main`."""
    options, pythons = common.parse(TITLE, list(ROWS), sys.executable, argv, add_arguments)
    documents = options.documents or (40 if options.quick else DOCUMENTS)
    report = {'environment': dict(common.machine(), quick=options.quick, documents=documents),
              'rows': [], 'failed': [], 'skipped': []}
    with tempfile.TemporaryDirectory(prefix='gplinker-benchmark-') as folder:
        rows = [make_row(name, size, documents, folder)
                for size in options.size or ['tiny'] for name in options.only or USUAL]
        common.measure_all(rows, pythons, options.quick, report)
    return common.finish(TITLE, options, report)


if __name__ == '__main__':
    sys.exit(main())
