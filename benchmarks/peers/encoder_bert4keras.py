"""bert4keras 0.11.5 in the encoder benchmark (TF 1.15, Keras 2.3.1)."""

from __future__ import annotations

import functools
import json
import os

from benchmarks import base_models, memory
from benchmarks.processes import serve, timed


def gau_alpha():
    """GAU-α as a subclass of bert4keras's RoFormerV2: one gated unit a block, its sum and its norm."""
    from bert4keras import layers, models

    class GAU(models.RoFormerV2):
        def apply_main_layers(self, inputs, index):
            name = 'Transformer-%d-GatedAttentionUnit' % index
            x = self.apply(
                inputs=[inputs, self.compute_position_bias(inputs)], layer=layers.GatedAttentionUnit,
                arguments={'a_bias': None, 'p_bias': 'rotary'}, units=self.intermediate_size,
                key_size=self.attention_key_size, activation=self.hidden_act, use_bias=False,
                normalization='softmax_plus', attention_dropout=self.attention_dropout_rate,
                kernel_initializer=self.initializer, name=name)  # fmt: skip
            x = self.apply(inputs=x, layer=layers.Dropout, rate=self.dropout_rate, name=name + '-Dropout')
            x = self.apply(inputs=[inputs, x], layer=layers.Add, name=name + '-Add')
            return self.apply(
                inputs=x, layer=layers.LayerNormalization, zero_mean=False, scale=False, offset=False,
                name=name + '-Norm')  # fmt: skip

    return GAU


def measure(model, kind, shape, options):
    """As ours."""
    import bert4keras
    import keras as keras_package
    import tensorflow
    from bert4keras.backend import keras
    from bert4keras.models import build_transformer_model
    from bert4keras.optimizers import Adam

    path = os.path.join(options['folder'], 'bert4keras_config.json')
    with open(path, 'w') as stream:
        json.dump(base_models.config(model, options['quick'], options['dropout']), stream)
    tokens, segments, labels = base_models.batch(shape)
    start = memory.begin()
    encoder = build_transformer_model(path, model=gau_alpha() if model == 'gau_alpha' else model)
    parameters = int(encoder.count_params())
    run = base_models.keras_pass(keras, kind, encoder, [tokens, segments], labels, Adam)
    return timed(run, lambda: {
        'versions': {
            'bert4keras': bert4keras.__version__, 'keras': keras_package.__version__,
            'tensorflow': tensorflow.__version__,
        },
        'parameters': parameters, 'memory': memory.peak_since(start),
    })  # fmt: skip


VARIANTS = {
    base_models.row_name(model, kind, shape): functools.partial(measure, model, kind, shape)
    for model in ('bert', 'roformer_v2', 'gau_alpha') for kind in base_models.KINDS for shape in base_models.SHAPES
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
