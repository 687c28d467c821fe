"""The devices that TensorFlow 2 sees, by `tf.distribute.MirroredStrategy`: one process, a replica on each."""

import numpy as np
import tensorflow as tf

from gplinker_kit.backend.workers_base import Workers
from gplinker_kit.events.shares import even_rows


class MirroredWorkers(Workers):
    """All GPUs of this process, or its logical CPU devices; weights are mirrored, batches are cut."""

    name, nouns = 'tensorflow', ('replica of TensorFlow', 'replicas of TensorFlow')

    def __init__(self):
        devices = tf.config.list_logical_devices('GPU') or tf.config.list_logical_devices('CPU')
        self.strategy = tf.distribute.MirroredStrategy([device.name for device in devices])
        self.parts = self.strategy.num_replicas_in_sync
        tf.distribute.experimental_set_strategy(self.strategy)

    def train_on_batch(self, model, inputs, targets):
        rows, weights = even_rows(len(inputs[0]), self.parts)
        whole = [x[rows] for x in inputs], [y[rows] for y in targets], weights
        self._check(model)
        # As `model.train_on_batch`, which would give the whole batch to each replica.
        model._maybe_symbolic_build(data_batch=whole)
        model.make_train_function()
        logs = model.train_function(iter([tf.nest.map_structure(self._cut, whole)]))
        return float(logs['loss'])

    def predict_on_batch(self, model, inputs):
        count = len(inputs[0])
        rows, _ = even_rows(count, self.parts)
        self._check(model)
        model.make_predict_function()
        outputs = model.predict_function([([self._cut(x[rows]) for x in inputs],)])
        return [scores[:count].numpy() for scores in outputs]

    def _check(self, model):
        if model.distribute_strategy is not self.strategy:
            raise ValueError("distribute 'tensorflow': the model %r belongs to one device. Build it after the call, "
                             'without clear_session in between, which takes the strategy away' % model.name)

    def _cut(self, array):
        shares = np.split(np.asarray(array), self.parts)
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.convert_to_tensor(shares[context.replica_id_in_sync_group]))
