"""What an exported model saves, and costs: ONNX, in float32 and int8, and SavedModel beside Keras, on one model folder.

    python benchmarks/export.py --model DIR [--only ROW] [--quick] [--json FILE]

`extract` goes from the dev sentences of FewFC to events, `predict` from token ids to scores. `ours` is onnxruntime with
the file that `gplinker export` writes on this stack (on Keras 3 by PyTorch, whichever backend is measured), in the row
`saved_extract` TensorFlow with a SavedModel; `peer` is Keras with the model folder itself. Each has one thread, and
speed is by the time that its process had a processor, so that other work on the machine disturbs little. In float32
both have to find the same events; of int8 the note says in how many texts they differ and what F1 it costs. Where
PyTorch or JAX runs Keras there is no SavedModel: name the other rows.
"""

from __future__ import annotations

import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common, fewfc  # noqa: E402
from benchmarks.common import Row  # noqa: E402
from benchmarks.gplinker import same_events  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402

TITLE, MODULE = 'Exported models', 'benchmarks.export_ours'
WHAT = {'extract': 'sentences of FewFC, dev, from text to events, batches of 32',
        'predict': 'one batch of 32 sentences, from token ids to scores'}


def scored(facts):
    return 'argument F1 %.2f, event F1 %.2f' % tuple(facts['scores'])


def same_as_keras(ours, peer):
    """The same events; a text in which a score lies within 1e-4 of its threshold may have others."""
    return '%s; %s' % (same_events(ours, peer), scored(ours))


def cost(ours, peer):
    """How far int8's events are from those of float32."""
    apart = sum(sorted(mine, key=repr) != sorted(theirs, key=repr)
                for mine, theirs in zip(ours['events'], peer['events']))
    return 'other events in %d of %d texts: %s; Keras: %s' % (apart, len(peer['events']), scored(ours), scored(peer))


def close_enough(ours, peer):
    """Says how far the scores are apart, of those that Keras gives."""
    apart = max(abs(mine - theirs) for mine, theirs in zip(ours['sample'], peer['sample']))
    return 'scores at most %.2g apart' % apart


THREADS = ('OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS')
CHECKS = {'onnx_extract': same_as_keras, 'int8_extract': cost,
          'onnx_predict': close_enough, 'int8_predict': close_enough, 'saved_extract': same_as_keras}
ROWS = tuple(CHECKS)


def make_row(name, model, exported=None):
    """Returns the Row of a name, whose files go to `exported`; int8 has no goal: what it is for is a smaller file."""
    kind, what = name.split('_')
    return Row(name, 1 if kind == 'onnx' else None, 'sentences/s', Variant(MODULE, name),
               Variant(MODULE, 'keras_' + what), higher=True, before=Variant(MODULE, 'write_' + kind),
               needs=(model,) + fewfc.NEEDS, check=CHECKS[name], note=WHAT[what],
               options={'model': model, 'exported': exported})


def main(argv=None):
    """The command line; exit statuses are those of `common.main`."""

    def add(parser):
        parser.add_argument('--model', default=os.path.join('runs', 'fewfc-tiny'), metavar='DIR',
                            help='model folder of gplinker train (default: %(default)s)')

    options, pythons = common.parse(TITLE, ROWS, sys.executable, argv, add)
    os.environ.update((name, '1') for name in THREADS)
    report = {'environment': dict(common.machine(), quick=options.quick), 'rows': [], 'failed': [], 'skipped': []}
    with tempfile.TemporaryDirectory(prefix='gplinker-benchmark-') as folder:
        rows = [make_row(name, os.path.abspath(options.model), folder) for name in options.only or ROWS]
        common.measure_all(rows, pythons, options.quick, report)
    return common.finish(TITLE, options, report)


if __name__ == '__main__':
    sys.exit(main())
