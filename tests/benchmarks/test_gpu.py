"""The GPU benchmarks: toy sizes on the CPU without TensorFlow, what is said without a GPU, and what is worked out."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import gpu_attention, gpu_common, gpu_gplinker, gpu_ours, gpu_training
from benchmarks.gpu_device import is_out_of_memory
from benchmarks.processes import ROOT

CASES = {
    'training': {'model': 'gau_alpha', 'length': 8, 'batch': 2, 'precision': 'float32', 'compiled': True, 'rate': True},
    'pointer': {'model': 'roformer_v2', 'length': 8, 'batch': 2, 'precision': 'bfloat16', 'compiled': False,
                'scores': 'factorised'},
}  # fmt: skip
# As if TensorFlow were not installed; one number of a variant.
PROGRAM = """
import json, sys
sys.modules['tensorflow'] = None
from benchmarks import gpu_ours
course = gpu_ours.VARIANTS[sys.argv[1]](json.loads(sys.argv[2]))
facts = next(course)
print(json.dumps([facts, next(course)]))
"""


def run_without_tensorflow(engine, variant, case):
    env = dict(os.environ, KERAS_BACKEND=engine, CUDA_VISIBLE_DEVICES='')
    sent = json.dumps(dict(case, quick=True, device='cpu'))
    process = subprocess.run([sys.executable, '-W', 'ignore', '-c', PROGRAM, variant, sent], cwd=ROOT, env=env,
                             capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.strip().split('\n')[-1])


@pytest.mark.once
@pytest.mark.parametrize('engine, variant', [('jax', 'training'), ('torch', 'pointer')])
def test_toy_sizes_run_without_tensorflow(engine, variant):
    pytest.importorskip(engine)
    facts, seconds = run_without_tensorflow(engine, variant, CASES[variant])
    assert facts['fits'] is True and facts['parameters'] > 0 and seconds > 0
    if variant == 'training':
        assert facts['flops'] > 0 and facts['peak'] > 0


@pytest.mark.once
def test_gplinker_learns_at_toy_size_without_tensorflow(shared_data):
    case = dict(gpu_gplinker.CASES['tiny_float32'], quick=True)
    facts, seconds = run_without_tensorflow('torch', 'convergence', case)
    assert facts['fits'] and facts['epochs'] == 2 and facts['best'] in (1, 2) and len(facts['scores']) == 2
    assert 0 < facts['seconds_to_best'] <= seconds and facts['rate'] > 0 and facts['memory'] > 0


class FakeProcess:
    """A process whose facts say what the test wants."""

    facts = {'gpu': None, 'driver': None, 'engine': 'jax', 'versions': {'keras': '3'}}

    def __init__(self, variant, options, pythons):
        self.variant = variant
        assert variant.module == gpu_common.MODULE and variant.name in gpu_ours.VARIANTS

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


@pytest.fixture
def without_gpu(monkeypatch):
    for name in ('CUDA_VISIBLE_DEVICES', 'XLA_PYTHON_CLIENT_MEM_FRACTION'):
        monkeypatch.setenv(name, os.environ.get(name, ''))
    monkeypatch.setattr(gpu_common, 'Process', FakeProcess)


@pytest.mark.once
@pytest.mark.parametrize('program, names', [
    (gpu_training, gpu_training.NAMES), (gpu_attention, list(gpu_attention.KINDS)),
    (gpu_gplinker, list(gpu_gplinker.CASES)),
], ids=['training', 'attention', 'gplinker'])
def test_without_a_gpu_every_row_says_so(program, names, without_gpu, tmp_path, capsys):
    path = tmp_path / 'out.json'
    assert program.main(['--json', str(path)]) == 3
    printed = capsys.readouterr()
    assert all('**`%s` skipped**: no GPU here' % name in printed.out for name in names)
    assert not path.exists() and 'out.json: not written, no GPU here' in printed.err


@pytest.mark.once
def test_the_full_size_is_not_for_a_cpu():
    with pytest.raises(SystemExit, match='add --quick'):
        gpu_training.main(['--device', 'cpu'])


@pytest.mark.once
@pytest.mark.parametrize('limit, most, low', [(0, 64, 0), (1, 64, 1), (37, 64, 36), (64, 64, 64), (900, 4096, 855),
                                              (10**6, 4096, 4096)])
def test_the_largest_batch(limit, most, low):
    tried = []
    found = gpu_common.largest(lambda batch: tried.append(batch) or batch <= limit, most)
    assert low <= found <= limit and len(tried) == len(set(tried)) <= 18 and max(tried) <= most


@pytest.mark.once
@pytest.mark.parametrize('error, expected', [
    (RuntimeError('CUDA out of memory. Tried to allocate 2 GiB'), True),
    (ValueError('RESOURCE_EXHAUSTED: failed to allocate'), True),
    (RuntimeError('OOM when allocating tensor with shape[8]'), True),
    (ValueError('shapes do not match'), False),
])
def test_what_exhausted_memory_looks_like(error, expected):
    assert is_out_of_memory(error) is expected


@pytest.mark.once
def test_goals_are_worked_out_of_the_rows():
    rows = [gpu_common.row(name, 'x', [value]) for name, value in zip(gpu_training.GOAL_NAMES, (90, 29, 60, 41, 10))]
    found = {made['name']: (made['ratio'], made['met']) for made in gpu_training.goals(rows, 'torch')}
    assert found == {
        'bfloat16_compiled_float32_plain': (pytest.approx(90 / 29), True),
        'bfloat16_float32_compiled': (1.5, True), 'duee_batch_factorised_dense': (4.1, True)}
    assert [made['name'] for made in gpu_training.goals(rows[:2], 'torch')] == ['bfloat16_compiled_float32_plain']
    assert gpu_training.goals(rows[:2], 'jax')[0]['goal'] is None  # there is no JAX without XLA
    assert not gpu_training.goals(rows[3:4], 'torch') and set(gpu_training.GOAL_NAMES) <= set(gpu_training.NAMES)


@pytest.mark.once
def test_the_crossover():
    def rows(kind, *seconds):
        return [{'kind': kind, 'length': 100 * 2**i, 'ours': value} for i, value in enumerate(seconds)]

    quadratic = rows('gau', 1, 4, 16)
    # At 100 tokens twice as slow, at 200 twice as fast: they meet in the middle, on logarithmic axes.
    assert gpu_attention.crossover(rows('flash', 2, 2, 4) + quadratic, 'flash', 'gau') == pytest.approx(100 * 2**0.5)
    assert gpu_attention.crossover(rows('flash', 0.5, 1, 2) + quadratic, 'flash', 'gau') == 100
    assert gpu_attention.crossover(rows('flash', 2, 8, 32) + quadratic, 'flash', 'gau') is None
    assert gpu_attention.crossover(quadratic, 'flash', 'gau') is None
