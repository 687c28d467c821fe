"""Variants of the benchmark of depth: `python -m benchmarks.depth_ours VARIANT OPTIONS`."""

from __future__ import annotations

import functools
import time

import numpy as np

from benchmarks import memory
from benchmarks.processes import serve, timed

ROWS, LENGTH, WIDTH, VOCABULARY = 8, 16, 16, 50
DEPTHS = (12, 125, 250, 500, 1000)


def begin(stack, depth):
    """Builds a compiled model; returns (function that makes a training step, facts)."""
    from gplinker_kit import backend
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.optimizers import Adam

    model = build_transformer_model(
        model='bert', vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=depth, num_attention_heads=2,
        intermediate_size=4 * WIDTH, hidden_act='relu', max_position=LENGTH, residual='deepnorm', stack=stack,
    )  # fmt: skip
    model.compile(loss='mse', optimizer=Adam(1e-4))
    rng = np.random.RandomState(0)
    inputs = [rng.randint(1, VOCABULARY, (ROWS, LENGTH)), np.zeros((ROWS, LENGTH), 'int64')]
    targets = rng.normal(size=(ROWS, LENGTH, WIDTH))
    facts = {'versions': dict(backend.versions(), engine=backend.ENGINE), 'parameters': int(model.count_params())}
    return lambda: model.train_on_batch(inputs, targets), facts


def depth_of(depth, options):
    """A quarter of the blocks for a quick run."""
    return max(depth // 4, 2) if options['quick'] else depth


def first(stack, depth, options):
    """Seconds from building to the end of the first step; one measurement a process."""
    import gplinker_kit.models  # noqa: F401  (importing an engine is no part of it)

    started = time.perf_counter()
    step, facts = begin(stack, depth_of(depth, options))
    step()
    seconds = time.perf_counter() - started
    yield facts
    yield seconds


def steps(stack, depth, options):
    """Seconds of a step."""
    import gplinker_kit.models  # noqa: F401  (importing an engine is no part of it)

    start = memory.begin()
    step, facts = begin(stack, depth_of(depth, options))
    return timed(step, lambda: dict(facts, memory=memory.peak_since(start)))


def per_block(stack, depth, options):
    """Milliseconds of a step for each block."""
    measured = steps(stack, depth, options)
    facts = next(measured)
    yield {key: value for key, value in facts.items() if key != 'memory'}
    for seconds in measured:
        yield 1e3 * seconds / depth_of(depth, options)


def peak(stack, depth, options):
    """MiB that building and two steps take at most; one measurement a process."""
    facts = next(steps(stack, depth, options))
    found = facts.pop('memory')
    yield facts
    yield found


KINDS = {'first': first, 'step': steps, 'block': per_block, 'memory': peak}
VARIANTS = {
    '%s_%s_%d' % (kind, stack, depth): functools.partial(function, stack, depth)
    for kind, function in KINDS.items() for stack in ('scan', 'unrolled') for depth in DEPTHS
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
