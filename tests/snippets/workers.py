"""Functions for worker processes, and programs that a test runs with a start method of its own."""

import os
import signal
import sys
import time

from gplinker_kit.snippets import parallel_apply, parallel_apply_generator


def square(x):
    return x * x


def process_and_draw(x):
    import numpy as np

    time.sleep(0.01)
    return os.getpid(), float(np.random.random())


def fails_at_three(x):
    if x == 3:
        raise KeyError('three')
    return x


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__('%s and %s' % (first, second))


def fails_strangely(x):
    raise Unpicklable('this', 'that')


def fails_with_a_function(x):
    raise ValueError('a function', lambda: x)


def fails_and_is_false(x):
    raise Hollow('nothing in it')


class Hollow(Exception):
    def __bool__(self):
        return False


def returns_function(x):
    return lambda: x


def kills_itself(x):
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def leaves(x):
    sys.exit(7)


def is_busy(x):
    if x:
        time.sleep(60)
    return x


def main():
    """The program: `python workers.py START_METHOD`; prints one line a fact."""
    import multiprocessing

    multiprocessing.set_start_method(sys.argv[1])
    print(parallel_apply(square, range(9), 2, 4, unordered=False))
    for function in (fails_at_three, kills_itself):
        try:
            parallel_apply(function, range(9), 2, 4)
        except Exception as error:
            cause = error.__cause__
            print(type(error).__name__, error, 'fails_at_three' in str(cause))
    results = parallel_apply_generator(is_busy, range(9), 2, 4)
    print(next(results))
    results.close()
    try:
        print(parallel_apply(lambda x: x, [1], 2, 4))
    except ValueError as error:
        print(str(error)[:5], 'dummy=True' in str(error))
    print(multiprocessing.active_children())


if __name__ == '__main__':
    main()
