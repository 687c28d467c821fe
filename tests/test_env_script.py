"""scripts/env, with stand-ins for Python so that nothing is installed."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.command_lines import ROOT, write_program

TOOLS = ('bash', 'sh', 'env', 'cat', 'cksum', 'chmod', 'cp', 'dirname', 'flock', 'grep', 'mkdir', 'rm', 'tail', 'tr')
# A Python of version $VERSION: answers `-c` with a real Python's word on whether the version fits, makes an environment
# with a copy of itself, and writes pip's arguments down.
FAKE_PYTHON = """#!/bin/sh
version="%(version)s"
case "$1 $2" in
    "--version ") echo "Python $version" ;;
    "-c import torch") exit 1 ;;
    "-c import horovod.tensorflow") %(horovod)s ;;
    "-c "*) exec "%(real)s" -c "import sys; sys.version_info = tuple(map(int, '$version'.split('.'))); $2" ;;
    "-m venv") mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && echo "venv $4" >> "%(log)s" ;;
    "-m pip") echo "pip $*" >> "%(log)s"; case "$*" in *--dry-run*) %(torch)s ;; *) exit %(pip)s ;; esac ;;
esac
"""
SHIM = '#!/bin/sh\necho "pyenv: python3.7: command not found" >&2\nexit 127\n'


class Machine:
    """A home, a PATH with a few tools and a copy of the scripts; `log` is what the fake Pythons were asked for."""

    def __init__(self, folder):
        self.folder, self.root, self.bin = folder, folder / 'project', folder / 'bin'
        self.logged = folder / 'log'
        os.makedirs(str(self.bin))
        for tool in TOOLS:
            path = shutil.which(tool)
            if path:
                os.symlink(path, str(self.bin / tool))
        shutil.copytree(os.path.join(ROOT, 'scripts'), str(self.root / 'scripts'))
        shutil.copytree(os.path.join(ROOT, 'constraints'), str(self.root / 'constraints'))
        for name in ('setup.py', 'pyproject.toml'):
            shutil.copy(os.path.join(ROOT, name), str(self.root / name))

    def python(self, path, version='3.7.16', pip=0, torch='exit 1', horovod='exit 1'):
        write_program(path, FAKE_PYTHON % {
            'version': version, 'real': sys.executable, 'log': self.logged, 'pip': pip, 'torch': torch,
            'horovod': horovod})
        return str(path)

    def run(self, *command, **variables):
        environment = dict({'PATH': str(self.bin), 'HOME': str(self.folder)}, **variables)
        process = subprocess.run(list(command), cwd=str(self.folder), env=environment, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True)
        return process.returncode, process.stdout, process.stderr

    def env(self, *arguments, **variables):
        return self.run(str(self.root / 'scripts' / 'env'), *arguments, **variables)

    def log(self):
        """Returns the lines logged since the last call."""
        if not self.logged.exists():
            return []
        lines = self.logged.read_text().split('\n')[:-1]
        self.logged.unlink()
        return lines


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_env_makes_an_environment_once(machine):
    machine.python(machine.bin / 'python3.7')
    status, output, errors = machine.env('tf1')
    made = str(machine.root / '.venv' / 'tf1' / 'bin' / 'python')
    assert status == 0 and output == made + '\n' and 'making .venv/tf1' in errors
    first = machine.log()
    assert len(first) == 2 and first[0].startswith('venv ')
    assert '-e %s[tf1,view,export,test]' % machine.root in first[1]
    assert '-c %s/constraints/tf1.txt' % machine.root in first[1]
    assert machine.env('tf1') == (0, made + '\n', '')
    assert machine.log() == []


def test_env_updates_when_setup_or_constraints_change(machine):
    machine.python(machine.bin / 'python3.7')
    machine.env('tf1')
    for name in ('setup.py', 'constraints/tf1.txt'):
        machine.log()
        with open(str(machine.root / name), 'a') as stream:
            stream.write('# changed\n')
        assert machine.env('tf1')[0] == 0
        assert [line.split()[0] for line in machine.log()] == ['pip'], name
    with open(str(machine.root / 'constraints' / 'keras3.txt'), 'a') as stream:
        stream.write('# of the other stack\n')
    assert machine.env('tf1')[0] == 0 and machine.log() == []


def test_env_remakes_what_was_left_half_made(machine):
    python = machine.python(machine.bin / 'python3.7', pip=1)
    status, output, _ = machine.env('tf1')
    assert status == 1 and output == '' and [line.split()[0] for line in machine.log()] == ['venv', 'pip']
    machine.python(python)
    status, output, errors = machine.env('tf1')
    assert status == 0 and 'half-made' in errors and [line.split()[0] for line in machine.log()] == ['venv', 'pip']
    os.unlink(str(machine.root / '.venv' / 'tf1' / 'bin' / 'python'))  # its Python is gone: a mark alone is not enough
    assert machine.env('tf1')[0] == 0 and [line.split()[0] for line in machine.log()] == ['venv', 'pip']


def test_env_without_python_37_says_what_to_do(machine):
    write_program(machine.bin / 'python3.7', SHIM)
    status, output, errors = machine.env('tf1')
    assert status == 3 and output == '' and len(errors.strip().split('\n')) == 1
    assert 'found no Python 3.7' in errors and 'pyenv install 3.7' in errors and 'GPLINKER_PYTHON37' in errors
    assert not (machine.root / '.venv' / 'tf1').exists()


def test_env_passes_over_a_shim_that_fails(machine):
    write_program(machine.bin / 'python3.7', SHIM)
    found = machine.python(machine.folder / '.pyenv' / 'versions' / '3.7.16' / 'bin' / 'python')
    machine.python(machine.folder / '.pyenv' / 'versions' / '3.8.1' / 'bin' / 'python', '3.8.1')
    status, _, errors = machine.env('tf1')
    assert status == 0 and 'with %s (Python 3.7.16)' % found in errors


def test_env_takes_the_variable_or_complains_about_it(machine):
    machine.python(machine.bin / 'python3.7', '3.7.1')
    chosen = machine.python(machine.folder / 'else' / 'python', '3.7.9')
    wrong = machine.python(machine.folder / 'else' / 'python3', '3.9.0')
    status, _, errors = machine.env('tf1', GPLINKER_PYTHON37=wrong)
    assert status == 3 and 'GPLINKER_PYTHON37 is ' + wrong in errors and machine.log() == []
    status, _, errors = machine.env('tf1', GPLINKER_PYTHON37=chosen)
    assert status == 0 and 'with ' + chosen in errors


def test_env_asks_uv(machine):
    found = machine.python(machine.folder / 'uv-pythons' / 'python', '3.7.9')
    write_program(machine.bin / 'uv', '#!/bin/sh\n[ "$*" = "python find 3.7" ] && echo "%s"\n' % found)
    status, _, errors = machine.env('tf1')
    assert status == 0 and 'with ' + found in errors


def test_env_lets_uv_install_a_python(machine):
    found = machine.folder / 'uv-pythons' / 'python'
    machine.python(machine.folder / 'parked', '3.11.4')
    write_program(machine.bin / 'uv', '#!/bin/sh\ncase "$*" in\n"python install 3.11") mkdir -p "%s"; cp "%s" "%s";;\n'
                  '"python find 3.11") [ -e "%s" ] && echo "%s";;\n*) exit 2;;\nesac\n' % (
                      found.parent, machine.folder / 'parked', found, found, found))
    status, _, errors = machine.env('keras3')
    assert status == 0 and 'with %s' % found in errors


def test_env_prefers_311_for_keras3_and_refuses_310(machine):
    machine.python(machine.bin / 'python3', '3.10.2')
    status, _, errors = machine.env('keras3')
    assert status == 3 and 'found no Python 3.11 or later' in errors
    machine.python(machine.bin / 'python3', '3.13.0')
    eleven = machine.python(machine.bin / 'python3.11', '3.11.2')
    status, _, errors = machine.env('keras3')
    assert status == 0 and 'with ' + eleven in errors
    assert '[keras3,view,ray,export,test,lint,docs]' in machine.log()[1]


@pytest.mark.parametrize('torch, installed, warning', [
    ('exit 1', False, 'PyTorch is not to be had here'),
    ('echo \'"url": "file:///x/torch-2.13.whl" "url": "file:///x/nvidia_cudnn.whl"\'', False, 'only a CUDA build'),
    ('echo \'"url": "file:///x/torch-2.13.0+cpu-cp311.whl" "summary": "nvidia"\'', True, ''),
])
def test_env_adds_torch_only_for_the_cpu(machine, torch, installed, warning):
    machine.python(machine.bin / 'python3.11', '3.11.2', torch=torch)
    status, output, errors = machine.env('keras3', '--with', 'torch')
    assert status == 0 and output.endswith('/.venv/keras3/bin/python\n') and warning in errors
    assert any(line.endswith(' torch') and '--dry-run' not in line for line in machine.log()) == installed


def test_env_builds_horovod_beside_the_installed_tensorflow(machine):
    """Once it is there nothing is built; a build that does not load is an error, and is tried again."""
    machine.python(machine.bin / 'python3.7', horovod='[ -e "%s" ]' % (machine.folder / 'built'))
    status, output, errors = machine.env('tf1-horovod')
    assert status == 1 and output == '' and 'its TensorFlow part does not load' in errors
    first = machine.log()
    assert [line.split()[0] for line in first] == ['venv', 'pip', 'pip', 'pip']
    constraints = '-c %s/constraints/tf1.txt' % machine.root
    assert '-e %s[tf1,view,export,test]' % machine.root in first[1] and all(constraints in line for line in first[1:])
    assert first[2].endswith(' cmake wheel') and first[3].endswith(' horovod') and '--no-build-isolation' in first[3]
    assert machine.env('tf1-horovod')[0] == 1 and [line.split()[-1] for line in machine.log()] == ['wheel', 'horovod']
    (machine.folder / 'built').write_text('')
    made = str(machine.root / '.venv' / 'tf1-horovod' / 'bin' / 'python')
    assert machine.env('tf1-horovod') == (0, made + '\n', '') and machine.log() == []


@pytest.mark.parametrize('arguments', [
    (), ('tf2',), ('tf1-horovod', '--with', 'torch'), ('tf1', '--with', 'torch'), ('keras3', '--with'),
    ('tf1', 'keras3'),
])
def test_env_refuses_wrong_arguments(machine, arguments):
    status, output, errors = machine.env(*arguments)
    assert status == 2 and output == '' and 'usage: scripts/env tf1|tf1-horovod|keras3' in errors
