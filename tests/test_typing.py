"""What users call most says its types; mypy, which .ci/run calls, checks them and tests/typing_sample.py."""

import inspect

import pytest

from gplinker_kit import events, tokenizers
from tests import pages

pytestmark = pytest.mark.once
CALLED = {
    'gplinker_kit.gplinker': ['GPLinker'],
    'gplinker_kit.events.extractor': ['Extractor'],
    'gplinker_kit.loading': ['engine_of', 'load_extractor', 'load_version'],
    'gplinker_kit.maps': ['attention_maps', 'score_maps'],
    'gplinker_kit.models': ['build_transformer_model'],
    'gplinker_kit.recipe': ['Recipe', 'scaled_rate'],
    'gplinker_kit.settings': ['Settings'],
    'gplinker_kit.training': ['evaluate', 'train'],
}


def unsaid(function):
    """Returns what a function says no type of: names of parameters, 'return'."""
    signature = inspect.signature(function)
    names = [name for name, parameter in signature.parameters.items()
             if parameter.annotation is parameter.empty and name not in ('self', 'cls')]
    return names + ['return'] * (signature.return_annotation is signature.empty)


def faults(found):
    """Returns {name: what it says no type of} of a function, or of the public methods of a class."""
    if inspect.isfunction(found):
        return {found.__qualname__: unsaid(found)}
    if not inspect.isclass(found) or hasattr(found, '_fields'):  # a constant, or a named tuple
        return {}
    methods = {}
    for name, each in vars(found).items():
        each = each.fget if isinstance(each, property) else getattr(each, '__func__', each)
        if inspect.isfunction(each) and (not name.startswith('_') or name == '__init__'):
            methods[each.__qualname__] = unsaid(each)
    return methods


def untyped(module, names):
    found = {}
    for name in names:
        found.update(faults(getattr(module, name)))
    assert found
    return {name: missing for name, missing in found.items() if missing}


@pytest.mark.parametrize('module', [events, tokenizers], ids=lambda module: module.__name__)
def test_what_a_package_exports_says_its_types(module):
    assert untyped(module, module.__all__) == {}


@pytest.mark.parametrize('name', sorted(CALLED))
def test_what_users_call_says_its_types(name):
    import importlib

    assert untyped(importlib.import_module(name), CALLED[name]) == {}


class Half:
    def __init__(self, given):
        self.given = given

    @property
    def double(self):
        return 2 * self.given

    @classmethod
    def made(cls, given: int) -> 'Half':
        return cls(given)


def test_what_is_not_said_is_found():
    assert {name: missing for name, missing in faults(Half).items() if missing} == {
        'Half.__init__': ['given', 'return'], 'Half.double': ['return']}


def test_mypy_reads_the_package_and_the_sample():
    settings, sample = pages.read('mypy.ini'), pages.read('tests', 'typing_sample.py')
    assert 'files = gplinker_kit, tests/typing_sample.py' in settings and 'warn_unused_ignores = True' in settings
    assert sample.count('# type: ignore[') >= 12 and '-m mypy' in pages.read('.ci', 'run')
    assert 'py.typed' in pages.read('setup.py')
