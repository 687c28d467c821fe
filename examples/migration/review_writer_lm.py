"""Writes reviews that are good or bad as told: a causal language model whose norms depend on a condition.

Every layer normalisation gets its gain and shift from the embedding of the label (kexue.fm/archives/7124). The model
also judges: the right label is the one under which a review is likelier.
"""

import collections
import os

import invented
import numpy as np

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import Embedding, Input, Loss, Reshape
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import AutoRegressiveDecoder, DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer, load_vocab

MAX_LENGTH = 48
BATCH_SIZE = 16
LABELS = ['bad', 'good']

Review = collections.namedtuple('Review', 'text label')


def read_reviews(folder, name):
    """Reads lines 'text <tab> number of the label'."""
    with open(os.path.join(folder, name), encoding='utf-8') as lines:
        fields = [line.rstrip('\n').split('\t') for line in lines]
    return [Review(text, int(label)) for text, label in fields]


class ReviewBatches(DataGenerator):
    """Batches of ([token ids, segment ids, labels], None)."""

    def __init__(self, reviews, tokenizer):
        super().__init__(reviews, BATCH_SIZE)
        self.tokenizer = tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, review in self.sample(random):
            rows.append(self.tokenizer.encode(review.text, maxlen=MAX_LENGTH) + ([review.label],))
            if is_end or len(rows) == self.batch_size:
                yield [sequence_padding(column) for column in zip(*rows)], None
                rows = []


class NextTokenLoss(Loss):
    """The mean surprise at a token, given those before it; padding, which is token 0, does not count."""

    def compute_loss(self, inputs, mask=None):
        token_ids, probabilities = inputs
        following = token_ids[:, 1:]
        surprise = K.sparse_categorical_crossentropy(following, probabilities[:, :-1])
        weights = K.cast(K.greater(following, 0), K.floatx())
        return K.sum(surprise * weights / K.sum(weights))


def build_model(options, keep_tokens):
    """Returns the language model under its loss, with the inputs [token ids, segment ids, label]."""
    label = Input(shape=(1,))
    condition = Reshape((32,))(Embedding(len(LABELS), 32)(label))
    base = build_transformer_model(
        options.config,
        options.checkpoint,
        application='lm',
        keep_tokens=keep_tokens,
        layer_norm_cond=condition,
        additional_input_layers=label,
        return_keras_model=False,
    )
    probabilities = NextTokenLoss(1)([base.model.inputs[0], base.model.outputs[0]])
    return keras.models.Model(base.model.inputs, probabilities)


class ReviewWriter(AutoRegressiveDecoder):
    """Draws texts for a label."""

    def __init__(self, model, tokenizer):
        super().__init__(start_id=tokenizer._token_start_id, end_id=tokenizer._token_end_id, maxlen=24)
        self.model, self.tokenizer = model, tokenizer

    @AutoRegressiveDecoder.wraps(default_rtype='probas')
    def predict(self, inputs, output_ids, states):
        label, = inputs
        return self.last_token(self.model).predict_on_batch([output_ids, np.zeros_like(output_ids), label])

    def write(self, label, number):
        drawn = self.random_sample([[LABELS.index(label)]], number, topp=0.95)
        return [self.tokenizer.decode(token_ids) for token_ids in drawn]


def accuracy(model, batches):
    """The share of reviews that are likelier under their own label than under any other."""
    hits = []
    for (tokens, segments, labels), _ in batches:
        likelihoods = []
        for label in range(len(LABELS)):
            probabilities = model.predict_on_batch([tokens, segments, np.full_like(labels, label)])[:, :-1]
            chosen = np.take_along_axis(probabilities, tokens[:, 1:, None], axis=2)[:, :, 0]
            likelihoods.append(np.sum(np.log(chosen + 1e-12) * (tokens[:, 1:] > 0), axis=1))
        hits.extend(np.argmax(likelihoods, axis=0) == labels[:, 0])
    return np.mean(hits)


class KeepBest(keras.callbacks.Callback):
    """Prints the accuracy after every epoch, and saves the weights of the lowest loss so far."""

    def __init__(self, batches, path):
        super().__init__()
        self.batches, self.path, self.losses = batches, path, []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs['loss'])
        if logs['loss'] == min(self.losses):
            self.model.save_weights(self.path)
        print('epoch %d: loss %.5f, accuracy %.5f' % (epoch + 1, logs['loss'], accuracy(self.model, self.batches)))


def main():
    """Builds, trains and prints; returns the model and its batches."""
    options = invented.options('reviews', __doc__, epochs=4, learning_rate=3e-3)
    kept, keep_tokens = load_vocab(
        dict_path=options.vocab,
        simplified=True,
        startswith=['[PAD]', '[UNK]', '[CLS]', '[SEP]'],
    )
    tokenizer = Tokenizer(kept, do_lower_case=True)
    training, development = [
        ReviewBatches(read_reviews(options.data, name), tokenizer) for name in ('train.txt', 'dev.txt')
    ]
    model = build_model(options, keep_tokens)
    model.compile(optimizer=Adam(options.learning_rate))
    model.summary()

    invented.start(model, options.initial)
    model.fit(
        training.forfit(),
        steps_per_epoch=options.steps or len(training),
        epochs=options.epochs,
        callbacks=[KeepBest(development, options.weights)],
        verbose=0,
    )
    model.load_weights(options.weights)
    writer = ReviewWriter(model, tokenizer)
    for label in LABELS:
        print('%s: %s' % (label, writer.write(label, 2)))
    print('final score: %.5f' % accuracy(model, development))
    return model, training


if __name__ == '__main__':
    main()
