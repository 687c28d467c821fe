"""Variants that take no time, for the tests of the form: `python -m tests.benchmarks.variants NAME OPTIONS`."""

import itertools
import os
import sys
import time

from benchmarks.processes import FOREIGN, serve


def _numbers(*values, **facts):
    def variant(options):
        yield dict({'versions': {'fake': '1'}}, **facts)
        yield from itertools.cycle(values)

    return variant


def noisy(options):
    print('a library prints this')
    os.write(1, b'and this\n')
    yield {'note': 'a note'}
    print('and prints again')
    yield 3.0


def broken(options):
    yield {}
    yield 1
    raise RuntimeError('the variant is broken')


def hanging(options):
    time.sleep(60)
    yield {}


def nonsense(options):
    yield {}
    yield 'fast'


def own_process(options):
    yield {}
    yield os.getpid()
    yield os.getpid()


def switches(options):
    yield {'found': sorted(name for name in FOREIGN if name in os.environ), 'python': sys.executable}


def write(options):
    with open(os.path.join(options['folder'], 'left'), 'w') as stream:
        stream.write('7')
    yield {'note': 'written before'}


def read(options):
    with open(os.path.join(options['folder'], 'left')) as stream:
        value = float(stream.read())
    yield {'quick': options['quick']}
    while True:
        yield value


def turns(options):
    """Yields its turn among all measurements, counted in a file that both variants append to."""
    path = os.path.join(options['folder'], 'turns')
    yield {}
    while True:
        with open(path, 'a+') as stream:
            stream.write('x')
            stream.seek(0)
            turn = len(stream.read())
        yield turn


VARIANTS = {
    'one': _numbers(1, 5, 2, 3, 4),
    'ten': _numbers(10, 50, 20, 30, 40),
    'works': _numbers(3, flops=240e9),
    'takes_100': _numbers(1, memory=100.0), 'takes_104': _numbers(1, memory=104.0),
    'takes_106': _numbers(1, memory=106.0),
    'noisy': noisy, 'broken': broken, 'hanging': hanging, 'nonsense': nonsense, 'own_process': own_process,
    'switches': switches, 'write': write, 'read': read, 'turns': turns,
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
