"""What of the pool needs no Ray; tests/cli/test_extract_ray.py runs it."""

import os
import signal

import pytest

from gplinker_kit.bulk import ray_pool
from gplinker_kit.bulk.ray_pool import QUIET, THREADS, RayPool, added, gpus_each, kept_handler, start, variables


def test_the_cores_are_shared_out(monkeypatch):
    monkeypatch.setattr(ray_pool, 'cores', lambda: 8)
    for workers, threads in ((1, '8'), (2, '4'), (3, '2'), (8, '1'), (20, '1')):
        given = variables(workers, {})
        assert {given[name] for name in THREADS} == {threads} and given['RAY_USAGE_STATS_ENABLED'] == '0'
    assert variables(2, dict.fromkeys(THREADS, '3')) == QUIET, 'what the user has set stays'


def test_variables_are_there_within_the_block_only(monkeypatch):
    monkeypatch.setenv('GPLINKER_A', 'before')
    monkeypatch.delenv('GPLINKER_B', raising=False)
    with pytest.raises(KeyError):
        with added({'GPLINKER_A': '1', 'GPLINKER_B': '2'}):
            assert (os.environ['GPLINKER_A'], os.environ['GPLINKER_B']) == ('1', '2')
            raise KeyError
    assert os.environ['GPLINKER_A'] == 'before' and 'GPLINKER_B' not in os.environ


def test_a_handler_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyError):
        with kept_handler('SIGTERM'):
            signal.signal(signal.SIGTERM, lambda *signal: None)
            raise KeyError
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_ray_that_does_not_start_is_one_error():
    class Ray:
        def init(self, **options):
            assert options['address'] == 'local' and options['include_dashboard'] is False and options['num_cpus'] == 2
            raise Exception('The current node timed out during startup.')

    with pytest.raises(ValueError, match='Ray did not start.*too busy.* timed out during startup'):
        start(Ray(), num_cpus=2)


def test_a_worker_has_a_gpu_or_none():
    assert [gpus_each(*pair) for pair in ((0, 5), (1, 1), (4, 2), (4, 4))] == [0, 1, 1, 1]
    with pytest.raises(ValueError, match='3 workers need as many GPUs, there are 2; CUDA_VISIBLE_DEVICES='):
        gpus_each(2, 3)


def test_wrong_numbers_of_workers():
    for workers in (0, -1, 1.0, True, '2'):
        with pytest.raises(ValueError, match='workers must be an integer of at least 1'):
            RayPool(workers)
