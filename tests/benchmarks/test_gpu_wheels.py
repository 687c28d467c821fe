"""What is carried to a GPU machine: the command that downloads it, and the lines for that machine."""

import os
import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from benchmarks import catalogue
from benchmarks.processes import ROOT

pytestmark = pytest.mark.once


@pytest.fixture(scope='module')
def script():
    loader = SourceFileLoader('gpu_wheels', os.path.join(ROOT, 'benchmarks', 'gpu_wheels'))
    module = module_from_spec(spec_from_loader('gpu_wheels', loader))
    loader.exec_module(module)
    return module


def test_every_requirement_is_downloaded_and_no_engine(script):
    with open(os.path.join(ROOT, 'setup.py'), encoding='utf-8') as stream:
        required = re.search(r'install_requires=\[(.*?)\]', stream.read()).group(1)
    needed = {re.match(r'[a-z-]+', name).group() for name in re.findall(r"'([^']+)'", required)} - {'numpy'}
    assert needed < set(script.PACKAGES) and 'keras' in script.PACKAGES
    assert not {'tensorflow', 'tensorflow-cpu', 'jax', 'torch', 'numpy'} & set(script.PACKAGES)
    words = script.download('wheels', '3.12', 'x86_64')
    assert words[-len(script.PACKAGES):] == list(script.PACKAGES) and words[words.index('-d') + 1] == 'wheels'
    assert words[words.index('--python-version') + 1] == '3.12' and 'manylinux_2_28_x86_64' in words
    assert os.path.exists(words[words.index('-c') + 1])


def test_the_lines_make_every_result_file_of_the_list(script):
    lines = script.commands('wheels')
    assert '--no-index --find-links wheels' in lines[0]
    assert [line.split()[-1] for line in lines[1:]] == [
        job.result for engine in ('jax', 'torch') for job in catalogue.JOBS
        if job.gpu and job.stack == 'keras3-' + engine]
