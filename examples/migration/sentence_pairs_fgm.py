"""Do two questions ask the same? BERT's pooled [CLS], trained on perturbed embeddings (FGM).

Before every update the fast gradient method moves the token embeddings a step of length epsilon up the loss
(arXiv:1605.07725, kexue.fm/archives/7234).
"""

import collections
import os

import invented
import numpy as np

from gplinker_kit.backend import K, is_tf_keras, keras, search_layer
from gplinker_kit.layers import Dense
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer

MAX_LENGTH = 64
BATCH_SIZE = 32

Pair = collections.namedtuple('Pair', 'first second same')


def read_pairs(folder, name):
    """Reads lines 'first <tab> second <tab> 0 or 1'."""
    with open(os.path.join(folder, name), encoding='utf-8') as lines:
        fields = [line.rstrip('\n').split('\t') for line in lines]
    return [Pair(first, second, int(same)) for first, second, same in fields]


class PairBatches(DataGenerator):
    """Batches of ([token ids, segment ids], labels)."""

    def __init__(self, pairs, tokenizer):
        super().__init__(pairs, BATCH_SIZE)
        self.tokenizer = tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, pair in self.sample(random):
            rows.append(self.encode(pair))
            if is_end or len(rows) == self.batch_size:
                tokens, segments, labels = map(sequence_padding, zip(*rows))
                yield [tokens, segments], labels
                rows = []

    def encode(self, pair):
        tokens, segments = self.tokenizer.encode(pair.first, pair.second, maxlen=MAX_LENGTH)
        return tokens, segments, [pair.same]


class AdversarialStep:
    """A train function of Keras 2.3.1 on TF 1.x: it attacks a table of embeddings, lets the model learn, and restores.

    The perturbation stays in a variable of the graph: no table goes through numpy.
    """

    def __init__(self, model, table, epsilon):
        model._make_train_function()
        self.learn = model.train_function
        slope = K.zeros_like(table) + K.gradients(model.total_loss, [table])[0]  # what a lookup gives is sparse
        step = epsilon * slope / (K.sqrt(K.sum(K.square(slope))) + 1e-8)
        perturbation = K.variable(np.zeros(K.int_shape(table)))
        feeds = model._feed_inputs + model._feed_targets + model._feed_sample_weights
        attacked = K.update_add(table, K.update(perturbation, step))
        self.attack = K.function(feeds, [K.sum(step)], updates=[attacked])
        self.restore = K.function([], [K.sum(perturbation)], updates=[K.update_sub(table, perturbation)])

    def __call__(self, batch):
        self.attack(batch)
        results = self.learn(batch)
        self.restore([])
        return results


def compiled(model, learning_rate, epsilon):
    """Returns the model, compiled, and trained adversarially from now on."""
    by_hand = keras.__version__ < '3' and not is_tf_keras
    if not by_hand:
        # Differs from bert4keras, which has nothing for Keras 3 and tf.keras: an option of the library. It works with
        # Keras 2.3.1 too, so a new script needs no class of its own.
        from gplinker_kit.adversarial import adversarial_training

        model = adversarial_training(model, 'Embedding-Token', epsilon)
    model.compile(loss='sparse_categorical_crossentropy', optimizer=Adam(learning_rate), metrics=['accuracy'])
    if by_hand:
        table = search_layer(model.output, 'Embedding-Token').embeddings
        model.train_function = AdversarialStep(model, table, epsilon)
    return model


def accuracy(model, batches):
    """The share of pairs that are judged rightly."""
    hits = [model.predict_on_batch(inputs).argmax(axis=1) == labels[:, 0] for inputs, labels in batches]
    return np.concatenate(hits).mean()


class KeepBest(keras.callbacks.Callback):
    """Prints the accuracy after every epoch, and saves the weights whenever it has not been higher."""

    def __init__(self, batches, path):
        super().__init__()
        self.batches, self.path, self.scores = batches, path, []

    def on_epoch_end(self, epoch, logs=None):
        self.scores.append(accuracy(self.model, self.batches))
        if self.scores[-1] == max(self.scores):
            self.model.save_weights(self.path)
        print('epoch %d: loss %.5f, accuracy %.5f' % (epoch + 1, logs['loss'], self.scores[-1]))


def main():
    """Builds, trains and prints; returns the model and its batches."""
    options = invented.options('pairs', __doc__, epochs=8, learning_rate=2e-3)
    tokenizer = Tokenizer(options.vocab, do_lower_case=True)
    training, development = [
        PairBatches(read_pairs(options.data, name), tokenizer) for name in ('train.txt', 'dev.txt')
    ]

    bert = build_transformer_model(
        config_path=options.config,
        checkpoint_path=options.checkpoint,
        with_pool=True,
        return_keras_model=False,
    )
    verdict = Dense(units=2, activation='softmax', kernel_initializer=bert.initializer)(bert.model.output)
    model = keras.models.Model(bert.model.input, verdict)
    model.summary()
    # The tables of a model from scratch are small.
    model = compiled(model, options.learning_rate, epsilon=0.5 if options.checkpoint else 0.05)

    invented.start(model, options.initial)
    model.fit(
        training.forfit(),
        steps_per_epoch=options.steps or len(training),
        epochs=options.epochs,
        callbacks=[KeepBest(development, options.weights)],
        verbose=0,
    )
    model.load_weights(options.weights)
    print('final score: %.5f' % accuracy(model, development))
    return model, training


if __name__ == '__main__':
    main()
