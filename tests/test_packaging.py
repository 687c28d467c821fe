"""setup.py, the constraints and the Dockerfile agree, and never replace NVIDIA's TensorFlow."""

import ast
import os
import re
import runpy
import sys
from unittest import mock

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import architecture

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Import names that differ from the name on the package index.
DISTRIBUTIONS = {'tensorflow': 'tensorflow-cpu', 'google': 'protobuf'}
SKIPPED_FOLDERS = {'.git', '.venv', 'build', 'dist', 'runs', '__pycache__', '.pytest_cache', '.ruff_cache',
                   '.mypy_cache', '.hypothesis', 'site'}


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding='utf-8') as stream:
        return stream.read()


@pytest.fixture(scope='module')
def setup_arguments():
    """The keyword arguments of setup.py's call of setup()."""
    folder = os.getcwd()
    os.chdir(ROOT)  # find_packages looks in the working directory, which is the project's when pip runs setup.py
    try:
        with mock.patch('setuptools.setup') as setup:
            runpy.run_path(os.path.join(ROOT, 'setup.py'))
    finally:
        os.chdir(folder)
    return setup.call_args[1]


def wanted(setup_arguments, extras, python):
    """Returns {name: requirement} of what `pip install gplinker-kit[extras]` asks for on Linux with that Python."""
    environment = {
        'python_version': python, 'python_full_version': python + '.0', 'sys_platform': 'linux', 'extra': '',
        'platform_system': 'Linux', 'platform_machine': 'x86_64',
    }
    lines = setup_arguments['install_requires'] + [
        line for extra in extras for line in setup_arguments['extras_require'][extra]
    ]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate(environment)}


def pins(name):
    """Returns {name: version} of a constraints file; every line of it is an exact pin."""
    lines = [line for line in read('constraints', name).split('\n') if line and not line.startswith('#')]
    found = {}
    for line in lines:
        assert re.match(r'^[a-z0-9-]+==[\w.]+$', line), line
        project, version = line.split('==')
        assert project not in found, 'listed twice: ' + project
        found[project] = version
    return found


def python_files():
    for folder in (architecture.PACKAGE, 'examples', 'scripts', 'tests', 'benchmarks', '.'):
        for place, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                if name.endswith('.py'):
                    yield os.path.join(place, name)
            if folder == '.':
                break


def test_the_stacks_ask_for_their_tensorflow(setup_arguments):
    on_37 = wanted(setup_arguments, ['tf1', 'test'], '3.7')
    assert str(on_37['tensorflow'].specifier) == '==1.15.5' and str(on_37['keras'].specifier) == '==2.3.1'
    assert str(on_37['bert4keras'].specifier) == '==0.11.5'
    on_311 = wanted(setup_arguments, ['keras3', 'test', 'lint'], '3.11')
    assert {'keras', 'tensorflow-cpu', 'jax', 'pytest', 'ruff'} <= set(on_311) and 'bert4keras' not in on_311
    assert not on_311['keras'].specifier.contains('2.3.1')
    assert setup_arguments['python_requires'] == '>=3.7'


def test_python_38_asks_for_no_tensorflow(setup_arguments):
    on_38 = wanted(setup_arguments, ['tf1', 'test'], '3.8')
    assert [name for name in on_38 if re.match('tensor(?!boardx)|nvidia', name)] == []
    assert {'keras', 'numpy', 'tokenizers', 'safetensors'} <= set(on_38)
    assert 'bert4keras' not in on_38


def test_what_the_tf1_extra_brings_along_asks_for_no_tensorflow(setup_arguments):
    """Follows the requirements of the installed packages, as pip would on Python 3.8."""
    try:
        from importlib import metadata
    except ImportError:
        import importlib_metadata as metadata
    if not metadata.version('keras').startswith('2.3.'):
        pytest.skip('needs the metadata of Keras 2.3.1; this environment has Keras 3')
    waiting, seen = list(wanted(setup_arguments, ['tf1'], '3.8')), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            environment = {'python_version': '3.8', 'python_full_version': '3.8.10', 'extra': ''}
            if requirement.marker is None or requirement.marker.evaluate(environment):
                waiting.append(canonicalize_name(requirement.name))
    assert {'keras', 'keras-applications', 'h5py'} <= seen
    assert [name for name in seen if re.match('tensor(flow|board)|nvidia', name)] == []


@pytest.mark.parametrize('name, extras, python', [
    ('tf1.txt', ['tf1', 'view', 'test', 'horovod'], '3.7'),
    ('keras3.txt', ['keras3', 'torch', 'view', 'ray', 'test', 'lint', 'docs'], '3.11'),
    ('tf1-nvidia.txt', ['tf1', 'view'], '3.8'),
])
def test_pins_lie_in_the_ranges_of_setup(setup_arguments, name, extras, python):
    pinned, requirements = pins(name), wanted(setup_arguments, extras, python)
    both = set(pinned) & set(requirements)
    assert {'keras', 'tokenizers'} <= both
    for project in both:
        assert requirements[project].specifier.contains(pinned[project]), (project, pinned[project])


def test_nvidia_constraints_leave_nvidia_packages_alone():
    assert [name for name in pins('tf1-nvidia.txt') if re.match('tensor|nvidia|numpy|protobuf|gast|grpcio', name)] == []


def test_dockerfile_keeps_the_images_tensorflow():
    text = read('Dockerfile').replace('\\\n', ' ')
    assert re.findall(r'^FROM (.*)$', text, re.M) == ['nvcr.io/nvidia/tensorflow:21.09-tf1-py3']
    installs = re.findall(r'pip install ([^&\n]*)', text)
    assert installs, 'the Dockerfile installs nothing'
    for arguments in installs:
        assert 'tensorflow' not in arguments and '-c constraints/tf1-nvidia.txt' in arguments
        assert '-c /tmp/image.txt' in arguments and "'.[tf1]'" in arguments
    assert 'python scripts/pin_image.py > /tmp/image.txt' in text
    assert 'python scripts/pin_image.py | diff /tmp/image.txt -' in text
    for sources in re.findall(r'^COPY (.*) \S+$', text, re.M):
        for source in sources.split():
            assert os.path.exists(os.path.join(ROOT, source)), 'COPY %s: not in the project' % source


def test_the_dockerfile_of_serving(setup_arguments):
    text = read('docker', 'serve.Dockerfile').replace('\\\n', ' ')
    (install,) = re.findall(r'pip install ([^&\n]*)', text)
    extras = re.search(r"'\.\[(.*)\]'", install).group(1).split(',')
    assert extras == ['serve', 'onnx'] and '-c constraints/keras3.txt' in install
    assert not {'tensorflow', 'tensorflow-cpu', 'keras', 'torch', 'jax'} & set(wanted(setup_arguments, extras, '3.11'))
    assert re.search(r'^USER (?!root)', text, re.M) and '/health' in re.search(r'^HEALTHCHECK .*$', text, re.M).group()
    for sources in re.findall(r'^COPY (.*) \S+$', text, re.M):
        for source in sources.split():
            assert os.path.exists(os.path.join(ROOT, source)), 'COPY %s: not in the project' % source


def test_pin_image_lists_tensorflow_packages_only():
    pin = runpy.run_path(os.path.join(ROOT, 'scripts', 'pin_image.py'))['tensorflow_pins']
    installed = [('numpy', '1.18.5'), ('tensorflow', '1.15.5+nv21.9'), ('tensorboard', '1.15.9999+nv'),
                 ('nvidia-tensorflow', '1.15.5+nv21.9'), ('keras', '2.3.1'), ('horovod', '0.22.1')]
    assert pin(installed) == ['horovod==0.22.1', 'nvidia-tensorflow==1.15.5+nv21.9', 'tensorboard==1.15.9999+nv',
                              'tensorflow==1.15.5+nv21.9']


def test_every_module_is_packaged(setup_arguments):
    for module, path in architecture.modules(ROOT).items():
        package = module if path.endswith('__init__.py') else module.rpartition('.')[0]
        assert package in setup_arguments['packages'], '%s: its folder has no __init__.py' % path
    assert [name for name in setup_arguments['packages'] if name.split('.')[0] != 'gplinker_kit'] == []


def test_every_other_file_of_the_package_is_packaged(setup_arguments):
    """Templates and styles lie beside the module that reads them, and setup.py lists them."""
    listed = {os.path.join(*package.split('.'), name)
              for package, names in setup_arguments['package_data'].items() for name in names}
    found = set()
    for folder, inner, names in os.walk(os.path.join(ROOT, 'gplinker_kit')):
        inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS]
        found.update(os.path.relpath(os.path.join(folder, name), ROOT) for name in names
                     if not name.endswith(('.py', '.pyc')))
    assert found == listed and listed


def test_the_view_extra_leaves_the_numpy_of_tf1_alone(setup_arguments):
    on_38 = wanted(setup_arguments, ['tf1', 'view'], '3.8')
    assert not on_38['matplotlib'].specifier.contains('3.7.0')  # which asks for numpy 1.20
    assert wanted(setup_arguments, ['view'], '3.11')['jinja2']


def test_the_ray_extra_leaves_the_numpy_of_tf1_alone(setup_arguments):
    assert 'ray' not in wanted(setup_arguments, ['tf1', 'ray'], '3.7')
    assert wanted(setup_arguments, ['ray'], '3.11')['ray'].extras == {'data'}


def test_the_console_command_exists(setup_arguments):
    (line,) = setup_arguments['entry_points']['console_scripts']
    name, module, function = re.match(r'^(\w+)=([\w.]+):(\w+)$', line).groups()
    path = architecture.modules(ROOT).get(module)
    assert name == 'gplinker' and path, '%s is not a module' % module
    names = set()
    for node in architecture.parse(path).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
    assert function in names


def test_version_and_licence(setup_arguments):
    import gplinker_kit

    assert setup_arguments['version'] == gplinker_kit.__version__
    assert setup_arguments['license'] == 'Apache-2.0'
    text = read('LICENSE')
    assert 'Apache License' in text and 'END OF TERMS AND CONDITIONS' in text


def test_third_party_imports_are_declared(setup_arguments):
    lines = setup_arguments['install_requires'] + sum(setup_arguments['extras_require'].values(), [])
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    for _, path, found, name in architecture.third_party(ROOT):
        project = DISTRIBUTIONS.get(name, canonicalize_name(name))
        assert project in declared, '%s:%d imports %s, which setup.py does not name' % (path, found.line, name)


def test_sources_are_python_37():
    """Parses every file with the grammar of Python 3.7; on 3.7 that is simply the parser's own."""
    options = {'feature_version': (3, 7)} if sys.version_info >= (3, 8) else {}
    paths = sorted(set(python_files()))
    assert len(paths) > 20
    for path in paths:
        with open(path, encoding='utf-8') as stream:
            ast.parse(stream.read(), path, **options)


def test_no_file_names_a_machine_or_an_index():
    """Users have other home folders, and their own package index."""
    folders = '|'.join(['root', 'home', 'work', 'mnt'])
    pattern = re.compile('[\'"(= `]/(' + folders + r')/|pypi\.' + 'org|python' + 'hosted')
    faults = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS and not name.endswith('.egg-info')]
        for name in names:
            path = os.path.join(folder, name)
            with open(path, 'rb') as stream:
                text = stream.read().decode('utf-8', 'replace')
            faults += ['%s:%d: %s' % (path, number, line.strip()) for number, line in enumerate(text.split('\n'), 1)
                       if pattern.search(line)]
    assert not faults, '\n'.join(faults)
