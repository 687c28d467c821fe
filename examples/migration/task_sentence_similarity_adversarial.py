"""Do two questions ask the same? BERT with [CLS] pooling, trained with adversarial perturbations (FGM).

The fast gradient method moves the token embeddings a step of length epsilon against the model before every update
(arXiv:1605.07725, kexue.fm/archives/7234).
"""

import invented
import numpy as np

from gplinker_kit.backend import K, is_tf_keras, keras, search_layer
from gplinker_kit.layers import Dense
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import DataGenerator, open, sequence_padding
from gplinker_kit.tokenizers import Tokenizer

options = invented.options('pairs', __doc__, epochs=8, learning_rate=3e-3)
maxlen = 64
batch_size = 32
epsilon = 0.5 if options.checkpoint else 0.05  # the tables of a model from scratch are small


def load_data(filename):
    """Reads lines 'text1 <tab> text2 <tab> label' as [(text1, text2, label), ...]."""
    D = []
    with open(filename, encoding='utf-8') as f:
        for line in f:
            text1, text2, label = line.strip().split('\t')
            D.append((text1, text2, int(label)))
    return D


train_data = load_data(options.data + '/train.txt')
valid_data = load_data(options.data + '/dev.txt')
tokenizer = Tokenizer(options.vocab, do_lower_case=True)


class data_generator(DataGenerator):
    """Batches of ([token ids, segment ids], labels)."""

    def __iter__(self, random=False):
        batch_token_ids, batch_segment_ids, batch_labels = [], [], []
        for is_end, (text1, text2, label) in self.sample(random):
            token_ids, segment_ids = tokenizer.encode(text1, text2, maxlen=maxlen)
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

bert = build_transformer_model(
    config_path=options.config,
    checkpoint_path=options.checkpoint,
    with_pool=True,
    return_keras_model=False,
)
output = Dense(units=2, activation='softmax', kernel_initializer=bert.initializer)(bert.model.output)
model = keras.models.Model(bert.model.input, output)
model.summary()

# === Adversarial training ===


def fast_gradient_method(model, embedding_name, epsilon=1.0):
    """What scripts for TF 1.x with Keras 2.3.1 do by hand: a train function around the model's own."""
    model._make_train_function()
    train_function = model.train_function
    found = [search_layer(output, embedding_name) for output in model.outputs]
    table = [layer for layer in found if layer is not None][0].embeddings
    # The gradient of a lookup is sparse; adding zeros makes it dense.
    gradient = K.zeros_like(table) + K.gradients(model.total_loss, [table])[0]
    inputs = model._feed_inputs + model._feed_targets + model._feed_sample_weights
    compute_gradient = K.function(inputs=inputs, outputs=[gradient])

    def adversarial_train_function(inputs):
        g = compute_gradient(inputs)[0]
        delta = epsilon * g / (np.sqrt((g**2).sum()) + 1e-8)
        K.set_value(table, K.eval(table) + delta)
        outputs = train_function(inputs)
        K.set_value(table, K.eval(table) - delta)
        return outputs

    model.train_function = adversarial_train_function


compiling = {
    'loss': 'sparse_categorical_crossentropy',
    'optimizer': Adam(options.learning_rate),
    'metrics': ['accuracy'],
}
if keras.__version__ < '3' and not is_tf_keras:
    model.compile(**compiling)
    fast_gradient_method(model, 'Embedding-Token', epsilon)
else:
    # Differs from bert4keras, which has nothing for Keras 3 and tf.keras: an option of the library. It works on TF 1.x
    # with Keras 2.3.1 too: a new script can leave out the function above.
    from gplinker_kit.adversarial import adversarial_training

    model = adversarial_training(model, 'Embedding-Token', epsilon)
    model.compile(**compiling)

# === Training ===


def evaluate(data):
    """The share of pairs that are judged rightly."""
    total, right = 0.0, 0.0
    for x_true, y_true in data:
        y_pred = model.predict(x_true, verbose=0).argmax(axis=1)
        y_true = y_true[:, 0]
        total += len(y_true)
        right += (y_true == y_pred).sum()
    return right / total


class Evaluator(keras.callbacks.Callback):
    """Prints the accuracy after every epoch and saves the best weights."""

    def __init__(self):
        super().__init__()
        self.best_val_acc = 0.0

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
    print('final score: %.5f' % evaluate(valid_generator))
else:
    model.load_weights(options.weights)
