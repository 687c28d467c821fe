"""Variants of the benchmark of recomputation: `python -m benchmarks.memory_saving_ours VARIANT OPTIONS`."""

from __future__ import annotations

from benchmarks import encoder_ours
from benchmarks.processes import serve


def _step(recompute, options):
    options = dict(options, dropout=0.1)
    return encoder_ours.measure('roformer_v2', 'train', '4x512', options, recompute=recompute)


def memory(recompute, options):
    """MiB that building the model and its first two steps take at most; one measurement a process."""
    facts = next(_step(recompute, options))
    peak = facts.pop('memory')
    yield {key: value for key, value in facts.items() if key != 'flops'}
    yield peak


VARIANTS = {
    'memory_recomputed': lambda options: memory(True, options),
    'memory_plain': lambda options: memory(False, options),
    'time_recomputed': lambda options: _step(True, options),
    'time_plain': lambda options: _step(False, options),
}

if __name__ == '__main__':
    serve(VARIANTS)
