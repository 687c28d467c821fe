"""Pre-training by hidden words: whole-word masking, LAMB with weight decay, a schedule and gradient accumulation.

A word is hidden with all its characters (arXiv:1906.08101). jieba finds the words; those of the invented data, which
are in no dictionary, are characters mostly seen together. What comes out is a checkpoint that any script can load.
"""

import collections
import os

import invented
import numpy as np

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import Input, Lambda
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import (
    Adam,
    extend_with_gradient_accumulation,
    extend_with_layer_adaptation,
    extend_with_piecewise_linear_lr,
    extend_with_weight_decay,
)
from gplinker_kit.snippets import DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer

options = invented.options('sentences', __doc__, epochs=10, learning_rate=3e-2, sizes={'hidden_act': 'relu'})
maxlen = 64
batch_size = 16
grad_accum_steps = 2
mask_rate = 0.15


def load_data(filename):
    """Reads the lines of a text file."""
    with open(filename, encoding='utf-8') as f:
        return [line.strip() for line in f if line.strip()]


train_data = load_data(options.data + '/train.txt')
valid_data = load_data(options.data + '/dev.txt')
tokenizer = Tokenizer(options.vocab, do_lower_case=True)

# === Words ===

if options.invented:
    seen = collections.Counter(''.join(train_data))
    together = collections.Counter(text[i:i + 2] for text in train_data for i in range(len(text) - 1))

    def words_of(text):
        words = []
        for i, character in enumerate(text):
            pair = text[i - 1:i + 1]
            if i and together[pair] * 2 > max(seen[pair[0]], seen[pair[1]]):
                words[-1] += character
            else:
                words.append(character)
        return words

else:
    import jieba

    words_of = jieba.lcut


def hide(text, random=np.random):
    """Returns token ids, the ids with whole words hidden, and where: 8 of 10 [MASK], 1 itself, 1 any token."""
    token_ids, input_ids, is_masked = [[tokenizer._token_start_id], [tokenizer._token_start_id], [0]]
    for word in words_of(text):
        ids = tokenizer.encode(word)[0][1:-1]
        hidden = random.random_sample() < mask_rate
        for i in ids:
            chance = random.random_sample()
            replacements = [tokenizer._token_mask_id, i, random.randint(5, tokenizer._vocab_size)]
            token_ids.append(i)
            input_ids.append(replacements[(chance >= 0.8) + (chance >= 0.9)] if hidden else i)
            is_masked.append(int(hidden))
    end = tokenizer._token_end_id
    return [ids[:maxlen - 1] + [last] for ids, last in ((token_ids, end), (input_ids, end), (is_masked, 0))]


class data_generator(DataGenerator):
    """Batches of the four inputs, with zeros in the place of labels: the outputs are the losses themselves."""

    def __iter__(self, random=False):
        batch = [[], [], [], []]
        for is_end, text in self.sample(random):
            token_ids, input_ids, is_masked = hide(text)
            for column, values in zip(batch, (input_ids, [0] * len(input_ids), token_ids, is_masked)):
                column.append(values)
            if len(batch[0]) == self.batch_size or is_end:
                zeros = np.zeros(len(batch[0]))
                yield [sequence_padding(column) for column in batch], [zeros, zeros]
                batch = [[], [], [], []]


# === Model ===


def mlm_loss(inputs):
    """The cross-entropy of hidden tokens, a number for each text."""
    y_true, y_pred, mask = inputs
    mask = K.cast(mask, K.floatx())
    loss = K.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
    return K.sum(loss * mask, axis=1) / (K.sum(mask) + K.epsilon()) * K.cast(K.shape(mask)[0], K.floatx())


def mlm_acc(inputs):
    """The accuracy at hidden tokens."""
    y_true, y_pred, mask = inputs
    mask = K.cast(mask, K.floatx())
    right = K.cast(K.equal(K.cast(y_true, 'int64'), K.cast(K.argmax(y_pred, axis=-1), 'int64')), K.floatx())
    return K.sum(right * mask, axis=1) / (K.sum(mask) + K.epsilon()) * K.cast(K.shape(mask)[0], K.floatx())


bert = build_transformer_model(
    options.config,
    options.checkpoint,
    model='roformer_v2',
    with_mlm='linear',
    return_keras_model=False,
)
token_ids = Input(shape=(None,), dtype='int64', name='token_ids')
is_masked = Input(shape=(None,), dtype='int64', name='is_masked')
inputs = [token_ids, bert.model.output, is_masked]
outputs = [Lambda(mlm_loss, name='mlm_loss')(inputs), Lambda(mlm_acc, name='mlm_acc')(inputs)]
train_model = keras.models.Model(bert.model.inputs + [token_ids, is_masked], outputs)
train_model.summary()

# === Optimizer ===

train_generator = data_generator(train_data, batch_size)
steps_per_epoch = options.steps or len(train_generator)
total_steps = steps_per_epoch * options.epochs

AdamW = extend_with_weight_decay(Adam, 'AdamW')
LAMB = extend_with_layer_adaptation(AdamW, 'LAMB')
LAMB = extend_with_piecewise_linear_lr(LAMB, 'LAMB_with_schedule')
LAMB = extend_with_gradient_accumulation(LAMB, 'LAMB_with_accumulation')
optimizer = LAMB(
    learning_rate=options.learning_rate,
    weight_decay_rate=0.01,
    exclude_from_weight_decay=['Norm', 'bias'],
    exclude_from_layer_adaptation=['Norm', 'bias'],
    lr_schedule={total_steps // 10 + 1: 1.0, total_steps + 1: 0.1},
    grad_accum_steps=grad_accum_steps,
)
train_model.compile(
    loss={'mlm_loss': lambda y_true, y_pred: y_pred, 'mlm_acc': lambda y_true, y_pred: K.stop_gradient(y_pred)},
    optimizer=optimizer,
)

# === Training ===


def evaluate(data):
    """The accuracy at hidden tokens; the same ones at every call."""
    random, right, total = np.random.RandomState(7), 0.0, 1e-10
    rows = [hide(text, random) for text in data]
    token_ids, input_ids, is_masked = [sequence_padding(column) for column in zip(*rows)]
    y_pred = bert.model.predict([input_ids, np.zeros_like(input_ids)], verbose=0).argmax(axis=-1)
    right += ((y_pred == token_ids) * is_masked).sum()
    total += is_masked.sum()
    return right / total


class Evaluator(keras.callbacks.Callback):
    """Prints the accuracy after every epoch and saves the weights as a checkpoint."""

    def on_epoch_end(self, epoch, logs=None):
        accuracy = evaluate(valid_data)
        train_model.save_weights(options.weights)
        print('epoch %d: loss %.5f, accuracy %.5f' % (epoch + 1, logs['mlm_loss_loss'], accuracy))


if __name__ == '__main__':
    invented.start(train_model, options.initial)
    train_model.fit(
        train_generator.forfit(),
        steps_per_epoch=steps_per_epoch,
        epochs=options.epochs,
        callbacks=[Evaluator()],
        verbose=0,
    )
    checkpoint = os.path.join(os.path.dirname(options.weights), 'bert_model.ckpt')
    bert.save_weights_as_checkpoint(checkpoint)
    bert.load_weights_from_checkpoint(checkpoint)
    print('final score: %.5f' % evaluate(valid_data))
else:
    train_model.load_weights(options.weights)
