"""Named entities by tagging characters: an encoder, a conditional random field and Viterbi decoding.

`--config`, `--checkpoint` and `model` choose the encoder; the tags are B-X, I-X and O (kexue.fm/archives/7196).
"""

import invented
import numpy as np

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import ConditionalRandomField, Dense
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import DataGenerator, ViterbiDecoder, open, sequence_padding, to_array
from gplinker_kit.tokenizers import Tokenizer

options = invented.options('entities', __doc__, epochs=4, learning_rate=2e-3)
maxlen = 256
batch_size = 16
crf_lr_multiplier = 10  # the transitions start from nothing: they learn faster than the encoder
categories = ['LOC', 'ORG', 'PER']


def load_data(filename):
    """Reads 'character tag' lines as texts with their entities: [[text, (start, end, label), ...], ...]."""
    D = []
    with open(filename, encoding='utf-8') as f:
        for sentence in f.read().split('\n\n'):
            d = ['']
            for i, line in enumerate(sentence.strip().split('\n')):
                if not line:
                    continue
                character, tag = line.split(' ')
                d[0] += character
                if tag[0] == 'B':
                    d.append([i, i, tag[2:]])
                elif tag[0] == 'I':
                    d[-1][1] = i
            if d[0]:
                D.append(d)
    return D


train_data = load_data(options.data + '/train.txt')
valid_data = load_data(options.data + '/dev.txt')
tokenizer = Tokenizer(options.vocab, do_lower_case=True)


class data_generator(DataGenerator):
    """Batches of ([token ids, segment ids], tags); 0 is O, 2k + 1 and 2k + 2 begin and continue category k."""

    def __iter__(self, random=False):
        batch_token_ids, batch_segment_ids, batch_labels = [], [], []
        for is_end, d in self.sample(random):
            tokens = tokenizer.tokenize(d[0], maxlen=maxlen)
            mapping = tokenizer.rematch(d[0], tokens)
            start_mapping = {j[0]: i for i, j in enumerate(mapping) if j}
            end_mapping = {j[-1]: i for i, j in enumerate(mapping) if j}
            token_ids = tokenizer.tokens_to_ids(tokens)
            segment_ids = [0] * len(token_ids)
            labels = np.zeros(len(token_ids))
            for start, end, label in d[1:]:
                if start in start_mapping and end in end_mapping:
                    start, end = start_mapping[start], end_mapping[end]
                    labels[start] = categories.index(label) * 2 + 1
                    labels[start + 1:end + 1] = categories.index(label) * 2 + 2
            batch_token_ids.append(token_ids)
            batch_segment_ids.append(segment_ids)
            batch_labels.append(labels)
            if len(batch_token_ids) == self.batch_size or is_end:
                batch_token_ids = sequence_padding(batch_token_ids)
                batch_segment_ids = sequence_padding(batch_segment_ids)
                batch_labels = sequence_padding(batch_labels)
                yield [batch_token_ids, batch_segment_ids], batch_labels
                batch_token_ids, batch_segment_ids, batch_labels = [], [], []


# === Model ===

model = build_transformer_model(options.config, options.checkpoint, model='roformer')
output = Dense(len(categories) * 2 + 1)(model.output)
CRF = ConditionalRandomField(lr_multiplier=crf_lr_multiplier)
output = CRF(output)
model = keras.models.Model(model.input, output)
model.summary()
model.compile(
    loss=CRF.sparse_loss,
    optimizer=Adam(options.learning_rate),
    metrics=[CRF.sparse_accuracy],
)

# === Decoding ===


class NamedEntityRecognizer(ViterbiDecoder):
    """Finds the entities of a text as {(start, end, label), ...}."""

    def recognize(self, text):
        tokens = tokenizer.tokenize(text, maxlen=512)
        mapping = tokenizer.rematch(text, tokens)
        token_ids = tokenizer.tokens_to_ids(tokens)
        token_ids, segment_ids = to_array([token_ids], [[0] * len(token_ids)])
        nodes = model.predict([token_ids, segment_ids], verbose=0)[0]
        labels = self.decode(nodes)
        entities = []
        for i, label in enumerate(labels):
            if label % 2:
                entities.append([i, i, categories[label // 2]])
            elif label and entities and entities[-1][1] == i - 1:
                entities[-1][1] = i
        return {(mapping[start][0], mapping[end][-1], label) for start, end, label in entities}


NER = NamedEntityRecognizer(trans=K.eval(CRF.trans), starts=[0], ends=[0])

# === Training ===


def evaluate(data):
    """Exact entities: F1, precision and recall."""
    right, found, wanted = 1e-10, 1e-10, 1e-10
    for d in data:
        R, T = NER.recognize(d[0]), {tuple(i) for i in d[1:]}
        right += len(R & T)
        found += len(R)
        wanted += len(T)
    return 2 * right / (found + wanted), right / found, right / wanted


class Evaluator(keras.callbacks.Callback):
    """Prints the scores after every epoch and saves the best weights."""

    def __init__(self):
        super().__init__()
        self.best_val_f1 = -1.0

    def on_epoch_end(self, epoch, logs=None):
        NER.trans = K.eval(CRF.trans)
        f1, precision, recall = evaluate(valid_data)
        if f1 > self.best_val_f1:
            self.best_val_f1 = f1
            model.save_weights(options.weights)
        print(
            'epoch %d: loss %.5f, f1 %.5f, precision %.5f, recall %.5f, best %.5f'
            % (epoch + 1, logs['loss'], f1, precision, recall, self.best_val_f1)
        )


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
    NER.trans = K.eval(CRF.trans)
    print(valid_data[0][0], sorted(NER.recognize(valid_data[0][0])))
    print('final score: %.5f' % evaluate(valid_data)[0])
else:
    model.load_weights(options.weights)
    NER.trans = K.eval(CRF.trans)
