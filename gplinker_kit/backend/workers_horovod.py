"""The processes that `horovodrun` has started, on TF 1.15: Horovod averages their gradients."""

import contextlib
import os

import numpy as np
import tensorflow as tf

from gplinker_kit.backend import messages
from gplinker_kit.backend.workers_base import Workers
from gplinker_kit.events.shares import own_rows

PIECE = 2**26  # bytes that are sent at once
# While one process scores or tunes, the others wait; Horovod takes a minute of that for a fault.
PATIENCE = ('HOROVOD_STALL_CHECK_TIME_SECONDS', '600')


def load_horovod():
    """Returns Horovod's module for TensorFlow. Raises: ImportError that says where it is to be had."""
    try:
        import horovod.tensorflow
    except ImportError as error:
        raise ImportError(
            "distribute 'horovod' needs Horovod, built for this TensorFlow (%s): scripts/env tf1-horovod makes an "
            "environment with it, NVIDIA's image has it; or build the extra, pip install 'gplinker-kit[horovod]', as "
            'docs/distributed.md says' % error) from error
    return horovod.tensorflow


class HorovodWorkers(Workers):
    """One process each, on a GPU of its own where there are any."""

    name, nouns = 'horovod', ('process of Horovod', 'processes of Horovod')

    def __init__(self):
        self.horovod = load_horovod()
        os.environ.setdefault(*PATIENCE)
        self.horovod.init()
        self.processes = self.parts = self.horovod.size()
        self.rank = self.horovod.rank()
        self._exchange = None
        gpus = tf.config.experimental.list_physical_devices('GPU')
        if gpus:
            tf.config.experimental.set_visible_devices(gpus[self.horovod.local_rank() % len(gpus)], 'GPU')

    def train_on_batch(self, model, inputs, targets):
        rows, weights = own_rows(len(inputs[0]), self.parts, self.rank)
        weights = [weights] * len(model.outputs)
        with _named():
            result = model.train_on_batch([x[rows] for x in inputs], [y[rows] for y in targets], sample_weight=weights)
        return self.exchange.mean(np.reshape(result, -1)[:1])[0]

    def average(self, gradients):
        horovod = self.horovod
        return [None if g is None else horovod.allreduce(g, op=horovod.Average) for g in gradients]

    @property
    def exchange(self):
        if self._exchange is None:  # a session that was made at once would be too early for `accelerate`
            self._exchange = _Exchange(self.horovod)
        return self._exchange

    def any(self, flag):
        return bool(self.exchange.mean([float(flag)])[0] > 0)

    def wait(self):
        self.any(False)

    def gather(self, value):
        return [messages.loads(data) for data in self.exchange.all(messages.dumps(value))]

    def from_chief(self, compute):
        if not self.chief:
            good, value = messages.loads(self.exchange.first(b''))
            if not good:
                raise ValueError('the first process has failed: %s' % value)
            return value
        try:
            value = compute()
            data = messages.dumps((True, value))
        except Exception as error:
            self.exchange.first(messages.dumps((False, '%s: %s' % (type(error).__name__, error))))
            raise
        self.exchange.first(data)
        return value


@contextlib.contextmanager
def _named():
    """An operation of Horovod fails where another process has ended: TensorFlow's error becomes one that says so."""
    try:
        yield
    except tf.errors.OpError as error:
        if not getattr(error.op, 'type', '').startswith('Horovod'):
            raise
        reason = error.message.strip().split('\n')[0]
        raise ConnectionError('another process of this training has ended (%s)' % reason) from error


class _Exchange:
    """Values that processes tell each other, by a graph and a session of their own: no `clear_session` takes them."""

    def __init__(self, horovod):
        with tf.Graph().as_default() as graph, tf.device('/cpu:0'):
            self._numbers = tf.compat.v1.placeholder(tf.float64, [None])
            self._bytes = tf.compat.v1.placeholder(tf.uint8, [None])
            self._size = tf.compat.v1.placeholder(tf.int64, [1])
            self._mean = horovod.allreduce(self._numbers, op=horovod.Average, name='exchange_mean')
            self._first = horovod.broadcast(self._bytes, 0, name='exchange_first')
            self._first_size = horovod.broadcast(self._size, 0, name='exchange_first_size')
            self._all = horovod.allgather(self._bytes, name='exchange_all')
            self._sizes = horovod.allgather(self._size, name='exchange_sizes')
        config = tf.compat.v1.ConfigProto(device_count={'GPU': 0})
        self._session = tf.compat.v1.Session(graph=graph, config=config)

    def _run(self, fetched, given, value):
        with _named():
            return self._session.run(fetched, {given: value})

    def mean(self, numbers):
        """Returns the means over the processes of a list of numbers, float64."""
        return self._run(self._mean, self._numbers, numbers)

    def first(self, data):
        """Returns the bytes of the first process."""
        size = int(self._run(self._first_size, self._size, [len(data)])[0])
        data = np.frombuffer(data, 'uint8')
        if len(data) < size:
            data = np.zeros(size, 'uint8')
        pieces = [self._run(self._first, self._bytes, data[at:at + PIECE]) for at in range(0, size, PIECE)]
        return b''.join(piece.tobytes() for piece in pieces)

    def all(self, data):
        """Returns the bytes of all processes, a list."""
        sizes = self._run(self._sizes, self._size, [len(data)])
        joined = self._run(self._all, self._bytes, np.frombuffer(data, 'uint8')).tobytes()
        ends = np.cumsum(sizes)
        return [joined[end - size:end] for size, end in zip(sizes, ends)]
