"""A training step on a GPU: precision, compiler, length and model; the largest batch; factorised against dense scores.

    KERAS_BACKEND=jax|torch|tensorflow python benchmarks/gpu_training.py [--only ROW] [--quick] [--json FILE]
        [--device gpu|cpu]

Published base sizes with random weights, a softmax over every token, Adam, no dropout. `compiled` is Keras's
`jit_compile=True`: XLA on JAX and TensorFlow, `torch.compile` on PyTorch; `plain` is False: PyTorch's eager mode,
TensorFlow's graph, and on JAX one operation at a time, each still compiled by XLA, which JAX cannot do without. The
share `of peak` is that of the rate of a bfloat16 matrix product of 8192, measured in the same process, whatever the
precision of the row. Largest batches are found by bisection, every trial in a process of its own, to within 5%.
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import gpu_common  # noqa: E402
from benchmarks.gpu_device import PRECISIONS  # noqa: E402

TITLE = 'Training on a GPU'
MODELS, LENGTHS = ('roformer_v2', 'gau_alpha', 'bert'), (128, 512, 1024)
TOKENS, TOY_BATCH, TOY_LENGTH = 16384, 2, 8  # tokens of a batch
FASTER, OF_PEAK, LARGER = 3.0, 0.4, 4.0  # goals
SPEED_LENGTH = 512  # of the goals
MOST = {False: 4096, True: 2}  # largest batch that is tried, by `quick`
WAYS = {'compiled': True, 'plain': False}
SCORES = ('factorised', 'dense')

CASES = {
    '%s_%s_%s_%d' % (model, precision, way, length): {
        'model': model, 'precision': precision, 'compiled': WAYS[way], 'length': length, 'rate': True}
    for model in MODELS for length in LENGTHS for precision in PRECISIONS for way in WAYS
}  # fmt: skip
BATCHES = {
    'batch_%s_%s_%d' % (model, precision, SPEED_LENGTH): ('training', {
        'model': model, 'precision': precision, 'compiled': True, 'length': SPEED_LENGTH})
    for model in MODELS for precision in ('float32', 'bfloat16')
}  # fmt: skip
BATCHES.update({
    'batch_duee_%s_%d' % (scores, SPEED_LENGTH): ('pointer', {
        'model': 'roformer_v2', 'precision': 'bfloat16', 'compiled': True, 'length': SPEED_LENGTH, 'scores': scores})
    for scores in SCORES
})  # fmt: skip
NAMES = list(CASES) + list(BATCHES)
GOAL_NAMES = ('roformer_v2_bfloat16_compiled_512', 'roformer_v2_float32_plain_512', 'roformer_v2_float32_compiled_512',
              'batch_duee_factorised_512', 'batch_duee_dense_512')  # fmt: skip


def sized(case, quick):
    """A case with its batch, which holds `TOKENS`; of toy size for `quick`."""
    length = TOY_LENGTH if quick else case['length']
    return dict(case, length=length, batch=TOY_BATCH if quick else max(1, TOKENS // length))


def measure_step(name, options, pythons):
    """The row of a training step, in tokens/s; one that does not fit has a note and no number."""
    case = sized(CASES[name], options.quick)
    facts, seconds = gpu_common.measure_case('training', case, options, pythons)
    if not seconds:
        raise gpu_common.DoesNotFit('a batch of %d texts of %d tokens does not fit' % (case['batch'], case['length']))
    tokens = case['batch'] * case['length']
    rates = [tokens / value for value in seconds]
    made = gpu_common.row(name, 'tokens/s', rates, facts, **{
        key: case[key] for key in ('model', 'precision', 'compiled', 'length', 'batch')})
    made['of_peak'] = facts['flops'] / (tokens / made['ours']) / 1e9 / facts['peak']
    made['note'] = 'a batch of %d; %.1f million weights; the bfloat16 matrix product does %.0f GFLOP/s' % (
        case['batch'], facts['parameters'] / 1e6, facts['peak'])
    if name == 'roformer_v2_bfloat16_compiled_%d' % SPEED_LENGTH:
        made.update(most_share=OF_PEAK, met=made['of_peak'] >= OF_PEAK)
        made['note'] += '; goal: at least %.0f%% of peak%s' % (100 * OF_PEAK, '' if made['met'] else ' (missed)')
    return made


def measure_batch(name, options, pythons):
    """The row of a largest batch."""
    variant, case = BATCHES[name]
    tried = {}

    def fits(batch):
        sent = dict(sized(case, options.quick), batch=batch, quick=options.quick, device=options.device)
        with gpu_common.Process(gpu_common.Variant(gpu_common.MODULE, variant), sent, pythons) as process:
            tried[batch] = process.facts
        return tried[batch]['fits']

    most = MOST[options.quick]
    found = gpu_common.largest(fits, most)
    if not found:
        raise gpu_common.DoesNotFit('not even one text fits')
    made = gpu_common.row(name, 'texts', [float(found)], tried[found], **case)
    made['note'] = '%d trials%s' % (len(tried), '; no more than this were tried' if found == most else '')
    return made


def goals(rows, engine):
    """The rows of the goals that the measured ones allow, see `GOAL_NAMES`.

    On JAX the first ratio has no goal: one operation at a time, its step waits for the host and is slow for that alone.
    """
    found, made = {row['name']: row for row in rows}, []
    fast, slow, compiled, factorised, dense = (found.get(name) for name in GOAL_NAMES)
    if fast and slow:
        made.append(gpu_common.goal_row(
            'bfloat16_compiled_float32_plain', None if engine == 'jax' else FASTER, fast['ours'], slow['ours'],
            'tokens/s',
            'RoFormerV2 base at n = %d; ours is bfloat16, compiled, the peer float32 without' % SPEED_LENGTH))
    if fast and compiled:
        made.append(gpu_common.goal_row(
            'bfloat16_float32_compiled', 1.0, fast['ours'], compiled['ours'], 'tokens/s',
            'the same, both compiled: what the precision alone gives'))
    if factorised and dense:
        made.append(gpu_common.goal_row(
            'duee_batch_factorised_dense', LARGER, factorised['ours'], dense['ours'], 'texts',
            'largest batches of RoFormerV2 base and %d labels at n = %d' % (282, SPEED_LENGTH)))
    return made


def main(argv=None):
    """The command line; exit statuses are those of all benchmarks."""
    options, pythons = gpu_common.parse(TITLE, ['goals'] + NAMES, argv)
    wanted = set(options.only or NAMES)
    if 'goals' in wanted:
        wanted.update(GOAL_NAMES)
    names = [name for name in NAMES if name in wanted]
    report = gpu_common.begin(options, pythons, names)
    for name in [] if report['skipped'] else names:
        measure = measure_step if name in CASES else measure_batch
        made = gpu_common.attempt(name, report, lambda: measure(name, options, pythons))  # noqa: B023
        report['rows'] += [made] if made else []
    report['rows'] += goals(report['rows'], report['environment']['versions']['ours']['engine'])
    return gpu_common.finish(TITLE, options, report)


if __name__ == '__main__':
    sys.exit(main())
