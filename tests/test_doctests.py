"""The examples in docstrings print what they say; they run where the examples and the corpus beside them are found."""

import doctest
import importlib
import os

import pytest

from tests import pages

PACKAGE = os.path.join(pages.ROOT, 'gplinker_kit')


def modules_with_examples():
    found = []
    for folder, _, names in os.walk(PACKAGE):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), pages.ROOT)
            if name.endswith('.py') and '>>> ' in pages.read(path):
                found.append(path[:-len('.py')].replace(os.sep, '.').replace('.__init__', ''))
    return sorted(found)


@pytest.mark.parametrize('name', modules_with_examples())
def test_examples_print_what_they_say(name, monkeypatch):
    monkeypatch.chdir(pages.ROOT)
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried and not failed


def test_a_wrong_example_is_found(capsys):
    wrong = doctest.DocTestParser().get_doctest('>>> 1 + 1\n3\n', {}, 'wrong', None, 0)
    assert doctest.DocTestRunner().run(wrong).failed == 1
    assert 'Got:\n    2' in capsys.readouterr().out


def test_there_are_examples_of_what_is_used_most():
    assert {'gplinker_kit.events.schema', 'gplinker_kit.events.duee', 'gplinker_kit.events.cliques',
            'gplinker_kit.tokenizers.tokenizer', 'gplinker_kit.optimizers.schedules'} <= set(modules_with_examples())
