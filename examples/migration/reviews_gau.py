"""Good or bad reviews with GAU-α, a model that the script defines itself: RoFormerV2 with another kind of block.

A gated attention unit takes the place of attention and feed-forward network (kexue.fm/archives/9052). The subclass says
what a block is, how its weights start and what they are called in a checkpoint.
"""

import collections
import os

import invented
import numpy as np

from gplinker_kit.backend import keras
from gplinker_kit.layers import Add, Dense, Dropout, GatedAttentionUnit, Lambda, LayerNormalization
from gplinker_kit.models import RoFormerV2, build_transformer_model
from gplinker_kit.optimizers import Adam, extend_with_weight_decay
from gplinker_kit.snippets import DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer

MAX_LENGTH = 64
BATCH_SIZE = 16
UNIT_WEIGHTS = ['i_dense/kernel', 'q_scaleoffset/gamma', 'k_scaleoffset/gamma', 'o_dense/kernel']

Review = collections.namedtuple('Review', 'text label')


class GatedEncoder(RoFormerV2):
    """RoFormerV2's embeddings, rotary positions and RMS norms around gated attention units."""

    def initializer(self, shape, dtype=None, order=3, gain=1.0):
        return super().initializer(shape, dtype, order, gain)

    def unit_name(self, index):
        return 'Transformer-%d-GatedAttentionUnit' % index

    def apply_main_layers(self, inputs, index):
        """x ← RMS norm of x + GAU(x)."""
        name, bias = self.unit_name(index), self.compute_attention_bias(index)
        change = self.apply(
            inputs=[x for x in (inputs, bias, self.compute_position_bias(inputs)) if x is not None],
            layer=GatedAttentionUnit,
            name=name,
            arguments={'a_bias': None if bias is None else True, 'p_bias': 'rotary'},
            units=self.intermediate_size,
            key_size=self.attention_key_size,
            activation=self.hidden_act,
            normalization='softmax_plus',
            attention_dropout=self.attention_dropout_rate,
            use_bias=False,
            kernel_initializer=self.initializer,
        )
        change = self.apply(inputs=change, layer=Dropout, name=name + '-Dropout', rate=self.dropout_rate)
        total = self.apply(inputs=[inputs, change], layer=Add, name=name + '-Add')
        plain = {'zero_mean': False, 'scale': False, 'offset': False}
        return self.apply(inputs=total, layer=LayerNormalization, name=name + '-Norm', **plain)

    def variable_mapping(self):
        """The names in the published checkpoint, in the order of each layer's weights."""
        names = {'Embedding-Token': 'word_embeddings', 'Embedding-Segment': 'token_type_embeddings'}
        mapping = {layer: ['bert/embeddings/' + name] for layer, name in names.items()}
        for index in range(self.num_hidden_layers):
            scope = 'GAU_alpha/encoder/layer_%d/gau/' % index
            mapping[self.unit_name(index)] = [scope + weight for weight in UNIT_WEIGHTS]
        return mapping


def read_reviews(folder, name):
    """Reads lines 'text <tab> number of the label'."""
    with open(os.path.join(folder, name), encoding='utf-8') as lines:
        fields = [line.rstrip('\n').split('\t') for line in lines]
    return [Review(text, int(label)) for text, label in fields]


class ReviewBatches(DataGenerator):
    """Batches of ([token ids, segment ids], labels)."""

    def __init__(self, reviews, tokenizer):
        super().__init__(reviews, BATCH_SIZE)
        self.tokenizer = tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, review in self.sample(random):
            rows.append(self.tokenizer.encode(review.text, maxlen=MAX_LENGTH) + ([review.label],))
            if is_end or len(rows) == self.batch_size:
                tokens, segments, labels = map(sequence_padding, zip(*rows))
                yield [tokens, segments], labels
                rows = []


def accuracy(model, batches):
    """The share of reviews that get the right label."""
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
    sizes = {'hidden_act': 'swish', 'num_attention_heads': 1, 'attention_key_size': 32}
    options = invented.options('reviews', __doc__, epochs=4, learning_rate=1e-3, sizes=sizes)
    tokenizer = Tokenizer(options.vocab, do_lower_case=True)
    training, development = [
        ReviewBatches(read_reviews(options.data, name), tokenizer) for name in ('train.txt', 'dev.txt')
    ]
    labels = max(review.label for review in training.data) + 1

    base = build_transformer_model(options.config, options.checkpoint, model=GatedEncoder, return_keras_model=False)
    first = Lambda(lambda x: x[:, 0])(base.model.output)
    verdict = Dense(labels, activation='softmax', kernel_initializer=base.initializer)(first)
    model = keras.models.Model(base.model.inputs, verdict)
    model.summary()
    AdamW = extend_with_weight_decay(Adam, name='AdamW')
    optimizer = AdamW(options.learning_rate, weight_decay_rate=0.01)
    model.compile(loss='sparse_categorical_crossentropy', optimizer=optimizer, metrics=['accuracy'])

    invented.start(model, options.initial)
    model.fit(
        training.forfit(),
        steps_per_epoch=options.steps or len(training),
        epochs=options.epochs,
        callbacks=[KeepBest(development, options.weights)],
        verbose=0,
    )
    model.load_weights(options.weights)
    # The encoder goes into a checkpoint and comes back: another script can start from it.
    checkpoint = os.path.join(os.path.dirname(options.weights), 'gau_model.ckpt')
    base.save_weights_as_checkpoint(checkpoint)
    base.load_weights_from_checkpoint(checkpoint)
    print('final score: %.5f' % accuracy(model, development))
    return model, training


if __name__ == '__main__':
    main()
