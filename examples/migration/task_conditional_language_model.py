"""Writes reviews that are good or bad as told: a causal language model whose norms depend on a condition.

Every layer normalisation gets its gain and shift from the embedding of the label (kexue.fm/archives/7124). The model
also judges: the right label is the one under which a review is likelier.
"""

import invented
import numpy as np

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import Embedding, Input, Loss, Reshape
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import AutoRegressiveDecoder, DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer, load_vocab

options = invented.options('reviews', __doc__, epochs=4, learning_rate=3e-3)
maxlen = 48
batch_size = 16
num_classes = 2


def load_data(filename):
    """Reads lines 'text <tab> label' as [(text, label), ...]."""
    D = []
    with open(filename, encoding='utf-8') as f:
        for line in f:
            text, label = line.strip().split('\t')
            D.append((text, int(label)))
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
    """Batches of ([token ids, segment ids, labels], None)."""

    def __iter__(self, random=False):
        batch_token_ids, batch_segment_ids, batch_labels = [], [], []
        for is_end, (text, label) in self.sample(random):
            token_ids, segment_ids = tokenizer.encode(text, maxlen=maxlen)
            batch_token_ids.append(token_ids)
            batch_segment_ids.append(segment_ids)
            batch_labels.append([label])
            if len(batch_token_ids) == self.batch_size or is_end:
                batch_token_ids = sequence_padding(batch_token_ids)
                batch_segment_ids = sequence_padding(batch_segment_ids)
                batch_labels = sequence_padding(batch_labels)
                yield [batch_token_ids, batch_segment_ids, batch_labels], None
                batch_token_ids, batch_segment_ids, batch_labels = [], [], []


# === Model ===


class CrossEntropy(Loss):
    """Cross-entropy of the next token, padding apart."""

    def compute_loss(self, inputs, mask=None):
        y_true, y_pred = inputs
        y_true, y_pred = y_true[:, 1:], y_pred[:, :-1]
        y_mask = K.cast(K.not_equal(y_true, 0), K.floatx())
        loss = K.sparse_categorical_crossentropy(y_true, y_pred)
        return K.sum(loss * y_mask) / K.sum(y_mask)


c_in = Input(shape=(1,))
c = Embedding(num_classes, 32)(c_in)
c = Reshape((32,))(c)
base = build_transformer_model(
    options.config,
    options.checkpoint,
    application='lm',
    keep_tokens=keep_tokens,
    layer_norm_cond=c,
    additional_input_layers=c_in,
    return_keras_model=False,
)
output = CrossEntropy(1)([base.model.inputs[0], base.model.outputs[0]])
model = keras.models.Model(base.model.inputs, output)
model.compile(optimizer=Adam(options.learning_rate))
model.summary()

# === Decoding ===


class ReviewWriter(AutoRegressiveDecoder):
    """Draws texts for a label."""

    @AutoRegressiveDecoder.wraps(default_rtype='probas')
    def predict(self, inputs, output_ids, states):
        segment_ids = np.zeros_like(output_ids)
        return self.last_token(model).predict([output_ids, segment_ids, inputs[0]], verbose=0)

    def generate(self, label, n=1, topp=0.95):
        return [tokenizer.decode(ids) for ids in self.random_sample([[label]], n, topp=topp)]


review_writer = ReviewWriter(start_id=tokenizer._token_start_id, end_id=tokenizer._token_end_id, maxlen=24)

# === Training ===


def evaluate(data):
    """The share of texts that are likelier under their own label than under any other."""
    encoded = [tokenizer.encode(text, maxlen=maxlen) for text, _ in data]
    token_ids, segment_ids = [sequence_padding(ids) for ids in zip(*encoded)]
    scores = []
    for label in range(num_classes):
        probas = model.predict([token_ids, segment_ids, np.full((len(data), 1), label)], verbose=0)
        chosen = np.take_along_axis(probas[:, :-1], token_ids[:, 1:, None], axis=2)[..., 0]
        scores.append((np.log(chosen + 1e-12) * (token_ids[:, 1:] > 0)).sum(axis=1))
    return np.mean(np.argmax(scores, axis=0) == [label for _, label in data])


class Evaluator(keras.callbacks.Callback):
    """Prints the scores after every epoch and saves the best weights."""

    def __init__(self):
        super().__init__()
        self.lowest = 1e10

    def on_epoch_end(self, epoch, logs=None):
        if logs['loss'] <= self.lowest:
            self.lowest = logs['loss']
            model.save_weights(options.weights)
        print('epoch %d: loss %.5f, accuracy %.5f' % (epoch + 1, logs['loss'], evaluate(valid_data)))


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
    print('bad:', review_writer.generate(0, 2))
    print('good:', review_writer.generate(1, 2))
    print('final score: %.5f' % evaluate(valid_data))
else:
    model.load_weights(options.weights)
