"""Adversarial training of transformers: beside the published scripts on Keras 2.3.1, and in the bundled training."""

import numpy as np
import pytest

from gplinker_kit import adversarial
from gplinker_kit.backend import K, Model, keras, layers, set_random_seed
from gplinker_kit.events.batches import make_batch
from gplinker_kit.fitting import compile_model, encode, train_step
from gplinker_kit.layers import Embedding, FeedForward, FirstToken
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.recipe import Recipe
from tests import adversarial_script
from tests.corpus import sentences, tiny_gplinker
from tests.helpers import STACK

KERAS2 = pytest.mark.skipif(STACK != 'keras2', reason='the published script is one for Keras 2.3.1')
RANDOM = np.random.RandomState(0)
# No token twice in a batch: there the published penalty is another one.
TOKENS = RANDOM.permutation(np.arange(1, 31)).reshape(5, 6)
LABELS = RANDOM.randint(0, 2, size=(5, 1))
SIZE = dict(vocab_size=31, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            hidden_act='gelu', max_position=8)  # fmt: skip
MARK = 'sparse_categorical_crossentropy'


def classifier():
    (K.clear_session if STACK == 'keras3' else keras.backend.clear_session)()
    set_random_seed(3)
    bert = build_transformer_model(model='bert', with_pool=True, **SIZE)
    model = Model(bert.inputs, layers.Dense(2, activation='softmax')(bert.output))
    rng = np.random.RandomState(1)
    model.set_weights([w + 0.3 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def small_classifier():
    """Without a transformer: its graph of second derivatives would take a minute to build."""
    keras.backend.clear_session()
    set_random_seed(3)
    tokens = layers.Input((6,))
    x = Embedding(31, 4, name='Embedding-Token', mask_zero=False)(tokens)
    return Model(tokens, layers.Dense(2, activation='softmax')(FeedForward(8, activation='tanh')(FirstToken()(x))))


def trained(model, steps=3):
    """(losses, weights) of steps on the batch."""
    inputs = [TOKENS, 0 * TOKENS][:len(model.inputs)]
    losses = [np.ravel(model.train_on_batch(inputs, LABELS))[0] for _ in range(steps)]
    return losses, model.get_weights()


def assert_same(ours, theirs, tolerance=2e-5):
    np.testing.assert_allclose(ours[0], theirs[0], rtol=tolerance)
    for one, two in zip(ours[1], theirs[1]):
        np.testing.assert_allclose(one, two, rtol=tolerance, atol=tolerance)


@KERAS2
def test_the_published_fast_gradient():
    """It runs on our models as it stands; our option gives its numbers, and the plain training others."""
    plain = classifier()
    plain.compile(Adam(1e-2), MARK)
    without = trained(plain)
    model = classifier()
    model.compile(Adam(1e-2), MARK)
    adversarial_script.train_on_attacked(model, 'Embedding-Token', 0.5)
    theirs = trained(model)
    model = adversarial.adversarial_training(classifier(), epsilon=0.5)
    model.compile(Adam(1e-2), MARK)
    assert_same(trained(model), theirs, 1e-4)  # Adam magnifies the roundings of the norm
    assert abs(np.subtract(without[0], theirs[0])).min() > 1e-3


@KERAS2
def test_the_published_gradient_penalty():
    model = small_classifier()
    loss = adversarial_script.log_loss
    model.compile(Adam(1e-2), adversarial_script.penalised(loss, 'Embedding-Token', 0.5))
    theirs = trained(model)
    model = adversarial.gradient_penalty(small_classifier(), epsilon=0.5)
    model.compile(Adam(1e-2), loss)
    assert_same(trained(model), theirs)


def test_a_step_of_the_bundled_training():
    """The loss is above the plain one; the model that extracts has the trained weights, and may be trained again."""
    schema, examples = sentences(4)
    gplinker = tiny_gplinker(schema)
    inputs, targets = make_batch(encode(gplinker, examples)[0], 64)
    # The graph of second derivatives takes TF 1.15 half a minute to build; a smaller one is run above.
    model = compile_model(gplinker, Recipe(fgm=0.5, gradient_penalty=0.5 if STACK == 'keras3' else None), 4)
    assert model is not gplinker.model and getattr(gplinker.model, 'optimizer', None) is None
    plain = np.ravel(model.test_on_batch(inputs[:len(model.inputs)], targets))[0]
    before = gplinker.model.get_weights()
    loss = train_step(model, inputs, targets)
    assert np.isfinite(loss) and loss > plain
    assert sum(abs(one - two).max() > 0 for one, two in zip(before, gplinker.model.get_weights())) > len(before) / 2
    # A second training may leave the options out, or take them again.
    assert compile_model(gplinker, Recipe(), 4) is gplinker.model
    assert compile_model(gplinker, Recipe(gradient_penalty=0.5), 4) is not gplinker.model
