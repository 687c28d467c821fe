"""Batches of a DataGenerator in `fit` and `predict`, and tf.data, on every stack."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, K, Layer, Model, add_loss, layers, ops
from gplinker_kit.backend.batches import fit_batch, predict_batch
from gplinker_kit.snippets import DataGenerator, sequence_padding

CLASSES = 3
# The first two batches are equally long, the later ones are not.
LENGTHS = [5, 5, 5, 5, 3, 2, 7, 1]
EXAMPLES = [(list(range(1, length + 1)), length % CLASSES) for length in LENGTHS]


class Batches(DataGenerator):
    """Batches of two texts; `shape` makes inputs and targets of their ids and labels."""

    def __init__(self, shape):
        super().__init__(EXAMPLES, batch_size=2)
        self.shape = shape

    def __iter__(self, random=False):
        ids, labels = [], []
        for is_end, (text, label) in self.sample(random):
            ids.append(text)
            labels.append([label])
            if len(ids) == self.batch_size or is_end:
                yield self.shape(sequence_padding(ids), sequence_padding(labels))
                ids, labels = [], []


class MeanLoss(Layer):
    """Adds the mean square of its input as the loss."""

    def call(self, inputs):
        add_loss(self, ops.mean(inputs * inputs), inputs)
        return inputs


def build(own_loss):
    inputs = [Input((None,), name='ids'), Input((None,), name='segments')]
    embed = layers.Embedding(10, 4, embeddings_initializer='ones')
    both = layers.Add()([embed(x) for x in inputs])
    outputs = layers.Dense(CLASSES, activation='softmax', name='label')(layers.GlobalAveragePooling1D()(both))
    model = Model(inputs, MeanLoss()(outputs) if own_loss else outputs)
    model.compile(loss=None if own_loss else 'sparse_categorical_crossentropy', optimizer='sgd')
    return model


SHAPES = {
    'lists': lambda ids, labels: ([ids, np.zeros_like(ids)], labels),
    'tuples': lambda ids, labels: ((ids, np.zeros_like(ids)), labels),
    'weights': lambda ids, labels: ([ids, np.zeros_like(ids)], labels, np.zeros(len(labels))),
    'a dict': lambda ids, labels: ({'ids': ids, 'segments': np.zeros_like(ids)}, {'label': labels}),
    'a list': lambda ids, labels: [[ids, np.zeros_like(ids)], labels],
    'no targets': lambda ids, labels: ([ids, np.zeros_like(ids)], None),
}


@pytest.mark.smoke
@pytest.mark.parametrize('kinds', [('lists', 'tuples', 'a list', 'a dict'), ('weights',), ('no targets',)])
def test_fit_takes_the_batches(kinds):
    own_loss = kinds == ('no targets',)
    model = build(own_loss)
    for kind in kinds:
        generator, before = Batches(SHAPES[kind]), model.get_weights()
        history = model.fit(generator.forfit(random=False), steps_per_epoch=len(generator), epochs=2, verbose=0)
        losses = history.history['loss']
        assert len(losses) == 2 and np.isfinite(losses).all()
        moved = any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
        assert moved == (kind != 'weights')  # which are 0
        if own_loss:
            assert 1 / CLASSES ** 2 <= losses[1] < losses[0] < 1 / CLASSES


def test_predict_takes_the_inputs():
    model, generator = build(False), Batches(SHAPES['lists'])
    found = model.predict(generator.fortest(), steps=len(generator))
    parts = [model.predict_on_batch(inputs) for inputs, _ in generator]
    assert np.allclose(found, np.concatenate(parts), atol=1e-6) and len(found) == len(EXAMPLES)


def test_the_form_of_batches():
    array, labels = np.arange(6).reshape(2, 3), np.ones((2, 1))
    batch = fit_batch(([array, array], labels))
    (inputs,) = predict_batch((array,)) if STACK == 'keras3' else [predict_batch((array,))]
    if STACK == 'keras3':
        assert isinstance(batch, tuple) and isinstance(batch[0], tuple)
        assert len(fit_batch((array, None))) == len(fit_batch((array, None, None))) == len(fit_batch({'a': array})) == 1
    else:
        assert isinstance(batch[0], list) and fit_batch((array, None)) == (array, None)
    assert np.array_equal(inputs[0], array) and np.array_equal(batch[0][1], array)
    assert batch[1].shape[1] == 1
    assert array.shape == (2, 3)


class Examples(DataGenerator):
    """Single examples of inputs and, with_label, a target."""

    with_label = True

    def __iter__(self, random=False):
        for _, (text, label) in self.sample(random):
            inputs = [text, [0] * len(text)]
            yield (inputs, [[label]] if self.names else [label]) if self.with_label else inputs

    names = None


TEXTS = ('int32', 'int32'), ([None], [None])


@pytest.mark.skipif(ENGINE != 'tensorflow', reason='tf.data is for TensorFlow')
@pytest.mark.parametrize('names, types, shapes, with_label', [
    (None, [TEXTS[0], 'int32'], [TEXTS[1], [1]], True),
    ([('ids', 'segments'), ('label',)], [TEXTS[0], ('int32',)], [TEXTS[1], ([1],)], True),
    (('ids', 'segments'), TEXTS[0], TEXTS[1], False),
], ids=['tuples', 'dicts', 'inputs'])
def test_tf_data(names, types, shapes, with_label):
    generator = Examples(EXAMPLES, batch_size=2)
    generator.names, generator.with_label = names, with_label
    dataset = generator.to_dataset(types, shapes, names, padded_batch=True)
    if STACK == 'keras2':  # which takes no dataset
        check_batches(dataset, lambda batch: (batch[0] if with_label else batch)['ids' if names else 0])
        return
    model = build(own_loss=not with_label)
    before = model.get_weights()
    model.fit(dataset, steps_per_epoch=len(generator), epochs=2, verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def check_batches(dataset, ids_of):
    import tensorflow as tf

    batch = tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()
    seen = []
    for _ in range(2 * len(EXAMPLES)):
        ids = ids_of(K.get_session().run(batch))
        assert ids.shape[0] == 2 and (ids[:, 0] == 1).all() and (ids > 0).sum(1).max() == ids.shape[1]
        seen += (ids > 0).sum(1).tolist()
    assert sorted(seen) == sorted(LENGTHS * 4)


@pytest.mark.skipif(ENGINE != 'tensorflow', reason='tf.data is for TensorFlow')
def test_tf_data_of_one_shape():
    class Numbers(DataGenerator):
        def __iter__(self, random=False):
            for _, number in self.sample(random):
                yield [number, number]

    dataset = Numbers(range(6), batch_size=3).to_dataset('int32', [2])
    assert dataset.element_spec.shape.as_list() == [None, 2]


@pytest.mark.skipif(ENGINE == 'tensorflow', reason='tf.data is for TensorFlow')
def test_other_engines_are_told_what_to_use():
    with pytest.raises(RuntimeError, match=r'runs on %s. Use model.fit\(generator.forfit' % ENGINE):
        Examples(EXAMPLES).to_dataset('int32', [None])
