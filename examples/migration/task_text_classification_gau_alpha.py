"""Good or bad reviews with GAU-α, a model that the script defines itself: RoFormerV2 with another kind of block.

A gated attention unit takes the place of attention and feed-forward network (kexue.fm/archives/9052). The subclass says
what a block is, how its weights start and what they are called in a checkpoint.
"""

import os

import invented

from gplinker_kit.backend import keras
from gplinker_kit.layers import Add, Dense, Dropout, GatedAttentionUnit, Lambda, LayerNormalization
from gplinker_kit.models import RoFormerV2, build_transformer_model
from gplinker_kit.optimizers import Adam, extend_with_weight_decay
from gplinker_kit.snippets import DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer

options = invented.options(
    'reviews', __doc__, epochs=4, learning_rate=1e-3,
    sizes={'hidden_act': 'swish', 'num_attention_heads': 1, 'attention_key_size': 32},
)  # fmt: skip
maxlen = 64
batch_size = 16

# === The user's model ===


class GAU_alpha(RoFormerV2):
    """RoFormerV2's embeddings, rotary positions and RMS norms around gated attention units."""

    def initializer(self, shape, dtype=None, order=3, gain=1.0):
        return super().initializer(shape, dtype, order, gain)

    def apply_main_layers(self, inputs, index):
        """x ← RMS norm of x + GAU(x)."""
        name = 'Transformer-%d-GatedAttentionUnit' % index
        attention_mask = self.compute_attention_bias(index)
        position_bias = self.compute_position_bias(inputs)
        arguments = {'a_bias': None, 'p_bias': 'rotary'}
        x = [inputs, position_bias]
        if attention_mask is not None:
            arguments['a_bias'] = True
            x.insert(1, attention_mask)
        x = self.apply(
            inputs=x,
            layer=GatedAttentionUnit,
            arguments=arguments,
            units=self.intermediate_size,
            key_size=self.attention_key_size,
            activation=self.hidden_act,
            use_bias=False,
            normalization='softmax_plus',
            attention_dropout=self.attention_dropout_rate,
            kernel_initializer=self.initializer,
            name=name,
        )
        x = self.apply(inputs=x, layer=Dropout, rate=self.dropout_rate, name='%s-Dropout' % name)
        x = self.apply(inputs=[inputs, x], layer=Add, name='%s-Add' % name)
        return self.apply(
            inputs=x,
            layer=LayerNormalization,
            zero_mean=False,
            scale=False,
            offset=False,
            name='%s-Norm' % name,
        )

    def variable_mapping(self):
        """The names of the published checkpoint, in the order of each layer's weights."""
        mapping = {
            'Embedding-Token': ['bert/embeddings/word_embeddings'],
            'Embedding-Segment': ['bert/embeddings/token_type_embeddings'],
        }
        for i in range(self.num_hidden_layers):
            prefix = 'GAU_alpha/encoder/layer_%d/gau/' % i
            mapping['Transformer-%d-GatedAttentionUnit' % i] = [
                prefix + 'i_dense/kernel',
                prefix + 'q_scaleoffset/gamma',
                prefix + 'k_scaleoffset/gamma',
                prefix + 'o_dense/kernel',
            ]
        return mapping


# === Data ===


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
num_classes = max(label for _, label in train_data) + 1
tokenizer = Tokenizer(options.vocab, do_lower_case=True)


class data_generator(DataGenerator):
    """Batches of ([token ids, segment ids], labels)."""

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
                yield [batch_token_ids, batch_segment_ids], batch_labels
                batch_token_ids, batch_segment_ids, batch_labels = [], [], []


train_generator = data_generator(train_data, batch_size)
valid_generator = data_generator(valid_data, batch_size)

# === Model ===

base = build_transformer_model(options.config, options.checkpoint, model=GAU_alpha, return_keras_model=False)
output = Lambda(lambda x: x[:, 0], name='CLS-token')(base.model.output)
output = Dense(num_classes, activation='softmax', kernel_initializer=base.initializer, name='Label')(output)
model = keras.models.Model(base.model.inputs, output)
model.summary()

AdamW = extend_with_weight_decay(Adam, name='AdamW')
model.compile(
    loss='sparse_categorical_crossentropy',
    optimizer=AdamW(options.learning_rate, weight_decay_rate=0.01),
    metrics=['sparse_categorical_accuracy'],
)

# === Training ===


def evaluate(data):
    """The share of texts with the right label."""
    total, right = 0.0, 0.0
    for x_true, y_true in data:
        y_pred = model.predict(x_true, verbose=0).argmax(axis=1)
        total += len(y_true)
        right += (y_true[:, 0] == y_pred).sum()
    return right / total


class Evaluator(keras.callbacks.Callback):
    """Prints the accuracy after every epoch and saves the best weights."""

    def __init__(self):
        super().__init__()
        self.best_val_acc = -1.0

    def on_epoch_end(self, epoch, logs=None):
        val_acc = evaluate(valid_generator)
        if val_acc > self.best_val_acc:
            self.best_val_acc = val_acc
            model.save_weights(options.weights)
        print('epoch %d: loss %.5f, accuracy %.5f, best %.5f' % (epoch + 1, logs['loss'], val_acc, self.best_val_acc))


if __name__ == '__main__':
    invented.start(model, options.initial)
    model.fit(
        train_generator.forfit(),
        steps_per_epoch=options.steps or len(train_generator),
        epochs=options.epochs,
        callbacks=[Evaluator()],
        verbose=0,
    )
    model.load_weights(options.weights)
    # The encoder goes into a checkpoint and comes back: another script can start from it.
    checkpoint = os.path.join(os.path.dirname(options.weights), 'gau_model.ckpt')
    base.save_weights_as_checkpoint(checkpoint)
    base.load_weights_from_checkpoint(checkpoint)
    print('final score: %.5f' % evaluate(valid_generator))
else:
    model.load_weights(options.weights)
