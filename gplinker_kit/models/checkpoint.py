"""Reading and writing weights by name. A checkpoint is a reader; a table of names says what goes where.

Sources: a TensorFlow checkpoint (its prefix, or the folder that holds it), a safetensors file, or {name: array}.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, field

import numpy as np

from gplinker_kit import backend
from gplinker_kit.errors import CheckpointError, hint, nearest
from gplinker_kit.layers import LayerNormalization
from gplinker_kit.models.autoresize import resized

HEADS = re.compile(r'^cls/|^bert/pooler/|(^|/)output_mapping(/|$)')
# What BERT's own optimizer, those of Keras and of TF 1 and 2, and `tf.train.Checkpoint` leave beside the weights.
SLOTS = re.compile(
    r'(^|/)(adam_[mv]|lamb_[mv]|adam(_\d+)?|[mv]|momentum|beta[12]_power|global_step|learning_rate|iterations)(_\d+)?$'
    r'|(^|/)(training|optimizer|save_counter|_CHECKPOINTABLE_OBJECT_GRAPH)(/|$)|\.OPTIMIZER_SLOT',
    re.I,
)


class Checkpoint:
    """A source of arrays. shapes: {name: shape}. read: name -> array. path: for messages. used: names read so far."""

    def __init__(self, shapes, read, path='the given arrays'):
        self.shapes = shapes
        self.path = path
        self.used = set()
        self._read = read

    def get(self, name):
        """Reads one variable.

        Raises:
            KeyError: there is none of that name. CheckpointError: the file is damaged.
        """
        if name not in self.shapes:
            raise KeyError(name)
        self.used.add(name)
        try:
            return np.asarray(self._read(name))
        except Exception as error:  # TensorFlow raises one of a dozen classes here
            raise CheckpointError('%s: %s cannot be read (%s)' % (self.path, name, error)) from error


@dataclass
class LoadReport:
    """What loading did.

    loaded: names; resized: those among them that had another shape. ignored: what did not fit, as sentences. unused_…:
    names of the file that found no place, by kind. untouched: layers that got nothing.
    """

    path: str
    loaded: list = field(default_factory=list)
    resized: list = field(default_factory=list)
    ignored: list = field(default_factory=list)
    unused_layers: list = field(default_factory=list)
    unused_heads: list = field(default_factory=list)
    unused_slots: list = field(default_factory=list)
    untouched: list = field(default_factory=list)

    def __str__(self):
        parts = ['%d variables loaded' % len(self.loaded)]
        for label, names in (
            ('of them resized', self.resized),
            ('that do not fit ignored', self.ignored),
            ('variables of layers not used', self.unused_layers),
            ('of heads not used', self.unused_heads),
            ('of the optimizer not used', self.unused_slots),
            ('layers of the model keep their initial weights', self.untouched),
        ):
            if names:
                shown = ', '.join(names[:4]) + (', …' if len(names) > 4 else '')
                parts.append('%d %s (%s)' % (len(names), label, shown))
        return '; '.join(parts)


def open_checkpoint(source):
    """Returns a `Checkpoint` for a path, a folder or a dict.

    Raises:
        CheckpointError: no such file, a folder that holds no (or no whole) checkpoint, or an unreadable file.
    """
    if isinstance(source, Checkpoint):
        return source
    if isinstance(source, dict):
        return Checkpoint({name: np.shape(value) for name, value in source.items()}, source.__getitem__)
    if not isinstance(source, (str, os.PathLike)):
        raise CheckpointError('expected a path or a dict of arrays. Received: %s' % type(source).__name__)
    path = os.fspath(source)
    if os.path.isdir(path):
        path = find_prefix(path)
    if path.endswith('.safetensors'):
        return _open_safetensors(path)
    path = re.sub(r'\.(index|meta|data-\d+-of-\d+)$', '', path)
    if not os.path.exists(path + '.index'):
        folder, name = os.path.split(path)
        beside = _prefixes(folder or '.') if os.path.isdir(folder or '.') else []
        raise CheckpointError('no TensorFlow checkpoint %s (%s.index is missing).%s' % (path, name, hint(name, beside)))
    shapes, read = backend.load_tf_checkpoint(path)
    return Checkpoint(shapes, read, path)


def _prefixes(folder):
    return sorted(name[: -len('.index')] for name in os.listdir(folder) if name.endswith('.index'))


def find_prefix(folder):
    """Returns the checkpoint prefix (or safetensors file) of an unpacked model folder."""
    names = sorted(os.listdir(folder))
    prefixes = _prefixes(folder)
    tensors = [name for name in names if name.endswith('.safetensors')]
    if len(prefixes) > 1 and 'bert_model.ckpt' in prefixes:
        prefixes = ['bert_model.ckpt']
    found = prefixes or tensors
    if len(found) != 1:
        raise CheckpointError(
            'expected one checkpoint (NAME.index with NAME.data-…, or a .safetensors file) in %s, found %s'
            % (folder, ', '.join(found) if found else 'none among: ' + (', '.join(names[:8]) or 'no files'))
        )
    return os.path.join(folder, found[0])


def _open_safetensors(path):
    if not os.path.exists(path):
        raise CheckpointError('no such file: %s' % path)
    try:
        from safetensors import safe_open
    except ImportError as error:
        raise ImportError('%s needs the package safetensors: pip install safetensors' % path) from error
    try:
        with safe_open(path, framework='np') as stream:
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}
    except Exception as error:  # SafetensorError has moved between versions of the package
        raise CheckpointError('%s cannot be read as safetensors: %s' % (path, error)) from error
    return Checkpoint({name: value.shape for name, value in arrays.items()}, arrays.__getitem__, path)


def load(wrapper, source, mapping, strict=False):
    """Loads `source` into the built layers of `wrapper` (a `Transformer`) and returns a `LoadReport`.

    All names and shapes are checked before the first weight is set: on error the model is as it was.
    """
    checkpoint = open_checkpoint(source)
    checkpoint.used = set()
    planned, problems, missing = {}, [], []
    report = LoadReport(checkpoint.path)
    for layer, names in _layers_and_names(wrapper, mapping):
        problem = _wrong_count(layer, names)
        if problem:
            problems.append(problem)
            if not wrapper.ignore_invalid_weights:
                continue
        for place, (name, weight) in enumerate(zip(names, layer.weights)):
            wanted = tuple(int(size) for size in weight.shape)
            try:
                planned.setdefault(layer, {})[place] = _fitting(wrapper, checkpoint, layer, place, name, wanted, report)
            except KeyError as error:
                missing.append((str(error.args[0]) if error.args else name, wanted))
            except CheckpointError:
                raise
            except ValueError as error:
                problems.append('%s: %s' % (name, error))
            else:
                report.loaded.append(name)
    problems = _missing_lines(checkpoint, missing) + problems
    _sort_unused(checkpoint, report)
    if wrapper.ignore_invalid_weights and report.loaded and problems:
        report.ignored, problems = problems, []
        warnings.warn('%s: ignored\n  %s' % (checkpoint.path, '\n  '.join(report.ignored)), stacklevel=4)
    if strict:
        problems.extend('%s: not used by the model' % name for name in report.unused_layers + report.unused_heads)
    if not planned and not problems:
        problems.append('no layer of the model is in its table of names')
    if problems:
        raise CheckpointError(
            '%s does not fit %s:\n  %s' % (checkpoint.path, type(wrapper).__name__, '\n  '.join(problems))
        )
    for layer, arrays in planned.items():
        layer.set_weights([arrays.get(place, value) for place, value in enumerate(layer.get_weights())])
    named = {layer.name for layer, arrays in planned.items() if arrays}
    report.untouched = [layer.name for layer in wrapper.model.layers if layer.weights and layer.name not in named]
    return report


def _fitting(wrapper, checkpoint, layer, place, name, wanted, report):
    """Reads one variable for the weight at `place` of `layer`; a ValueError says what is wrong with its shape."""
    array = np.asarray(wrapper.load_variable(checkpoint, name))
    if array.shape != wanted and wrapper.autoresize_weights:
        array = resized(layer, place, array, wanted, wrapper.hidden_act)
        report.resized.append(name)
    if array.shape != wanted:
        raise ValueError('shape %s found, %s wanted' % (array.shape, wanted))
    return array


def _conditions(layer):
    """How many of the last weights of a layer turn the condition of `layer_norm_cond` into gain and shift."""
    if not isinstance(layer, LayerNormalization) or not layer.conditional:
        return 0
    return len(layer.weights) - (layer.scale is True) - (layer.offset is True)


def _wrong_count(layer, names):
    """Says that a table names more or fewer weights than there are; only those of a condition may lack names."""
    if len(names) in (len(layer.weights), len(layer.weights) - _conditions(layer)):
        return None
    return 'layer %s: %d weights, but %d names' % (layer.name, len(layer.weights), len(names))


def _layers_and_names(wrapper, mapping):
    """The layers of the model that hold weights and are in the table, with the names of these."""
    for layer_name, names in mapping.items():
        layer = wrapper.layers.get(wrapper.prefixed(layer_name))
        if layer is not None and layer.weights:
            yield layer, names


def _missing_lines(checkpoint, missing):
    """One line a missing variable; for the first of them with the unused one of its shape that has the nearest name."""
    lines, free = [], {}
    for name in sorted(set(checkpoint.shapes) - checkpoint.used):
        free.setdefault(tuple(checkpoint.shapes[name]), []).append(name)
    for number, (name, wanted) in enumerate(missing):
        close = nearest(name, free.get(wanted, [])) if number < 20 else None
        lines.append('%s: missing, %s wanted%s' % (name, wanted, '. Did you mean %r?' % close if close else ''))
    return lines


def _sort_unused(checkpoint, report):
    for name in sorted(set(checkpoint.shapes) - checkpoint.used):
        if SLOTS.search(name):
            report.unused_slots.append(name)
        elif HEADS.search(name):
            report.unused_heads.append(name)
        else:
            report.unused_layers.append(name)


def save(wrapper, path, mapping, dtype=None):
    """Writes the weights of `wrapper` under the names of `mapping` as a TensorFlow checkpoint.

    Raises: ValueError where the mapping names more or fewer weights than a layer has.
    """
    arrays, saved = {}, set()
    for layer, names in _layers_and_names(wrapper, mapping):
        problem = _wrong_count(layer, names)
        if problem:
            raise ValueError(problem)
        for name, value in zip(names, layer.get_weights()):
            arrays[name] = np.ascontiguousarray(wrapper.create_variable(name, value, dtype))
        saved.add(layer.name)
    left = [layer.name for layer in wrapper.model.layers if layer.weights and layer.name not in saved]
    left += [layer.name + ' (what the condition adds)' for layer in wrapper.model.layers if _conditions(layer)]
    if left:
        warnings.warn('%s: no names for these layers, which are not saved: %s' % (path, ', '.join(left)), stacklevel=3)
    backend.save_tf_checkpoint(os.fspath(path), arrays)
