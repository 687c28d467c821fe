"""A function applied to many items by worker processes or threads.

Each process has a pipe of its own and gets an item when it has returned the result of the one before. So no lock is
shared that a killed worker could hold, a dead worker is an end of file on its pipe, and workers can be ended at any
time; `multiprocessing.Pool` does not notice a killed worker, and `concurrent.futures` cannot end one that is busy.
"""

import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.connection
import signal
import traceback

import numpy as np

_SECONDS = 5  # for a worker to obey, before it is killed


class WorkerTraceback(Exception):
    """The traceback of an exception as the worker process saw it: the `__cause__` of what the caller gets."""

    def __init__(self, text):
        super().__init__(text)
        self.text = text

    def __str__(self):
        return '\n"""\n%s"""' % self.text


class WorkerError(RuntimeError):
    """A worker ended without a result, or with one that cannot be sent to the caller."""


def parallel_apply_generator(func, iterable, workers, max_queue_size, dummy=False, random_seeds=True):
    """Yields `(index, func(item))` for the items of `iterable`, in the order in which the results come.

    Arguments:
        func: function of one item. Where processes are started by `spawn` or `forkserver` (Windows, macOS, Python
            3.14), it must be defined at the top level of a module; with `fork`, any function will do.
        iterable: is read as fast as the workers work. Items and results must be such as can be pickled.
        workers: number of processes or threads.
        max_queue_size: bert4keras's; an item waits for no worker here, so there is no queue to limit.
        dummy: threads instead of processes.
        random_seeds: True: numpy's random state is new in each process; a list: these are the seeds of the first
            processes; False or None: a forked process draws the same numbers as its parent. Threads share the state of
            the caller, which is left alone.

    Closing the generator, or an exception, ends the workers. Raises what `func` raises, with the worker's traceback as
    its cause; WorkerError for a worker that was killed or a result that cannot be sent; ValueError for a function that
    cannot be sent to a worker.
    """
    if not hasattr(workers, '__index__') or workers < 1:
        raise ValueError('workers must be a whole number above 0, got %r' % (workers,))
    if not callable(func):
        raise ValueError('func: expected a function, got %s' % type(func).__name__)
    if dummy:
        return _threads(func, iterable, workers)
    seeds = [None] * workers if random_seeds is True else list(random_seeds or [])
    # A tuple a worker: the arguments of `seed`, or none where it is not called.
    return _processes(func, iterable, [(seed,) for seed in seeds[:workers]] + [()] * (workers - len(seeds)))


def parallel_apply(
    func, iterable, workers, max_queue_size, callback=None, dummy=False, random_seeds=True, unordered=True
):
    """Returns the list of `func(item)`; with `callback`, calls it with each result instead, and returns None.

    unordered: False returns the results in the order of `iterable`; with a callback it has no effect. The other
    arguments and what is raised: see `parallel_apply_generator`.
    """
    results = parallel_apply_generator(func, iterable, workers, max_queue_size, dummy, random_seeds)
    with contextlib.closing(results):
        if callback is not None:
            for _, result in results:
                callback(result)
            return None
        found = list(results)
    return [result for _, result in (found if unordered else sorted(found, key=lambda pair: pair[0]))]


def _threads(func, iterable, workers):
    running, pool = {}, concurrent.futures.ThreadPoolExecutor(workers)
    try:
        for index, item in enumerate(iterable):
            running[pool.submit(func, item)] = index
            if len(running) > workers:  # one more than there are threads: the next item is at hand when one is through
                done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        for future in concurrent.futures.as_completed(list(running)):
            yield running[future], future.result()
    finally:
        for future in running:
            future.cancel()
        pool.shutdown()


def _processes(func, iterable, seeds):
    crew, busy, items = [], {}, enumerate(iterable)

    def hand_out(worker, index=None, item=None):
        if index is None:
            index, item = next(items, (None, None))
        if index is not None:
            _send(worker, index, item)
            busy[worker[1]] = worker, index

    try:
        # A process is started when there is an item for it.
        for seed, (index, item) in zip(seeds, items):
            crew.append(_start(func, seed))
            hand_out(crew[-1], index, item)
        while busy:
            for connection in multiprocessing.connection.wait(list(busy)):
                worker, index = busy.pop(connection)
                result = _receive(worker, index)
                hand_out(worker)  # before the caller works on this result
                yield index, result
    finally:
        _end(crew)


def _start(func, seed):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_work, args=(theirs, ours, func, seed), daemon=True)
    try:
        process.start()
    except (OSError, RuntimeError):  # of starting a process
        raise
    except Exception as error:
        raise ValueError(
            'func: %r cannot be sent to a process started by %r (%s); define it at the top level of a module, or use '
            'dummy=True for threads' % (func, multiprocessing.get_start_method(), error)
        ) from error
    finally:
        theirs.close()
    return process, ours


def _work(connection, callers, func, seed):
    """What a worker process does until the pipe ends."""
    # Each side holds its own end only, so that either notices when the other one dies.
    callers.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if seed:
        np.random.seed(*seed)
    while True:
        try:
            item = connection.recv()
        except (EOFError, OSError):
            return
        except Exception as error:
            answer = _failure(error)
        else:
            try:
                answer = True, func(item)
            except Exception as error:
                answer = _failure(error)
        if not _answer(connection, answer):
            return


def _failure(error):
    return False, ('%s: %s' % (type(error).__name__, error), traceback.format_exc()), error


def _answer(connection, answer):
    """Sends the caller `(True, result)`, or `(False, (words, traceback))` and then the exception, by itself.

    Not every exception can be sent, or read where it comes: then the caller has the words. Returns: whether the caller
    is there.
    """
    try:
        connection.send(answer[:2])
    except ConnectionError:
        return False
    except Exception as error:
        return _answer(connection, _failure(WorkerError('the result cannot be sent to the caller: %s' % error)))
    if not answer[0]:
        try:
            connection.send(answer[2])
        except ConnectionError:
            return False
        except Exception:
            connection.send(None)
    return True


def _send(worker, index, item):
    process, connection = worker
    try:
        connection.send(item)
    except OSError:
        raise _death(process, index) from None


def _receive(worker, index):
    process, connection = worker
    try:
        good, value = connection.recv()
        if good:
            return value
        error = _exception(connection, value[0])
    except (EOFError, OSError):
        raise _death(process, index) from None
    raise error from WorkerTraceback(value[1])


def _exception(connection, words):
    """Returns the exception that a worker sends, or a WorkerError of these words."""
    try:
        error = connection.recv()
        return WorkerError(words) if error is None else error
    except (EOFError, OSError):
        raise
    except Exception:
        return WorkerError(words)


def _death(process, index):
    process.join(_SECONDS)
    code = process.exitcode
    how = 'ended with exit status %s' % code
    if code is not None and code < 0:
        how = 'was killed by signal %d%s' % (-code, ' (too little memory?)' if code == -9 else '')
    return WorkerError('a worker process %s while it had item %d' % (how, index))


def _end(crew):
    """Ends the processes at once: what they are at is not wanted any more."""
    for process, connection in crew:
        connection.close()
        process.terminate()
    for process, _ in crew:
        process.join(_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
