"""Who imports whom: reads a package's source with `ast` and returns what breaks the rules, as sentences.

    level 0  nouns              errors files model_folder events.schema events.markup export.facts
          1  numpy algorithms   tokenizers events relations clue annotations, and the numpy modules of snippets, bulk,
                                baselines, export
          2  backend            the only importer of tensorflow and keras
          3  layers losses optimizers, not each other
          4  models
          5  gplinker training recipe fitting averaging selection thresholds resumption state_file settings_file
             interruption logs health prefetching rate_finder rehearsal processes distillation pretraining adversarial
             snippets drawing plots map_plots maps view serving features tasks bulk baselines settings loading
             export.writing
          6  cli

A module may import modules of its own level (but for 3) and of lower ones, inside functions too.

One exception: `backend/__init__.py` forwards the names of its table FORWARDED, which bert4keras has in its backend, to
the layers, losses and optimizers that compute them. The table names modules of level 3 only, and no other module of
the package imports by a name that it computes, but for `backend/keras3.py`, which asks the engine for its version.
"""

import ast
import os
import re
import sys
from collections import namedtuple
from importlib.util import find_spec

PACKAGE = 'gplinker_kit'
# The longest prefix decides.
LEVELS = {
    '': 0, 'errors': 0, 'hints': 0, 'files': 0, 'records': 0, 'model_folder': 0, 'events.schema': 0, 'events.markup': 0,
    'export.facts': 0, 'export.session': 1, 'export.writing': 5, 'export': 1,
    'tokenizers': 1, 'events': 1, 'relations': 1, 'clue': 1, 'annotations': 1,
    'bulk.manifest': 1, 'bulk.plan': 1, 'bulk.shards': 1,
    'snippets.packing': 1, 'snippets.padding': 1, 'snippets.parallel': 1, 'snippets.resize': 1,
    'snippets.subsequences': 1, 'snippets.text': 1, 'snippets.textfile': 1, 'snippets.viterbi': 1,
    'snippets.next_tokens': 1, 'snippets.autoregressive': 2,
    'baselines.names': 1, 'baselines.spans': 1, 'baselines.grouping': 1, 'baselines.marking': 1, 'baselines.ceiling': 1,
    'baselines.tuning': 1, 'baselines.results': 1,
    'backend': 2,
    'layers': 3, 'losses': 3, 'optimizers': 3,
    'models': 4,
    'gplinker': 5, 'training': 5, 'recipe': 5, 'fitting': 5, 'averaging': 5, 'selection': 5, 'thresholds': 5,
    'resumption': 5, 'state_file': 5, 'settings_file': 5, 'interruption': 5, 'logs': 5, 'health': 5, 'prefetching': 5,
    'rate_finder': 5, 'rehearsal': 5, 'processes': 5, 'distillation': 5, 'pretraining': 5, 'adversarial': 5,
    'snippets': 5, 'drawing': 5, 'plots': 5, 'map_plots': 5, 'maps': 5, 'view': 5, 'serving': 5, 'features': 5,
    'tasks': 5, 'bulk': 5, 'baselines': 5, 'settings': 5, 'loading': 5,
    'cli': 6,
}
APART = 3  # families of this level do not import each other
ENGINES = ('tensorflow', 'keras', 'tf_keras', 'jax', 'torch', 'horovod')
NUMPY_LEVEL = 1  # up to here: numpy and the standard library, and inside functions the packages of `LATE`
LATE = ('tokenizers', 'sentencepiece', 'jieba', 'scipy', 'onnxruntime')

UNSAFE = ('pickle', 'cPickle', 'cloudpickle', 'dill', 'joblib', 'marshal', 'shelve', 'yaml')
COMPUTED = ('gplinker_kit.backend', 'gplinker_kit.backend.keras3')  # import by a name that is no literal

# module: what is imported; top: whether at module level; names: what a `from` import takes.
Import = namedtuple('Import', 'line module top names')


def modules(root):
    """Returns {dotted name: path} of the package in the folder `root`/gplinker_kit."""
    found = {}
    for folder, _, files in os.walk(os.path.join(root, PACKAGE)):
        for name in files:
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                dotted = os.path.relpath(path, root)[:-3].replace(os.sep, '.')
                found[dotted[:-len('.__init__')] if dotted.endswith('.__init__') else dotted] = path
    return found


def parse(path):
    with open(path, encoding='utf-8') as stream:
        return ast.parse(stream.read(), path)


def level(module):
    """Returns (level, family) of a module of the package, or None where the table has no place for it."""
    parts = module.split('.')[1:]
    for length in range(len(parts), 0, -1):
        prefix = '.'.join(parts[:length])
        if prefix in LEVELS:
            return LEVELS[prefix], prefix
    return (LEVELS[''], '') if not parts else None


def is_standard(name):
    """True for modules of the standard library and built-in ones."""
    if name in sys.builtin_module_names or name in getattr(sys, 'stdlib_module_names', ()):
        return True
    if hasattr(sys, 'stdlib_module_names'):
        return False
    spec = find_spec(name)
    origin = spec.origin or '' if spec else ''
    if not os.path.isabs(origin):
        return origin in ('built-in', 'frozen')
    library = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
    return os.path.realpath(origin).startswith(library) and not re.search('(site|dist)-packages', origin)


def imports(tree, module, known, is_package=False):
    """Yields an Import for each imported module, `from x import y` resolved to x.y where that is a module."""
    top = set()
    stack = list(tree.body)
    while stack:  # what runs at import: everything outside of functions
        node = stack.pop()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            top.add(node)
            stack.extend(ast.iter_child_nodes(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, node in top, ())
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                package = module.split('.') if is_package else module.split('.')[:-1]
                base = '.'.join(package[:len(package) - node.level + 1] + ([base] if base else []))
            for alias in node.names:
                inner = '%s.%s' % (base, alias.name)
                yield Import(node.lineno, inner if inner in known else base, node in top, (alias.name,))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.func, (ast.Name, ast.Attribute)):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            argument = getattr(node.args[0], 'value', getattr(node.args[0], 's', None))
            if name in ('import_module', '__import__') and isinstance(argument, str) and not argument.startswith('.'):
                yield Import(node.lineno, argument, node in top, ())


def arrow_faults(root):
    """Imports that point up, or sideways between families that are kept apart, and modules without a level."""
    known, faults = modules(root), []
    for module, path in sorted(known.items()):
        own = level(module)
        if own is None:
            faults.append('%s has no level: give it one in tests/architecture.py' % module)
            continue
        for found in imports(parse(path), module, known, path.endswith('__init__.py')):
            if found.module.split('.')[0] != PACKAGE or found.module == PACKAGE:
                continue
            other = level(found.module)
            if other is None:
                continue
            place = '%s:%d: %s (level %d) imports %s (level %d)' % (
                path, found.line, module, own[0], found.module, other[0])
            if other[0] > own[0]:
                faults.append(place + ': arrows only point down')
            elif other[0] == own[0] == APART and other[1] != own[1]:
                faults.append(place + ': layers, losses and optimizers do not import each other')
    return faults


def forwarded(root):
    """Returns {name: module} of the table FORWARDED of backend/__init__.py."""
    path = os.path.join(root, PACKAGE, 'backend', '__init__.py')
    for node in parse(path).body if os.path.exists(path) else ():
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', None) == 'FORWARDED':
            return ast.literal_eval(node.value)
    return {}


def forward_faults(root):
    """Names forwarded to what is no module of level 3, and imports by a computed name elsewhere."""
    known, faults = modules(root), []
    for name, module in sorted(forwarded(root).items()):
        if module not in known or (level(module) or (None,))[0] != APART:
            faults.append('backend forwards %s to %s, which is no module of level %d' % (name, module, APART))
    for module, path in sorted(known.items()):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and node.args and module not in COMPUTED:
                called = getattr(node.func, 'id', getattr(node.func, 'attr', None))
                literal = isinstance(getattr(node.args[0], 'value', getattr(node.args[0], 's', None)), str)
                if called in ('import_module', '__import__') and not literal:
                    faults.append('%s:%d: %s imports by a computed name' % (path, node.lineno, module))
    return faults


def engine_faults(root):
    """Imports of tensorflow, keras and their kin outside of backend/."""
    known, faults = modules(root), []
    for module, path in sorted(known.items()):
        if (level(module) or (None, None))[1] == 'backend':
            continue
        for found in imports(parse(path), module, known, path.endswith('__init__.py')):
            if found.module.split('.')[0] in ENGINES:
                faults.append('%s:%d: %s imports %s; only backend/ does' % (path, found.line, module, found.module))
    return faults


def third_party(root):
    """Yields (module, path, Import, top-level name) of every import that is neither ours nor the standard library's."""
    known = modules(root)
    for module, path in sorted(known.items()):
        for found in imports(parse(path), module, known, path.endswith('__init__.py')):
            name = found.module.split('.')[0]
            if name != PACKAGE and not is_standard(name):
                yield module, path, found, name


def numpy_level_faults(root):
    """Third-party imports of levels 0 and 1 other than numpy, and those of `LATE` at module level."""
    faults = []
    for module, path, found, name in third_party(root):
        own = level(module)
        if own is None or own[0] > NUMPY_LEVEL or name == 'numpy' or (name in LATE and not found.top):
            continue
        faults.append('%s:%d: %s (level %d) imports %s%s' % (
            path, found.line, module, own[0], found.module, ' at module level' if name in LATE else ''))
    return faults


def assert_faults(root):
    """`assert` statements of the package: they vanish under -O, and their message is no help to a user."""
    return ['%s:%d: assert' % (path, node.lineno) for path in sorted(modules(root).values())
            for node in ast.walk(parse(path)) if isinstance(node, ast.Assert)]


def star_faults(root, folders=(PACKAGE, 'examples', 'benchmarks', 'tests', 'studies')):
    """Star imports in any of our Python files."""
    faults = []
    for folder in folders:
        for place, _, files in os.walk(os.path.join(root, folder)):
            for path in sorted(os.path.join(place, name) for name in files if name.endswith('.py')):
                for node in ast.walk(parse(path)):
                    if isinstance(node, ast.ImportFrom) and any(alias.name == '*' for alias in node.names):
                        faults.append('%s:%d: from %s import *' % (path, node.lineno, node.module))
    return faults


def unsafe_faults(root):
    """Imports of what runs code that data hold; `pickle.UnpicklingError` alone, which PyTorch raises, is fine."""
    known, faults = modules(root), []
    for module, path in sorted(known.items()):
        tree = parse(path)
        for found in imports(tree, module, known, path.endswith('__init__.py')):
            name = found.module.split('.')[0]
            if name in UNSAFE and not (name == 'pickle' and _only_its_error(tree)):
                faults.append('%s:%d: %s imports %s, which can run code of data' % (path, found.line, module, name))
    return faults


def _only_its_error(tree):
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name) and node.value.id == 'pickle']
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == 'pickle']
    plain = not any(isinstance(node, ast.ImportFrom) and node.module == 'pickle' for node in ast.walk(tree))
    return plain and len(uses) == len(names) and all(use.attr == 'UnpicklingError' for use in uses)
