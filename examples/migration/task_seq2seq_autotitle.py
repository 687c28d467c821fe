"""Titles for news: one encoder as a sequence-to-sequence model (UniLM mask), and beam search.

The tokens of the title see the news and the title so far (arXiv:1905.03197, kexue.fm/archives/6933). Only tokens that
Chinese text can need stay in the vocabulary.
"""

import invented
import numpy as np

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import Loss
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import AutoRegressiveDecoder, DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer, load_vocab

options = invented.options('titles', __doc__, epochs=7, learning_rate=3e-3)
maxlen = 64
batch_size = 16
topk = 3


def load_data(filename):
    """Reads lines 'title <tab> text' as [(title, text), ...]."""
    D = []
    with open(filename, encoding='utf-8') as f:
        for line in f:
            title, content = line.strip().split('\t')
            D.append((title, content))
    return D


train_data = load_data(options.data + '/train.txt')
valid_data = load_data(options.data + '/dev.txt')

token_dict, keep_tokens = load_vocab(
    dict_path=options.vocab,
    simplified=True,
    startswith=['[PAD]', '[UNK]', '[CLS]', '[SEP]'],
)
tokenizer = Tokenizer(token_dict, do_lower_case=True)


class data_generator(DataGenerator):
    """Batches of ([token ids, segment ids], None): the text is segment 0, the title segment 1."""

    def __iter__(self, random=False):
        batch_token_ids, batch_segment_ids = [], []
        for is_end, (title, content) in self.sample(random):
            token_ids, segment_ids = tokenizer.encode(content, title, maxlen=maxlen)
            batch_token_ids.append(token_ids)
            batch_segment_ids.append(segment_ids)
            if len(batch_token_ids) == self.batch_size or is_end:
                batch_token_ids = sequence_padding(batch_token_ids)
                batch_segment_ids = sequence_padding(batch_segment_ids)
                yield [batch_token_ids, batch_segment_ids], None
                batch_token_ids, batch_segment_ids = [], []


# === Model ===


class CrossEntropy(Loss):
    """Cross-entropy of the next token, over the tokens of the title alone."""

    def compute_loss(self, inputs, mask=None):
        y_true, y_mask, y_pred = inputs
        y_true = y_true[:, 1:]
        y_mask = K.cast(y_mask[:, 1:], K.floatx())
        y_pred = y_pred[:, :-1]
        loss = K.sparse_categorical_crossentropy(y_true, y_pred)
        return K.sum(loss * y_mask) / K.sum(y_mask)


model = build_transformer_model(
    options.config,
    options.checkpoint,
    application='unilm',
    keep_tokens=keep_tokens,
)
output = CrossEntropy(2)(model.inputs + model.outputs)
model = keras.models.Model(model.inputs, output)
model.compile(optimizer=Adam(options.learning_rate))
model.summary()

# === Decoding ===


class AutoTitle(AutoRegressiveDecoder):
    """Writes the title of a text, token by token."""

    @AutoRegressiveDecoder.wraps(default_rtype='probas')
    def predict(self, inputs, output_ids, states):
        token_ids, segment_ids = inputs
        token_ids = np.concatenate([token_ids, output_ids], 1)
        segment_ids = np.concatenate([segment_ids, np.ones_like(output_ids)], 1)
        return self.last_token(model).predict([token_ids, segment_ids], verbose=0)

    def generate(self, text):
        token_ids, segment_ids = tokenizer.encode(text, maxlen=maxlen - self.maxlen)
        output_ids = self.beam_search([token_ids, segment_ids], topk=topk)
        return tokenizer.decode(output_ids)


autotitle = AutoTitle(start_id=None, end_id=tokenizer._token_end_id, maxlen=16)

# === Training ===


def evaluate(data):
    """The share of titles that are written exactly."""
    right = 0.0
    for title, content in data:
        right += autotitle.generate(content) == title
    return right / len(data)


class Evaluator(keras.callbacks.Callback):
    """Prints the loss after every epoch, saves the best weights, and shows a title now and then."""

    def __init__(self):
        super().__init__()
        self.lowest = 1e10

    def on_epoch_end(self, epoch, logs=None):
        if logs['loss'] <= self.lowest:
            self.lowest = logs['loss']
            model.save_weights(options.weights)
        print('epoch %d: loss %.5f, best %.5f' % (epoch + 1, logs['loss'], self.lowest))
        if (epoch + 1) % 3 == 0:
            print(valid_data[0][1], '=>', autotitle.generate(valid_data[0][1]))


if __name__ == '__main__':
    invented.start(model, options.initial)
    train_generator = data_generator(train_data, batch_size)
    model.fit(
        train_generator.forfit(),
        steps_per_epoch=options.steps or len(train_generator),
        epochs=options.epochs,
        callbacks=[Evaluator()],
        verbose=0,
    )
    model.load_weights(options.weights)
    print('final score: %.5f' % evaluate(valid_data))
else:
    model.load_weights(options.weights)
