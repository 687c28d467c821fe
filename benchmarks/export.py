"""What an exported model saves, and costs: ONNX beside Keras, in float32 and with int8 weights, on one model folder.

    python benchmarks/export.py --model DIR [--only ROW] [--quick] [--json FILE]

`extract` goes from the dev sentences of FewFC to events, `predict` from token ids to scores. `ours` is onnxruntime with
the file that `gplinker export` writes on this stack, `peer` Keras with the model folder itself. In float32 both have to
find the same events; of int8 the note says in how many texts they differ and what F1 it costs. TensorFlow 1.15 and
PyTorch write ONNX.
"""

from __future__ import annotations

import os
import sys

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


CHECKS = {'onnx_extract': same_as_keras, 'int8_extract': cost,
          'onnx_predict': close_enough, 'int8_predict': close_enough}
ROWS = tuple(CHECKS)


def make_row(name, model):
    """Returns the Row of a name; int8 has no goal, since what it is for is a smaller file."""
    kind, what = name.split('_')
    return Row(name, 1 if kind == 'onnx' else None, 'sentences/s', Variant(MODULE, name),
               Variant(MODULE, 'keras_' + what), higher=True, before=Variant(MODULE, 'write_' + kind),
               needs=(model,) + fewfc.NEEDS, check=CHECKS[name], note=WHAT[what], options={'model': model})


def main(argv=None):
    """The command line; exit statuses are those of `common.main`."""

    def add(parser):
        parser.add_argument('--model', default=os.path.join('runs', 'fewfc-tiny'), metavar='DIR',
                            help='model folder of gplinker train (default: %(default)s)')

    options, pythons = common.parse(TITLE, ROWS, sys.executable, argv, add)
    report = {'environment': dict(common.machine(), quick=options.quick), 'rows': [], 'failed': [], 'skipped': []}
    rows = [make_row(name, os.path.abspath(options.model)) for name in options.only or ROWS]
    common.measure_all(rows, pythons, options.quick, report)
    return common.finish(TITLE, options, report)


if __name__ == '__main__':
    sys.exit(main())
