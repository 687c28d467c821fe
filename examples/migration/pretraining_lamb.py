"""Pre-training by hidden words: whole-word masking, LAMB with weight decay, a schedule and gradient accumulation.

A word is hidden with all its characters (arXiv:1906.08101). jieba finds the words; those of the invented data, which
are in no dictionary, are characters mostly seen together. What comes out is a checkpoint that any script can load.
"""

import collections
import importlib
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

MAX_LENGTH = 64
BATCH_SIZE = 16
HIDDEN_SHARE = 0.15


def read_texts(folder, name):
    """Reads one text a line."""
    with open(os.path.join(folder, name), encoding='utf-8') as lines:
        return [line.strip() for line in lines if line.strip()]


def word_cutter(texts):
    """Returns a function text -> words: neighbours are one word if that is how one of them is mostly seen."""
    alone = collections.Counter(''.join(texts))
    together = collections.Counter(pair for text in texts for pair in zip(text, text[1:]))

    def cut(text):
        joined = [2 * together[pair] > max(alone[pair[0]], alone[pair[1]]) for pair in zip(text, text[1:])]
        edges = [0] + [place for place, inside in enumerate(joined, 1) if not inside] + [len(text)]
        return [text[start:stop] for start, stop in zip(edges, edges[1:])]

    return cut


class HiddenWords(DataGenerator):
    """Batches of ([shown token ids, segment ids, true token ids, where words are hidden], zeros in place of labels)."""

    def __init__(self, texts, cut, tokenizer):
        super().__init__(texts, BATCH_SIZE)
        self.cut, self.tokenizer = cut, tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, text in self.sample(random):
            rows.append(self.encode(text))
            if is_end or len(rows) == self.batch_size:
                nothing = np.zeros(len(rows))
                yield [sequence_padding(column) for column in zip(*rows)], [nothing, nothing]
                rows = []

    def encode(self, text):
        """Of the hidden tokens, eight in ten are shown as [MASK], one as any token, one as it is."""
        words = [self.tokenizer.encode(word)[0][1:-1] for word in self.cut(text)]
        hidden = np.repeat(np.random.rand(len(words)) < HIDDEN_SHARE, [len(word) for word in words])
        true = np.array(sum(words, []), dtype=int)
        lot, anything = np.random.rand(len(true)), np.random.randint(5, self.tokenizer._vocab_size, len(true))
        shown = np.where(hidden & (lot < 0.8), self.tokenizer._token_mask_id, true)
        shown = np.where(hidden & (lot > 0.9), anything, shown)
        ends = [self.tokenizer._token_start_id], [self.tokenizer._token_end_id]
        shown, true = [np.concatenate([ends[0], ids[:MAX_LENGTH - 2], ends[1]]) for ids in (shown, true)]
        return shown, np.zeros_like(shown), true, np.pad(hidden[:MAX_LENGTH - 2], 1, 'constant').astype(int)


def average(values, where):
    """Spreads the mean of the values at hidden tokens over the texts: their mean is that mean."""
    where = K.cast(where, K.floatx())
    return K.sum(values * where, axis=1) / (K.mean(K.sum(where, axis=1)) + K.epsilon())


def cross_entropy(inputs):
    true, logits, hidden = inputs
    return average(K.sparse_categorical_crossentropy(true, logits, from_logits=True), hidden)


def hit_rate(inputs):
    true, logits, hidden = inputs
    return average(K.cast(K.equal(K.argmax(logits, axis=-1), K.cast(true, 'int64')), K.floatx()), hidden)


def lamb(learning_rate, steps):
    """Returns LAMB with warm-up over a tenth of the steps, decay to a tenth, and updates from two batches each."""
    optimizer = extend_with_weight_decay(Adam, 'AdamW')
    optimizer = extend_with_layer_adaptation(optimizer, 'LAMB')
    optimizer = extend_with_piecewise_linear_lr(optimizer, 'LAMBWithSchedule')
    optimizer = extend_with_gradient_accumulation(optimizer, 'LAMBWithScheduleAndAccumulation')
    return optimizer(
        learning_rate=learning_rate,
        weight_decay_rate=0.01,
        exclude_from_weight_decay=['Norm', 'bias'],
        exclude_from_layer_adaptation=['Norm', 'bias'],
        lr_schedule={steps // 10 + 1: 1.0, steps + 1: 0.1},
        grad_accum_steps=2,
    )


def accuracy(model, batches):
    """The share of hidden tokens that the model tells; the same ones at every call."""
    hits, state = [], np.random.get_state()
    np.random.seed(7)
    for (shown, segments, true, hidden), _ in batches:
        hits.extend((model.predict_on_batch([shown, segments]).argmax(axis=-1) == true)[hidden > 0])
    np.random.set_state(state)
    return np.mean(hits)


def main():
    """Builds, trains and prints; returns the model and its batches."""
    options = invented.options('sentences', __doc__, epochs=10, learning_rate=3e-2, sizes={'hidden_act': 'relu'})
    tokenizer = Tokenizer(options.vocab, do_lower_case=True)
    texts = read_texts(options.data, 'train.txt')
    cut = word_cutter(texts) if options.invented else importlib.import_module('jieba').lcut
    training = HiddenWords(texts, cut, tokenizer)
    development = HiddenWords(read_texts(options.data, 'dev.txt'), cut, tokenizer)

    bert = build_transformer_model(
        options.config, options.checkpoint, model='roformer_v2', with_mlm='linear', return_keras_model=False
    )
    true, hidden = [Input(shape=(None,), dtype='int64', name=name) for name in ('true', 'hidden')]
    outputs = [Lambda(f, name=f.__name__)([true, bert.model.output, hidden]) for f in (cross_entropy, hit_rate)]
    model = keras.models.Model(bert.model.inputs + [true, hidden], outputs)
    model.summary()
    steps = options.steps or len(training)
    # The outputs are the loss and a number to be watched, which has no gradient.
    model.compile(loss=lambda nothing, output: output, optimizer=lamb(options.learning_rate, steps * options.epochs))

    def report(epoch, logs):
        values = epoch + 1, logs['cross_entropy_loss'], accuracy(bert.model, development)
        print('epoch %d: loss %.5f, accuracy %.5f' % values)
        model.save_weights(options.weights)

    invented.start(model, options.initial)
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=report)]
    model.fit(training.forfit(), steps_per_epoch=steps, epochs=options.epochs, callbacks=callbacks, verbose=0)
    checkpoint = os.path.join(os.path.dirname(options.weights), 'bert_model.ckpt')
    bert.save_weights_as_checkpoint(checkpoint)
    bert.load_weights_from_checkpoint(checkpoint)
    print('final score: %.5f' % accuracy(bert.model, development))
    return model, training


if __name__ == '__main__':
    main()
