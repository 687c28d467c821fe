"""Loading a checkpoint into a built model: everything is checked before the first weight is set."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from gplinker_kit.errors import CheckpointError, listed, nearest
from gplinker_kit.layers import LayerNormalization, PerformerAttention
from gplinker_kit.models import block_stack
from gplinker_kit.models.autoresize import resized
from gplinker_kit.models.checkpoint.names import HEADS, SLOTS
from gplinker_kit.models.checkpoint.source import open_checkpoint
from gplinker_kit.models.checkpoint.translation import canonical, untied


@dataclass
class LoadReport:
    """What loading did.

    names: the file's name space. loaded: names; resized: those among them that had another shape. ignored: what did not
    fit, as sentences. unused_…: names of the file that found no place, by kind; unused_copies are what PyTorch's files
    hold twice, or could compute. untouched: layers that got nothing. remark: that the file is another model's, or ''.
    """

    path: str
    names: str = 'bert4keras'
    loaded: list = field(default_factory=list)
    resized: list = field(default_factory=list)
    ignored: list = field(default_factory=list)
    unused_layers: list = field(default_factory=list)
    unused_heads: list = field(default_factory=list)
    unused_slots: list = field(default_factory=list)
    unused_copies: list = field(default_factory=list)
    untouched: list = field(default_factory=list)
    remark: str = ''

    def __str__(self):
        parts = ['%d variables loaded' % len(self.loaded)]
        for label, names in (
            ('of them resized', self.resized),
            ('that do not fit ignored', self.ignored),
            ('variables of layers not used', self.unused_layers),
            ('of heads not used', self.unused_heads),
            ('of the optimizer not used', self.unused_slots),
            ('copies and buffers not needed', self.unused_copies),
            ('layers of the model keep their initial weights', self.untouched),
        ):
            if names:
                parts.append('%d %s (%s)' % (len(names), label, listed(names)))
        return '; '.join(parts + ([self.remark] if self.remark else []))


def load(wrapper, source, mapping, strict=False):
    """Loads `source` into the built layers of `wrapper` (a `Transformer`) and returns a `LoadReport`.

    All names and shapes are checked before the first weight is set: on error the model is as it was.
    """
    opened = open_checkpoint(source)
    opened.used = set()
    checkpoint = canonical(opened, wrapper, mapping)
    if opened.names == 'layers':
        mapping = _with_all_layers(wrapper, mapping, checkpoint)
    planned, problems, missing, damaged = {}, [], [], []
    report = LoadReport(checkpoint.path, opened.names)
    for layer, names in layers_and_names(wrapper, mapping):
        problem = wrong_count(layer, names)
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
            except CheckpointError as error:
                damaged.append(str(error))
            except ValueError as error:
                problems.append('%s: %s' % (checkpoint.shown(name), error))
            else:
                report.loaded.append(name)
    if damaged:
        raise CheckpointError('%s is damaged:\n  %s' % (checkpoint.path, '\n  '.join(damaged)))
    problems = _missing_lines(checkpoint, missing) + problems
    _sort_unused(checkpoint, report)
    mismatch = _other_model(wrapper, checkpoint, mapping)
    other = mismatch.reason if mismatch is not None and mismatch.fatal else None
    report.remark = mismatch.reason if mismatch is not None and not mismatch.fatal else ''
    if getattr(wrapper, 'with_mlm', False) and (wrapper.ignore_invalid_weights or not problems and not other):
        problems.extend(filter(None, [untied(checkpoint)]))
    if wrapper.ignore_invalid_weights and report.loaded and problems:
        report.ignored, problems, report.remark = problems, [], other or report.remark
        reason = ' (%s)' % other if other else ''
        warnings.warn('%s: ignored%s\n  %s' % (checkpoint.path, reason, '\n  '.join(report.ignored)), stacklevel=4)
    elif other:
        problems.insert(0, other)
    if strict:
        problems.extend('%s: not used by the model' % name for name in report.unused_layers + report.unused_heads)
    if not planned and not problems:
        problems.append('no layer of the model is in its table of names')
    if problems:
        raise CheckpointError(
            '%s does not fit %s:\n  %s' % (checkpoint.path, type(wrapper).__name__, '\n  '.join(problems))
        )
    block_stack.set_weights(planned)
    touched = {layer for layer, arrays in planned.items() if arrays}
    report.untouched = [
        layer.name
        for layer in weighted_layers(wrapper)
        if layer not in touched and getattr(layer, 'stack', None) not in touched
    ]
    return report


def _fitting(wrapper, checkpoint, layer, place, name, wanted, report):
    """Reads one variable for the weight at `place` of `layer`; a ValueError says what is wrong with its shape."""
    origin = checkpoint.origins.get(name)
    if origin is not None and checkpoint.raw.names == 'layers' and checkpoint.raw.shapes[origin] == wanted:
        # The weight itself: of a model that picks tokens, the table that was picked already.
        checkpoint.used.add(name)
        array = checkpoint.raw.get(origin)
    else:
        array = np.asarray(wrapper.load_variable(checkpoint, name))
    if array.shape != wanted and wrapper.autoresize_weights:
        array = resized(getattr(layer, 'template', layer), place, array, wanted, wrapper.hidden_act)
        report.resized.append(name)
    if array.shape != wanted:
        raise ValueError('shape %s found, %s wanted' % (array.shape, wanted))
    if array.dtype.kind not in 'fiub':
        raise ValueError('numbers wanted, %s found' % array.dtype)
    return array


def _other_model(wrapper, checkpoint, mapping):
    """The `Mismatch` of a file that is another model's, or None."""
    from gplinker_kit.models.identify import explain_mismatch

    wanted = {}
    for layer, names in layers_and_names(wrapper, mapping):
        wanted.update((name, tuple(int(size) for size in weight.shape)) for name, weight in zip(names, layer.weights))
    return explain_mismatch(wanted, checkpoint.shapes)


def weighted_layers(wrapper):
    """The layers of the model that hold weights; in the place of a stack those of its blocks."""
    stacked = list(getattr(wrapper, 'stacked', {}).values())
    stacks = {layer.stack for layer in stacked}
    return [layer for layer in wrapper.model.layers if layer.weights and layer not in stacks] + stacked


def conditions(layer):
    """How many of the last weights of a layer turn the condition of `layer_norm_cond` into gain and shift."""
    kind = getattr(layer, 'template', layer)
    if not isinstance(kind, LayerNormalization) or not kind.conditional:
        return 0
    return len(layer.weights) - (kind.scale is True) - (kind.offset is True)


def random_features(layer):
    """How many of the last weights of a layer are a Performer's features."""
    return int(isinstance(layer, PerformerAttention))


def nameless(layer):
    """How many of the last weights of a layer may lack names: those of a condition, and a Performer's features."""
    return random_features(layer) or conditions(layer)


def wrong_count(layer, names):
    """Says that a table names more or fewer weights than there are, those aside that may lack names."""
    if len(names) in (len(layer.weights), len(layer.weights) - nameless(layer)):
        return None
    return 'layer %s: %d weights, but %d names' % (layer.name, len(layer.weights), len(names))


def layers_and_names(wrapper, mapping):
    """The layers of the model that hold weights and are in the table, with the names of these."""
    # A dict of layers that models share also has layers of the others.
    own = {id(layer) for layer in wrapper.model.layers}
    stacked, named = getattr(wrapper, 'stacked', {}), {wrapper.prefixed(name) for name in mapping}
    for layer_name, names in mapping.items():
        full = wrapper.prefixed(layer_name)
        layer = stacked.get(full)
        if layer is not None:
            if layer.stack.name not in named:  # else all of it is taken at once
                yield layer, names
            continue
        layer = wrapper.layers.get(full)
        if id(layer) in own and layer.weights:
            yield layer, names


def _with_all_layers(wrapper, mapping, checkpoint):
    """The table with the layers that it lacks, and what conditions add to norms: a file of layers names these too."""
    mapping, named, start = dict(mapping), wrapper.variable_mapping(), len(wrapper.prefix)
    stacked = getattr(wrapper, 'stacked', {})
    for layer in list(wrapper.model.layers) + list(stacked.values()):
        key = layer.name[start:]
        if layer not in (wrapper.layers.get(layer.name), stacked.get(layer.name)) or not layer.weights:
            continue
        if key in named and key not in mapping:  # the caller left it out
            continue
        names = list(mapping.get(key, []))
        for own in (layer.name, key):
            rest = ['%s.%d' % (own, place) for place in range(len(names), len(layer.weights))]
            if rest and all(name in checkpoint.shapes for name in rest):
                mapping[key] = names + rest
                break
    return mapping


def _missing_lines(checkpoint, missing):
    """One line a missing variable; for the first of them with the unused one of its shape that has the nearest name."""
    lines, free = [], {}
    for name in sorted(set(checkpoint.shapes) - checkpoint.used):
        free.setdefault(tuple(checkpoint.shapes[name]), []).append(name)
    for number, (name, wanted) in enumerate(missing):
        close = nearest(name, free.get(wanted, [])) if number < 20 else None
        lines.append('%s: missing, %s wanted%s' % (name, wanted, '. Did you mean %r?' % close if close else ''))
    if len(missing) > 1 and any(name.startswith('layer_with_weights-') for name in checkpoint.shapes):
        lines.append("tf.keras's save_weights wrote this file, which numbers the layers and does not name them: save "
                     'the weights as .h5, or by save_weights_as_checkpoint')
    return lines


def _sort_unused(checkpoint, report):
    for name in sorted(set(checkpoint.shapes) - checkpoint.used):
        if SLOTS.search(name):
            report.unused_slots.append(name)
        elif HEADS.search(name):
            report.unused_heads.append(name)
        else:
            report.unused_layers.append(name)
    report.unused_copies = sorted(checkpoint.left_out)
