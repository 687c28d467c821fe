"""Relations by pointing: GPLinker with efficient global pointers, sparse labels and averaged weights.

One pointer marks subjects and objects; for every predicate two more link first tokens (heads) and last tokens (tails)
of a subject and its object (kexue.fm/archives/8888).
"""

import json

import invented
import numpy as np

from gplinker_kit.backend import K, keras, sparse_multilabel_categorical_crossentropy
from gplinker_kit.layers import EfficientGlobalPointer as GlobalPointer
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam, extend_with_exponential_moving_average
from gplinker_kit.snippets import DataGenerator, open, sequence_padding, to_array
from gplinker_kit.tokenizers import Tokenizer

options = invented.options('relations', __doc__, epochs=7, learning_rate=3e-3, sizes={'hidden_act': 'relu'})
maxlen = 128
batch_size = 16


def load_data(filename):
    """Reads JSON lines as [{'text': text, 'spo_list': [(subject, predicate, object), ...]}, ...]."""
    D = []
    with open(filename, encoding='utf-8') as f:
        for line in f:
            d = json.loads(line)
            spoes = [(spo['subject'], spo['predicate'], spo['object']) for spo in d['spo_list']]
            D.append({'text': d['text'], 'spo_list': spoes})
    return D


train_data = load_data(options.data + '/train.txt')
valid_data = load_data(options.data + '/dev.txt')
predicates = sorted({predicate for d in train_data for _, predicate, _ in d['spo_list']})
predicate2id = {predicate: i for i, predicate in enumerate(predicates)}
tokenizer = Tokenizer(options.vocab, do_lower_case=True)


def search(pattern, sequence):
    """Returns where `pattern` begins in `sequence`, or -1."""
    n = len(pattern)
    return next((i for i in range(len(sequence) - n + 1) if sequence[i:i + n] == pattern), -1)


class data_generator(DataGenerator):
    """Batches of ([token ids, segment ids], [entities, heads, tails]): lists of (i, j) for every label."""

    def __iter__(self, random=False):
        batch_token_ids, batch_segment_ids = [], []
        batch_entity_labels, batch_head_labels, batch_tail_labels = [], [], []
        for is_end, d in self.sample(random):
            token_ids, segment_ids = tokenizer.encode(d['text'], maxlen=maxlen)
            spoes = set()
            for s, p, o in d['spo_list']:
                s, o = tokenizer.encode(s)[0][1:-1], tokenizer.encode(o)[0][1:-1]
                sh, oh = search(s, token_ids), search(o, token_ids)
                if sh != -1 and oh != -1:
                    spoes.add((sh, sh + len(s) - 1, predicate2id[p], oh, oh + len(o) - 1))
            entity_labels = [set() for _ in range(2)]
            head_labels = [set() for _ in predicates]
            tail_labels = [set() for _ in predicates]
            for sh, st, p, oh, ot in spoes:
                entity_labels[0].add((sh, st))
                entity_labels[1].add((oh, ot))
                head_labels[p].add((sh, oh))
                tail_labels[p].add((st, ot))
            # A label without pairs gets (0, 0), which the loss takes for padding.
            for labels in entity_labels + head_labels + tail_labels:
                if not labels:
                    labels.add((0, 0))
            batch_token_ids.append(token_ids)
            batch_segment_ids.append(segment_ids)
            batch_entity_labels.append(sequence_padding([list(labels) for labels in entity_labels]))
            batch_head_labels.append(sequence_padding([list(labels) for labels in head_labels]))
            batch_tail_labels.append(sequence_padding([list(labels) for labels in tail_labels]))
            if len(batch_token_ids) == self.batch_size or is_end:
                batch_token_ids = sequence_padding(batch_token_ids)
                batch_segment_ids = sequence_padding(batch_segment_ids)
                batch_entity_labels = sequence_padding(batch_entity_labels, seq_dims=2)
                batch_head_labels = sequence_padding(batch_head_labels, seq_dims=2)
                batch_tail_labels = sequence_padding(batch_tail_labels, seq_dims=2)
                yield [batch_token_ids, batch_segment_ids], [batch_entity_labels, batch_head_labels, batch_tail_labels]
                batch_token_ids, batch_segment_ids = [], []
                batch_entity_labels, batch_head_labels, batch_tail_labels = [], [], []


# === Model ===


def globalpointer_crossentropy(y_true, y_pred):
    """Pairs (b, h, k, 2) against scores (b, h, n, n): the sparse loss over the n · n cells of every label."""
    shape = K.shape(y_pred)
    y_true = y_true[..., 0] * K.cast(shape[2], K.floatx()) + y_true[..., 1]
    y_pred = K.reshape(y_pred, (shape[0], -1, shape[2] * shape[3]))
    loss = sparse_multilabel_categorical_crossentropy(y_true, y_pred, True)
    return K.mean(K.sum(loss, 1))


base = build_transformer_model(options.config, options.checkpoint, model='roformer_v2', return_keras_model=False)
entity_output = GlobalPointer(heads=2, head_size=64)(base.model.output)
head_output = GlobalPointer(heads=len(predicates), head_size=64, RoPE=False, tril_mask=False)(base.model.output)
tail_output = GlobalPointer(heads=len(predicates), head_size=64, RoPE=False, tril_mask=False)(base.model.output)
model = keras.models.Model(base.model.inputs, [entity_output, head_output, tail_output])
model.summary()

AdamEMA = extend_with_exponential_moving_average(Adam, name='AdamEMA')
optimizer = AdamEMA(learning_rate=options.learning_rate, ema_momentum=0.9)
model.compile(loss=globalpointer_crossentropy, optimizer=optimizer)

# === Decoding ===


def extract_spoes(text, threshold=0):
    """Returns {(subject, predicate, object), ...}."""
    tokens = tokenizer.tokenize(text, maxlen=maxlen)
    mapping = tokenizer.rematch(text, tokens)
    token_ids = tokenizer.tokens_to_ids(tokens)
    token_ids, segment_ids = to_array([token_ids], [[0] * len(token_ids)])
    entities, heads, tails = [scores[0] for scores in model.predict([token_ids, segment_ids], verbose=0)]
    inside = np.zeros(entities.shape, dtype=bool)
    inside[:, 1:-1, 1:-1] = True  # no entity begins or ends in [CLS] or [SEP]
    subjects, objects = [np.argwhere(spans) for spans in (entities > threshold) & inside]
    spoes = set()
    for sh, st in subjects:
        for oh, ot in objects:
            for p in np.where((heads[:, sh, oh] > threshold) & (tails[:, st, ot] > threshold))[0]:
                s, o = [text[mapping[h][0]:mapping[t][-1] + 1] for h, t in ((sh, st), (oh, ot))]
                spoes.add((s, predicates[p], o))
    return spoes


# === Training ===


def evaluate(data):
    """Exact triples: F1, precision and recall."""
    right, found, wanted = 1e-10, 1e-10, 1e-10
    for d in data:
        R, T = extract_spoes(d['text']), set(d['spo_list'])
        right += len(R & T)
        found += len(R)
        wanted += len(T)
    return 2 * right / (found + wanted), right / found, right / wanted


class Evaluator(keras.callbacks.Callback):
    """Scores the averaged weights after every epoch and saves them where they are the best."""

    def __init__(self):
        super().__init__()
        self.best_val_f1 = -1.0

    def on_epoch_end(self, epoch, logs=None):
        optimizer.apply_ema_weights()
        f1, precision, recall = evaluate(valid_data)
        if f1 > self.best_val_f1:
            self.best_val_f1 = f1
            model.save_weights(options.weights)
        optimizer.reset_old_weights()
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
    print(valid_data[0]['text'], sorted(extract_spoes(valid_data[0]['text'])))
    print('final score: %.5f' % evaluate(valid_data)[0])
else:
    model.load_weights(options.weights)
