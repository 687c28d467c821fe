"""keras-hub's RoFormerV2 in the encoder benchmark, on the backend that ours runs on."""

from __future__ import annotations

import functools
import os

from benchmarks import base_models, memory
from benchmarks.processes import serve, timed


def measure(kind, shape, options):
    """As ours."""
    os.environ['KERAS_BACKEND'] = options['engine']  # before Keras is imported
    import keras
    import keras_hub

    made = base_models.config('roformer_v2', options['quick'], options['dropout'])
    tokens, segments, labels = base_models.batch(shape)
    start = memory.begin()
    encoder = keras_hub.models.RoformerV2Backbone(
        vocabulary_size=made['vocab_size'], num_layers=made['num_hidden_layers'],
        num_heads=made['num_attention_heads'], hidden_dim=made['hidden_size'],
        intermediate_dim=made['intermediate_size'], head_size=made['hidden_size'] // made['num_attention_heads'],
        activation=made['hidden_act'], dropout=options['dropout'],
    )  # fmt: skip
    parameters = int(encoder.count_params())
    inputs = {'token_ids': tokens, 'segment_ids': segments, 'padding_mask': (tokens > 0).astype('int32')}
    inputs = {name: inputs[name] for name in encoder.input}
    run = base_models.keras_pass(keras, kind, encoder, inputs, labels, keras.optimizers.Adam)
    return timed(run, lambda: {
        'versions': {'keras-hub': keras_hub.__version__, 'keras': keras.__version__},
        'parameters': parameters, 'memory': memory.peak_since(start),
    })  # fmt: skip


VARIANTS = {
    base_models.row_name('roformer_v2', kind, shape): functools.partial(measure, kind, shape)
    for kind in base_models.KINDS for shape in base_models.SHAPES
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
