"""Shards extracted by actors of Ray Data, each with a model of its own.

Needs Ray (`pip install 'gplinker-kit[ray]'`), which is imported when it is used. It runs on this machine alone and is
ended with the extraction; nothing leaves the machine.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading

from gplinker_kit.bulk.worker import ShardWorker

# Rows of a table that travel together; only a table longer than this has more than one shard a task.
MOST_TASKS = 4096
STORE = 128 << 20  # bytes of shared memory; what travels is places in files
# Ray's sockets lie in its folder, and a socket's path has room for 107 characters.
LONGEST = 40
# No reports, no metrics, no messages but errors, no processes for tasks that will never be, workers as urgent as this
# process (Ray's usual ones wait until nobody else wants the processor), and no address of this machine but its loopback
# one, which on Linux is asked for by a switch that is named after other systems.
QUIET = {
    'RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER': '0', 'RAY_USAGE_STATS_ENABLED': '0', 'RAY_enable_metrics_collection': '0',
    'RAY_DATA_LOG_LEVEL': 'ERROR', 'RAY_BACKEND_LOG_LEVEL': 'fatal', 'RAY_COLOR_PREFIX': '0',
    'RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO': '0', 'RAY_enable_worker_prestart': '0',
    'RAY_prestart_worker_first_driver': '0', 'RAY_worker_niceness': '0',
}  # fmt: skip
# What the engines and their libraries read: OpenMP (PyTorch), BLAS, TensorFlow, JAX, and the tokenizers.
THREADS = (
    'OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS',
    'PJRT_NPROC', 'RAYON_NUM_THREADS',
)  # fmt: skip


def import_ray():
    """Returns the package ray with ray.data. Raises ImportError that names the extra where it is not installed."""
    if sys.version_info < (3, 11):
        raise ImportError('--engine ray needs Python 3.11 and Keras 3, which reads the same model folders: Ray Data '
                          'does not work with the numpy that TensorFlow 1.15 needs')
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ImportError("--engine ray needs Ray: pip install 'gplinker-kit[ray]' (%s)" % error) from error
    return ray


def cores():
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def variables(workers, environment):
    """Returns the variables that the workers' processes get on top of `environment`.

    The cores are shared out, so that the workers together have as many threads as there are cores. A number of threads
    that is set already stays.
    """
    threads = str(max(1, cores() // workers))
    return dict(QUIET, **{name: threads for name in THREADS if name not in environment})


@contextlib.contextmanager
def added(values):
    """Adds variables to the environment of this process and of those that it begins within the block."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


@contextlib.contextmanager
def kept_handler(name):
    """Gives a signal the handler back that it had before the block, in the main thread, where it can be set at all."""
    number, main = getattr(signal, name), threading.current_thread() is threading.main_thread()
    before = signal.getsignal(number)
    try:
        yield
    finally:
        if main and before is not None:
            signal.signal(number, before)


def start(ray, **options):
    """Starts a Ray of this machine alone. Raises ValueError where it does not come up."""
    try:
        ray.init(
            address='local', object_store_memory=STORE, include_dashboard=False, log_to_driver=False,
            logging_level=logging.ERROR, **options,
        )  # fmt: skip
    except Exception as error:  # it raises bare ones: its own processes have 30 seconds, which no option of it changes
        raise ValueError('Ray did not start; where the machine was too busy, run the command again. It says: %s'
                         % error) from error


@contextlib.contextmanager
def session(workers):
    """Yields the package ray with a Ray of this machine that has a place a worker; ended and cleared away after."""
    folder = tempfile.mkdtemp(prefix='ray-')
    place = {'_temp_dir': folder} if len(folder) <= LONGEST else {}  # else where Ray puts it itself
    try:
        with kept_handler('SIGTERM'), added(variables(workers, os.environ)):
            ray = import_ray()
            try:
                start(ray, num_cpus=workers, **place)
                yield ray
            finally:
                ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def gpus_each(gpus, workers):
    """Returns the GPUs of a worker: one, or none where there is none.

    Raises: ValueError for more workers than GPUs.
    """
    if 0 < gpus < workers:
        raise ValueError('%d workers need as many GPUs, there are %d; CUDA_VISIBLE_DEVICES= hides them and leaves the '
                         'work to the CPU' % (workers, gpus))
    return 1 if gpus else 0


class RayPool:
    """A `run` of `extract_in_shards`: actors of Ray Data extract the shards.

    An actor takes a shard when it is through with the one before, so that no more than one a worker is in memory. One
    whose process dies is replaced, and its shard given out again.

    Arguments: workers: int.
    Raises: ValueError for less than one worker, and where Ray fails; ImportError without Ray.
    """

    def __init__(self, workers=1):
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
            raise ValueError('workers must be an integer of at least 1, got %r' % (workers,))
        self.workers = workers

    def __call__(self, arguments, rows, worker=ShardWorker):
        """Yields the results of `worker(*arguments)` of each row, as they come."""
        workers = min(self.workers, len(rows))
        with session(workers) as ray:
            context = ray.data.DataContext.get_current()
            context.enable_progress_bars = False
            gpus = gpus_each(int(ray.cluster_resources().get('GPU', 0)), workers)
            table = ray.data.from_items(rows, override_num_blocks=min(len(rows), MOST_TASKS))
            results = table.map(
                worker, fn_constructor_args=arguments, num_cpus=1, num_gpus=gpus,
                compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
            )  # fmt: skip
            try:
                # Not `iter_rows`, which keeps a result back until the next one is there.
                for batch in results.iter_batches(batch_size=None, batch_format='numpy', prefetch_batches=0):
                    columns = [column.tolist() for column in batch.values()]
                    yield from (dict(zip(batch, values)) for values in zip(*columns))
            except ray.exceptions.RayError as error:
                raise ValueError('Ray could not go on; the shards that are written stay, and the same command goes on '
                                 'with them. It says: %s' % error) from error
