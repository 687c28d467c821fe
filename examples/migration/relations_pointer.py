"""Relations by pointing: GPLinker with efficient global pointers, sparse labels and averaged weights.

One pointer marks subjects and objects; two more have a table for every predicate, and link the first tokens of a
subject and its object (heads), and their last tokens (tails; kexue.fm/archives/8888).
"""

import collections
import functools
import itertools
import json
import operator
import os

import invented
import numpy as np

from gplinker_kit.backend import K, keras, sparse_multilabel_categorical_crossentropy
from gplinker_kit.layers import EfficientGlobalPointer as GlobalPointer
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam, extend_with_exponential_moving_average
from gplinker_kit.snippets import DataGenerator, open, sequence_padding, to_array
from gplinker_kit.tokenizers import Tokenizer

MAX_LENGTH = 128
BATCH_SIZE = 16

Example = collections.namedtuple('Example', 'text triples')


def read_examples(folder, name):
    """Reads JSON lines of a text and its spo_list, as in DuIE; a triple is (subject, predicate, object)."""
    fields = operator.itemgetter('subject', 'predicate', 'object')
    with open(os.path.join(folder, name), encoding='utf-8') as lines:
        items = [json.loads(line) for line in lines]
    return [Example(item['text'], [fields(triple) for triple in item['spo_list']]) for item in items]


def covered(mention, text, characters):
    """Returns the first and the last token within a mention's first place in the text, or None."""
    start, stop = text.find(mention), text.find(mention) + len(mention)
    inside = [i for i, places in enumerate(characters) if places and start <= places[0] and places[-1] < stop]
    return (inside[0], inside[-1]) if inside and start >= 0 else None


def table(cells, labels):
    """Turns {(label, (i, j)), ...} into pairs of every label, (labels, k, 2); the loss takes (0, 0) for padding."""
    pairs = [sorted(pair for label, pair in cells if label == number) for number in range(labels)]
    return sequence_padding([found or [(0, 0)] for found in pairs])


class PointerBatches(DataGenerator):
    """Batches of ([token ids, segment ids], [entities, heads, tails]): pairs of places for every label."""

    def __init__(self, examples, predicates, tokenizer):
        super().__init__(examples, BATCH_SIZE)
        self.predicates, self.tokenizer = predicates, tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, example in self.sample(random):
            rows.append(self.encode(example))
            if is_end or len(rows) == self.batch_size:
                tokens, segments, *tables = zip(*rows)
                targets = [sequence_padding(column, seq_dims=2) for column in tables]
                yield [sequence_padding(tokens), sequence_padding(segments)], targets
                rows = []

    def encode(self, example):
        tokens = self.tokenizer.tokenize(example.text, maxlen=MAX_LENGTH)
        characters = self.tokenizer.rematch(example.text, tokens)
        entities, heads, tails = set(), set(), set()
        for mention, predicate, other in example.triples:
            subject, target = [covered(name, example.text, characters) for name in (mention, other)]
            if subject and target:
                entities.update([(0, subject), (1, target)])
                for cells, places in zip((heads, tails), zip(subject, target)):
                    cells.add((self.predicates.index(predicate), places))
        tables = [table(entities, 2)] + [table(cells, len(self.predicates)) for cells in (heads, tails)]
        return [self.tokenizer.tokens_to_ids(tokens), [0] * len(tokens)] + tables


def pointer_loss(pairs, scores):
    """Pairs (b, h, k, 2) against scores (b, h, n, n): the sparse loss over the n · n cells of every label."""
    batch, _, n, _ = [K.shape(scores)[axis] for axis in range(4)]
    cells = pairs[..., 0] * K.cast(n, K.floatx()) + pairs[..., 1]
    losses = sparse_multilabel_categorical_crossentropy(cells, K.reshape(scores, (batch, -1, n * n)), True)
    return K.mean(K.sum(losses, axis=1))


def extract(text, model, predicates, tokenizer):
    """Returns {(subject, predicate, object), ...}: whatever scores above 0 holds."""
    tokens = tokenizer.tokenize(text, maxlen=MAX_LENGTH)
    characters = tokenizer.rematch(text, tokens)[1:-1]
    inputs = to_array([tokenizer.tokens_to_ids(tokens)], [[0] * len(tokens)])
    # What begins or ends in [CLS] or [SEP] is no entity.
    entities, heads, tails = [scores[0, :, 1:-1, 1:-1] > 0 for scores in model.predict_on_batch(inputs)]
    found = set()
    for (i, j), (k, m) in itertools.product(*map(np.argwhere, entities)):
        subject, target = [text[characters[start][0]:characters[stop][-1] + 1] for start, stop in ((i, j), (k, m))]
        found.update((subject, predicates[p], target) for p in np.flatnonzero(heads[:, i, k] & tails[:, j, m]))
    return found


def f1(extractor, examples):
    """2 · |both| / (|found| + |gold|) over exact triples."""
    gold = {(i,) + triple for i, example in enumerate(examples) for triple in example.triples}
    found = {(i,) + triple for i, example in enumerate(examples) for triple in extractor(example.text)}
    return 2 * len(found & gold) / max(1, len(found) + len(gold))


class KeepBest(keras.callbacks.Callback):
    """Prints F1 of the averaged weights after every epoch, and saves them whenever it has not been higher."""

    def __init__(self, optimizer, extractor, examples, path):
        super().__init__()
        self.optimizer, self.extractor, self.examples, self.path, self.scores = optimizer, extractor, examples, path, []

    def on_epoch_end(self, epoch, logs=None):
        self.optimizer.apply_ema_weights()
        self.scores.append(f1(self.extractor, self.examples))
        if self.scores[-1] == max(self.scores):
            self.model.save_weights(self.path)
        self.optimizer.reset_old_weights()
        print('epoch %d: loss %.5f, f1 %.5f' % (epoch + 1, logs['loss'], self.scores[-1]))


def main():
    """Builds, trains and prints; returns the model and its batches."""
    options = invented.options('relations', __doc__, epochs=7, learning_rate=3e-3, sizes={'hidden_act': 'relu'})
    tokenizer = Tokenizer(options.vocab, do_lower_case=True)
    examples, development = [read_examples(options.data, name) for name in ('train.txt', 'dev.txt')]
    predicates = sorted({predicate for example in examples for _, predicate, _ in example.triples})
    training = PointerBatches(examples, predicates, tokenizer)

    base = build_transformer_model(options.config, options.checkpoint, model='roformer_v2')
    links = {'heads': len(predicates), 'head_size': 64, 'RoPE': False, 'tril_mask': False}
    pointers = [GlobalPointer(heads=2, head_size=64), GlobalPointer(**links), GlobalPointer(**links)]
    model = keras.models.Model(base.inputs, [pointer(base.output) for pointer in pointers])
    model.summary()
    AdamEMA = extend_with_exponential_moving_average(Adam, name='AdamEMA')
    optimizer = AdamEMA(learning_rate=options.learning_rate, ema_momentum=0.9)
    model.compile(loss=pointer_loss, optimizer=optimizer)
    extractor = functools.partial(extract, model=model, predicates=predicates, tokenizer=tokenizer)

    invented.start(model, options.initial)
    model.fit(
        training.forfit(),
        steps_per_epoch=options.steps or len(training),
        epochs=options.epochs,
        callbacks=[KeepBest(optimizer, extractor, development, options.weights)],
        verbose=0,
    )
    model.load_weights(options.weights)
    print(development[0].text, *sorted(extractor(development[0].text)))
    print('final score: %.5f' % f1(extractor, development))
    return model, training


if __name__ == '__main__':
    main()
