"""GPLinker trained on FewFC to convergence on a GPU: how long it takes, and the scores that it reaches.

    KERAS_BACKEND=jax|torch|tensorflow python benchmarks/gpu_gplinker.py [--only ROW] [--quick] [--json FILE]
        [--device gpu|cpu]

The recipe of the README's training from scratch, as that function of the library trains which `gplinker train` calls;
it ends when no dev F1 has risen for `PATIENCE` epochs. Without XLA but on JAX, which has no other way. A row is the
seconds of one whole training, scoring dev after each epoch and compiling included; its note has the epochs, the best
one, the seconds until then, sentences/s of the last epoch, and the dev scores at thresholds 0.
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import fewfc, gpu_common  # noqa: E402

TITLE = 'GPLinker to convergence on a GPU'
EPOCHS, PATIENCE, LONGEST = 60, 6, 7200
SIZES, PRECISIONS = ('tiny', 'small'), ('float32', 'bfloat16')
CASES = {
    '%s_%s' % (size, precision): {'size': size, 'precision': precision, 'epochs': EPOCHS, 'patience': PATIENCE}
    for size in SIZES for precision in PRECISIONS
}  # fmt: skip


def measure(name, options, pythons):
    """The row of a training."""
    case = dict(CASES[name], quick=options.quick, device=options.device)
    variant = gpu_common.Variant(gpu_common.MODULE, 'convergence')
    with gpu_common.Process(variant, case, pythons, LONGEST) as process:
        facts = process.facts
        if not facts['fits']:
            raise gpu_common.DoesNotFit('its batches do not fit')
        seconds = process.measure()
    note = ('%d epochs, the best by argument F1 is %d, done after %.0f s; %.0f sentences/s; its dev argument F1 %.2f, '
            'event F1 %.2f' % ((facts['epochs'], facts['best'], facts['seconds_to_best'], facts['rate'])
                               + tuple(facts['scores'])))
    return gpu_common.row(name, 's', [seconds], facts, note=note, scores=facts['scores'], epochs=facts['epochs'])


def main(argv=None):
    """The command line; exit statuses are those of all benchmarks."""
    options, pythons = gpu_common.parse(TITLE, list(CASES), argv)
    names = [name for name in CASES if name in (options.only or CASES)]
    report = gpu_common.begin(options, pythons, names)
    missing = [path for path in fewfc.NEEDS if not os.path.exists(path)]
    if missing and not report['skipped']:
        message = 'there is no ' + os.path.relpath(missing[0], ROOT)
        report['skipped'] = [{'name': name, 'message': message} for name in names]
    for name in [] if report['skipped'] else names:
        made = gpu_common.attempt(name, report, lambda: measure(name, options, pythons))  # noqa: B023
        report['rows'] += [made] if made else []
    return gpu_common.finish(TITLE, options, report)


if __name__ == '__main__':
    sys.exit(main())
