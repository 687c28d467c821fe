"""Our variants of the encoder benchmark: `python -m benchmarks.encoder_ours VARIANT OPTIONS`."""

from __future__ import annotations

import functools
import time

from benchmarks import base_models, memory
from benchmarks.processes import serve, timed


def measure(model, kind, shape, options, **build):
    """Seconds of a forward pass or of a training step; the facts hold the peak of resident memory that it took.

    build: further arguments of `build_transformer_model`. options: as of the rows; 'config', where there is one, holds
    changes of the published configuration.
    """
    from gplinker_kit import backend
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.optimizers import Adam

    made = base_models.config(model, options['quick'], options['dropout'], **options.get('config', {}))
    tokens, segments, labels = base_models.batch(shape)
    start = memory.begin()
    encoder = build_transformer_model(model=model, **made, **build)
    parameters = int(encoder.count_params())
    run = base_models.keras_pass(backend.keras, kind, encoder, [tokens, segments], labels, Adam)
    return timed(run, lambda: {
        'versions': dict(backend.versions(), engine=backend.ENGINE), 'parameters': parameters,
        'flops': base_models.flops(made, shape, kind), 'memory': memory.peak_since(start),
    })  # fmt: skip


def matrix_rate(options):
    """GFLOP/s of a product of two square matrices of 2048, the better one of the engine's and numpy's."""
    import numpy as np

    from gplinker_kit import backend

    size = 2048
    one = np.random.RandomState(0).rand(size, size).astype('float32')
    if backend.STACK == 'keras3':
        tensor = backend.ops.convert_to_tensor(one)

        def run():
            return float(backend.ops.matmul(tensor, tensor)[0, 0])
    else:
        tf, session = backend.tf, backend.K.get_session()
        product = tf.matmul(*(tf.Variable(one) for _ in range(2))).op
        session.run(tf.compat.v1.global_variables_initializer())

        def run():
            session.run(product)

    ways = (run, lambda: np.matmul(one, one))
    for way in ways:
        way()
    yield {}
    while True:
        seconds = []
        for way in ways * 2:
            started = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - started)
        yield 2 * size**3 / min(seconds) / 1e9


VARIANTS = {
    'matrix_rate': matrix_rate,
    **{
        base_models.row_name(model, kind, shape): functools.partial(measure, model, kind, shape)
        for model in base_models.MODELS for kind in base_models.KINDS for shape in base_models.SHAPES
    },
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
