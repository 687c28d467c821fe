"""docs/troubleshooting.md: the commands, options, names and error messages that it shows are those of the code."""

import ast
import functools
import os
import re

import pytest

from gplinker_kit.cli import COMMANDS, parser
from tests import pages
from tests.command_lines import code_blocks, faults

PAGE = os.path.join('docs', 'troubleshooting.md')
PACKAGE = os.path.join(pages.ROOT, 'gplinker_kit')
PARTS = ('**Symptom.**', '**Cause.**', '**What to do.**', '*Asked in*')
COMMAND = re.compile(r'(scripts/|python |gplinker )')
PYTHON = re.compile(r'from |[A-Za-z_][\w.]*\.\w+$|[\w.]+\(|\w+=')
# What Keras, Python and bert4keras call something.
FOREIGN = {
    'RECOMPUTE', '_TensorLike', 'compile', 'fit', 'nan', 'predict', 'save', 'save_weights', 'steps_per_epoch',
}  # fmt: skip
LEAST_LETTERS = 10  # of a message, besides what is filled in


def blocks(language):
    return [code for found, code in code_blocks(pages.read(PAGE)) if found == language]


def spans():
    return pages.code_spans(pages.read(PAGE))


@functools.lru_cache(maxsize=None)
def command_help(name=None):
    """What `gplinker [name] --help` prints and that of its sub-commands, without a process for each."""
    found = parser()
    texts = [found.format_help()]
    if name is not None:
        found = _choices(found)[name]
        texts = [each.format_help() for each in [found] + list(_choices(found).values())]
    return '\n'.join(texts)


def _choices(found):
    """{name: parser} of the sub-commands of a parser."""
    nested = [action.choices for action in found._actions if isinstance(action.choices, dict)]
    return nested[0] if nested else {}


def module_path(dotted):
    """Returns the file of a module, or None."""
    stem = os.path.join(pages.ROOT, *dotted.split('.'))
    return next((path for path in (stem + '.py', os.path.join(stem, '__init__.py')) if os.path.exists(path)), None)


@functools.lru_cache(maxsize=None)
def package_files():
    found = [os.path.join(folder, name) for folder, _, names in os.walk(PACKAGE) for name in names]
    return [path for path in found if path.endswith('.py')]


@functools.lru_cache(maxsize=None)
def vocabulary():
    """Returns the names of the package: of modules, of all that is defined or stored in them, of parameters, fields."""
    names = set()
    for path in package_files():
        names.update(os.path.relpath(path, PACKAGE)[:-len('.py')].split(os.sep))
        names.update(part for name in pages.defined(path) for part in name.split('.'))
        for node in ast.walk(pages.tree(path)):
            if isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
    return names | FOREIGN


@functools.lru_cache(maxsize=None)
def texts():
    """The strings in the package, whatever Python reads them: 3.7 has a class of its own for them."""
    nodes = [node for path in package_files() for node in ast.walk(pages.tree(path))]
    values = {getattr(node, 'value' if type(node).__name__ == 'Constant' else 's', None) for node in nodes
              if type(node).__name__ in ('Constant', 'Str')}  # fmt: skip
    return {value for value in values if isinstance(value, str)}


@functools.lru_cache(maxsize=None)
def messages():
    """Returns patterns of the lines of the strings that are long enough to tell one from another."""
    found = set()
    for line in (line for text in texts() if len(text) < 600 for line in text.split('\n')):
        pieces = re.split(r'%(?:\(\w+\))?[-#0-9.*]*[a-zA-Z]', line.strip().replace('%%', '\0'))
        if sum(map(str.isalpha, ''.join(pieces))) >= LEAST_LETTERS:
            # What begins or ends so is a part of a longer one.
            before = '.*' if line.startswith(('. ', '; ')) else '(?:.*: )?'
            behind = '.*$' if line.endswith(' ') else '$'
            found.add(before + '.*'.join(re.escape(piece.replace('\0', '%')) for piece in pieces) + behind)
    return [re.compile(pattern) for pattern in sorted(found)]


def is_message(line):
    return any(pattern.match(line) for pattern in messages())


def python_faults(code):
    """Returns what a piece of Python takes from the package that is not there.

    Imports are looked up in their module, names after a dot too where they stand behind a module of ours; other names
    after a dot, and keywords of calls, anywhere in the package.
    """
    missing = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.split('.')[0] == 'gplinker_kit':
            missing += ['%s has no %s' % (node.module, alias.name) for alias in node.names
                        if not has(node.module, alias.name)]
        elif isinstance(node, ast.Attribute):
            module = dotted(node.value)
            if module is not None and not has(module, node.attr):
                missing.append('%s has no %s' % (module, node.attr))
            elif module is None and node.attr not in vocabulary():
                missing.append('no %s' % node.attr)
        elif isinstance(node, ast.keyword) and node.arg is not None and node.arg not in vocabulary():
            missing.append('no %s=' % node.arg)
    return missing


def has(module, name):
    path = module_path(module)
    known = path is not None and name in pages.defined(path) | pages.imported(path)
    return known or module_path('%s.%s' % (module, name)) is not None


def dotted(node):
    """Returns the name of our module that an expression stands for, such as `backend`, or None."""
    name = '.'.join(_parts(node))
    name = name if name.split('.')[0] == 'gplinker_kit' else 'gplinker_kit.' + name
    return name if module_path(name) else None


def _parts(node):
    if isinstance(node, ast.Attribute):
        return _parts(node.value) + [node.attr]
    return [node.id] if isinstance(node, ast.Name) else ['?']


def test_an_entry_has_its_parts():
    entries = re.split(r'^### ', pages.read(PAGE), flags=re.M)[1:]
    assert len(entries) >= 40
    for entry in entries:
        places = [entry.find(part) for part in PARTS]
        assert -1 not in places and places == sorted(places), entry.split('\n')[0]


def test_links_lead_somewhere():
    assert pages.broken_links(PAGE) == []


def test_commands_and_options_exist():
    commands = [span for span in spans() if COMMAND.match(span) and 'COMMAND' not in span]
    assert len(commands) > 10 and len(blocks('bash')) > 5
    assert [fault for code in commands + blocks('bash') for fault in faults(code, help_of=command_help)] == []
    known = set(re.findall(r'(?<![\w-])--[a-z][\w-]*', ' '.join(map(command_help, COMMANDS))))
    alone = [span for span in spans() if span.startswith('--')]
    assert len(alone) > 15 and [span for span in alone if span.split(' ')[0] not in known] == []


def test_python_that_is_shown_takes_what_is_there():
    assert len(blocks('python')) >= 15
    assert [fault for code in blocks('python') for fault in python_faults(code)] == []


def test_names_in_sentences_are_there():
    known, looked_at = vocabulary() | texts(), 0
    for span in (span.lstrip('@') for span in spans()):
        if re.match(r'\w+$', span):
            looked_at += 1
            assert span in known, span
        elif PYTHON.match(span) and not span.endswith(('.json', '.txt')):
            looked_at += 1
            assert python_faults('f(%s)' % span if re.match(r'\w+=', span) else span) == [], span
    assert looked_at > 30


def test_error_messages_are_those_of_the_code():
    lines = [line.strip() for code in blocks('text') for line in code.split('\n') if line.strip()]
    assert len(lines) > 25
    assert [line for line in lines if not is_message(line)] == []


@pytest.mark.parametrize('code, found', [
    ('from gplinker_kit.models import load_modell', ['gplinker_kit.models has no load_modell']),
    ('from gplinker_kit.modells import load_model', ['gplinker_kit.modells has no load_model']),
    ('from gplinker_kit.backend import keras, accelerate, too_late', []),
    ('backend.accelerate(precison=1)', ['no precison=']),
    ('backend.acelerate(precision=1)', ['gplinker_kit.backend has no acelerate']),
    ('gplinker_kit.events.score_event', ['gplinker_kit.events has no score_event']),
    ('tokenizer.encode_with_ofsets(text)', ['no encode_with_ofsets']),
    ('tokenizer.encode_with_offsets(text, maxlen=3)', []),
])
def test_what_is_not_there_is_named(code, found):
    assert python_faults(code) == found


def test_messages_of_nobody():
    assert is_message('apply_ema_weights: there is no average before the first update')
    assert not is_message('apply_ema_weights: there is no average after the first update')
    assert not is_message('the loss turned nan in epoch 1')
    assert not is_message('apply_ema_weights: there is no average before the first update of all')
