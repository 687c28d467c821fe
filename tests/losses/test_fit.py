"""The pointer losses in `compile`, `fit`, `save` and `load_model`."""

import numpy as np
import pytest

from gplinker_kit import losses
from gplinker_kit.backend import Input, Layer, Model, keras, layers, ops, register, set_random_seed
from tests import loss_oracles as oracles
from tests.loss_oracles import within

H = 3


@register
class TinyPointer(Layer):
    """Packed scores, or with `dense` dense ones, of (b, n, e) inputs for any n."""

    def __init__(self, dense=False, **kwargs):
        super().__init__(**kwargs)
        self.dense = dense

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name='kernel', shape=(int(input_shape[-1]), 16 + 2 * H), initializer='glorot_uniform'
        )
        self.bias = self.add_weight(name='bias', shape=(16 + 2 * H,), initializer='zeros')
        self.built = True

    def call(self, inputs):
        x = ops.matmul(inputs, self.kernel) + self.bias
        g = ops.matmul(x[..., :8], ops.transpose(x[..., 8:16], (0, 2, 1)))
        packed = ops.concatenate([g, x[..., 16:]], axis=-1)
        return losses.dense_scores(packed, H, fill=-1e9) if self.dense else packed

    def compute_output_shape(self, input_shape):
        b, n = input_shape[0], input_shape[1]
        return (b, H, n, n) if self.dense else (b, n, None if n is None else n + 2 * H)

    def get_config(self):
        return dict(super().get_config(), dense=self.dense)


def make_data(rng, n=10, samples=12):
    x = rng.normal(size=(samples, n, 6)).astype('float32')
    return x, oracles.make_golds(rng, [n] * samples, H, 4)


def adam():
    return keras.optimizers.Adam(0.02)


@pytest.fixture(autouse=True)
def seeded():
    set_random_seed(0)


@pytest.mark.smoke
def test_fit_lowers_the_factorised_loss_of_a_dense_layer():
    rng = np.random.RandomState(0)
    x, golds = make_data(rng)
    inputs = Input((10, 6))
    model = Model(inputs, layers.Dense(10 + 2 * H)(inputs))
    model.compile(loss=[losses.FactorisedPointerCrossentropy(H)], optimizer=adam())
    before = oracles.factorised(golds, model.predict(x, verbose=0), H)[0].mean()
    within(1e-5, model.evaluate(x, golds, verbose=0), before)
    model.fit(x, golds, batch_size=4, epochs=15, verbose=0)
    after = oracles.factorised(golds, model.predict(x, verbose=0), H)[0].mean()
    assert after < 0.6 * before


@pytest.mark.parametrize('dense', [False, True])
def test_batches_of_any_length(dense):
    rng = np.random.RandomState(1)
    inputs = Input((None, 6))
    model = Model(inputs, TinyPointer(dense)(inputs))
    loss = losses.SparsePointerCrossentropy() if dense else losses.FactorisedPointerCrossentropy(H)
    model.compile(loss=[loss], optimizer=adam())
    batches = [make_data(rng, n, samples) for n, samples in ((10, 4), (7, 3), (13, 2))]
    if dense:  # Keras 2 wants targets of the output's rank
        batches = [(x, golds[:, None]) for x, golds in batches]
    x, golds = batches[0]
    before = model.predict(x, verbose=0)
    wanted = oracles.pointer(golds[:, 0], before)[0] if dense else oracles.factorised(golds, before, H)[0]
    first = model.test_on_batch(x, golds)
    within(1e-5, np.float64(first), wanted.mean())
    for _ in range(25):
        for batch in batches:
            model.train_on_batch(*batch)
    assert float(model.test_on_batch(x, golds)) < 0.8 * float(first)


def test_two_heads_and_sample_weights():
    rng = np.random.RandomState(2)
    x, golds = make_data(rng)
    inputs = Input((10, 6))
    outputs = [layers.Dense(10 + 2 * H, name='arguments')(inputs), layers.Dense(10 + 2, name='links')(inputs)]
    model = Model(inputs, outputs)
    model.compile(
        loss=[losses.FactorisedPointerCrossentropy(H), losses.FactorisedPointerCrossentropy(1, triangle=False)],
        optimizer=adam(),
    )
    links = oracles.make_golds(rng, [10] * 12, 1, 2, triangle=False)
    packed = model.predict(x, verbose=0)
    parts = [
        oracles.factorised(golds, packed[0], H)[0].mean(),
        oracles.factorised(links, packed[1], 1, triangle=False)[0].mean(),
    ]
    found = model.evaluate(x, [golds, links], verbose=0)
    within(1e-5, np.float64(found[:3]), [sum(parts)] + parts)


def test_saved_and_loaded(tmp_path):
    rng = np.random.RandomState(3)
    x, golds = make_data(rng)
    inputs = Input((10, 6))
    model = Model(inputs, layers.Dense(10 + 2 * H)(inputs))
    model.compile(loss=losses.FactorisedPointerCrossentropy(H, mask_zero=False), optimizer=adam())
    model.fit(x, golds, epochs=1, verbose=0)
    wanted = model.evaluate(x, golds, verbose=0)
    path = str(tmp_path / ('model.keras' if hasattr(keras, 'saving') else 'model.h5'))
    model.save(path)
    loaded = keras.models.load_model(path)
    within(1e-6, np.float64(loaded.evaluate(x, golds, verbose=0)), np.float64(wanted))
    assert loaded.loss is not None


def test_dense_labels_and_the_metric():
    rng = np.random.RandomState(4)
    x, golds = make_data(rng, 8)
    y_true = np.zeros((12, H, 8, 8), 'float32')
    for sample, triples in enumerate(golds):
        for label, start, end in triples[triples[:, 0] >= 0]:
            y_true[sample, label, start, end] = 1.0
    inputs = Input((None, 6))
    model = Model(inputs, TinyPointer(True)(inputs))
    model.compile(loss=losses.global_pointer_crossentropy, optimizer=adam(), metrics=[losses.global_pointer_f1_score])
    first = model.evaluate(x, y_true, verbose=0)
    assert 0.0 <= first[1] <= 1.0
    model.fit(x, y_true, epochs=20, batch_size=6, verbose=0)
    assert model.evaluate(x, y_true, verbose=0)[0] < 0.8 * first[0]
