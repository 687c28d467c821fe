"""Titles for news: one encoder as a sequence-to-sequence model (UniLM mask), and beam search.

The tokens of the title see the news and the title so far (arXiv:1905.03197, kexue.fm/archives/6933). Only tokens that
Chinese text can need stay in the vocabulary.
"""

import collections
import os

import invented
import numpy as np

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import Loss
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import AutoRegressiveDecoder, DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer, load_vocab

MAX_LENGTH = 64
TITLE_LENGTH = 16
BATCH_SIZE = 16
BEAMS = 3

News = collections.namedtuple('News', 'title body')


def read_news(folder, name):
    """Reads lines 'title <tab> body'."""
    with open(os.path.join(folder, name), encoding='utf-8') as lines:
        return [News(*line.rstrip('\n').split('\t')) for line in lines]


class NewsBatches(DataGenerator):
    """Batches of ([token ids, segment ids], None): the body is segment 0, the title segment 1."""

    def __init__(self, news, tokenizer):
        super().__init__(news, BATCH_SIZE)
        self.tokenizer = tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, item in self.sample(random):
            rows.append(self.tokenizer.encode(item.body, item.title, maxlen=MAX_LENGTH))
            if is_end or len(rows) == self.batch_size:
                yield [sequence_padding(column) for column in zip(*rows)], None
                rows = []


class TitleLoss(Loss):
    """The mean surprise at a token of the title, given all tokens before it; the body does not count."""

    def compute_loss(self, inputs, mask=None):
        token_ids, segment_ids, probabilities = inputs
        surprise = K.sparse_categorical_crossentropy(token_ids[:, 1:], probabilities[:, :-1])
        weights = K.cast(segment_ids, K.floatx())[:, 1:]
        return K.sum(surprise * weights / K.sum(weights))


class TitleWriter(AutoRegressiveDecoder):
    """Writes the title of a text, token by token."""

    def __init__(self, model, tokenizer):
        super().__init__(start_id=None, end_id=tokenizer._token_end_id, maxlen=TITLE_LENGTH)
        self.model, self.tokenizer = model, tokenizer

    @AutoRegressiveDecoder.wraps(default_rtype='probas')
    def predict(self, inputs, output_ids, states):
        written = [output_ids, np.ones_like(output_ids)]
        return self.last_token(self.model).predict_on_batch([np.hstack(both) for both in zip(inputs, written)])

    def write(self, body):
        inputs = self.tokenizer.encode(body, maxlen=MAX_LENGTH - TITLE_LENGTH)
        return self.tokenizer.decode(self.beam_search(list(inputs), topk=BEAMS))


class KeepBest(keras.callbacks.Callback):
    """Saves the weights of the lowest loss so far; prints it, and a title."""

    def __init__(self, writer, body, path):
        super().__init__()
        self.writer, self.body, self.path, self.losses = writer, body, path, []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs['loss'])
        if logs['loss'] == min(self.losses):
            self.model.save_weights(self.path)
        print('epoch %d: loss %.5f, %s' % (epoch + 1, logs['loss'], self.writer.write(self.body)))


def main():
    """Builds, trains and prints; returns the model and its batches."""
    options = invented.options('titles', __doc__, epochs=7, learning_rate=3e-3)
    kept, keep_tokens = load_vocab(
        dict_path=options.vocab,
        simplified=True,
        startswith=['[PAD]', '[UNK]', '[CLS]', '[SEP]'],
    )
    tokenizer = Tokenizer(kept, do_lower_case=True)
    training = NewsBatches(read_news(options.data, 'train.txt'), tokenizer)
    development = read_news(options.data, 'dev.txt')

    unilm = build_transformer_model(
        options.config,
        options.checkpoint,
        application='unilm',
        keep_tokens=keep_tokens,
    )
    # The output of the loss layer is the one of its inputs that the number tells: the probabilities.
    model = keras.models.Model(unilm.inputs, TitleLoss(2)(unilm.inputs + unilm.outputs))
    model.compile(optimizer=Adam(options.learning_rate))
    model.summary()
    writer = TitleWriter(model, tokenizer)

    invented.start(model, options.initial)
    model.fit(
        training.forfit(),
        steps_per_epoch=options.steps or len(training),
        epochs=options.epochs,
        callbacks=[KeepBest(writer, development[0].body, options.weights)],
        verbose=0,
    )
    model.load_weights(options.weights)
    print('final score: %.5f' % np.mean([writer.write(news.body) == news.title for news in development]))
    return model, training


if __name__ == '__main__':
    main()
