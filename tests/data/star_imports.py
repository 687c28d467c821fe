# ruff: noqa: F403, F405
"""A program as scripts for bert4keras are often written: star imports, and names that came from nowhere else."""

from gplinker_kit.backend import keras, set_gelu
from gplinker_kit.layers import *
from gplinker_kit.models import *
from gplinker_kit.optimizers import *
from gplinker_kit.snippets import DataGenerator, sequence_padding, to_array
from gplinker_kit.tokenizers import *

set_gelu('tanh')
tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] + list('好坏天气真的很')
token_dict = {token: i for i, token in enumerate(tokens)}
tokenizer = Tokenizer(token_dict, do_lower_case=True)
np.random.seed(0)


class Batches(DataGenerator):
    def __iter__(self, random=False):
        token_ids, labels = [], []
        for is_end, (text, label) in self.sample(random):
            token_ids.append(tokenizer.encode(text, maxlen=16)[0])
            labels.append([label])
            if len(token_ids) == self.batch_size or is_end:
                token_ids, labels = sequence_padding(token_ids), sequence_padding(labels)
                yield [token_ids, np.zeros_like(token_ids), labels], None
                token_ids, labels = [], []


class CrossEntropy(Loss):
    def compute_loss(self, inputs, mask=None):
        y_true, y_pred = inputs
        return K.mean(K.sparse_categorical_crossentropy(y_true, y_pred))


class Averaging(Layer):
    """The mean over the tokens that are there, and a gain that is learnt."""

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(name='gain', shape=(input_shape[-1],), initializer=initializers.get('ones'))

    def call(self, inputs, mask=None):
        mask = K.cast(mask, K.floatx())[:, :, None]
        return self.gain * K.sum(inputs * mask, axis=1) / K.sum(mask, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return input_shape[:1] + input_shape[2:]


base = build_transformer_model(
    model=RoFormer, vocab_size=len(token_dict), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=64, hidden_act='gelu', return_keras_model=False,
)  # fmt: skip
y_in = Input(shape=(1,))
first = Lambda(lambda x: x[:, 0])(base.model.output)
x = Concatenate()([first, Averaging()(base.model.output), GlobalAveragePooling1D()(base.model.output)])
x = Activation('tanh')(LayerNormalization()(Dense(16)(Dropout(0.0)(x))))
y = Dense(2, activation='softmax')(x)
predictor = Model(base.model.inputs, y)
trainer = keras.models.Model(base.model.inputs + [y_in], CrossEntropy(1)([y_in, y]))
AdamW = extend_with_weight_decay(Adam, 'AdamW')
trainer.compile(optimizer=AdamW(learning_rate=1e-2, weight_decay_rate=0.01, exclude_from_weight_decay=['Norm', 'bias']))

data = [(text % word, label) for text in ('天气真%s', '%s天气', '真的很%s') for label, word in enumerate('坏好')] * 4
batches = Batches(data, batch_size=8)
trainer.fit(batches.forfit(), steps_per_epoch=len(batches), epochs=12, verbose=0)
right = 0
for text, label in data[:6]:
    token_ids, segment_ids = to_array(*[[ids] for ids in tokenizer.encode(text)])
    right += predictor.predict([token_ids, segment_ids], verbose=0)[0].argmax() == label
print('right: %d of 6' % right)
