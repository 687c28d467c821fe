"""The devices that JAX sees, by `keras.distribution.DataParallel`: one process, arithmetic over the whole batch."""

from gplinker_kit.backend.stack import keras
from gplinker_kit.backend.workers_base import Workers
from gplinker_kit.events.shares import even_rows


class JaxWorkers(Workers):
    """All devices of this process; weights are copied to each of them, batches are cut."""

    name, nouns = 'keras', ('device of JAX', 'devices of JAX')

    def __init__(self):
        devices = keras.distribution.list_devices()
        self.parts = len(devices)
        self.distribution = keras.distribution.DataParallel(devices=devices)
        keras.distribution.set_distribution(self.distribution)

    def train_on_batch(self, model, inputs, targets):
        rows, weights = even_rows(len(inputs[0]), self.parts)
        return model.train_on_batch([x[rows] for x in inputs], [y[rows] for y in targets], sample_weight=weights)

    def predict_on_batch(self, model, inputs):
        count = len(inputs[0])
        rows, _ = even_rows(count, self.parts)
        spread = [keras.distribution.distribute_tensor(x[rows], self.distribution.get_data_layout(x.shape))
                  for x in inputs]
        return [scores[:count] for scores in model.predict_on_batch(spread)]
