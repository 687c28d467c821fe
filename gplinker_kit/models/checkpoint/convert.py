"""From one file of weights to another."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from gplinker_kit.errors import CheckpointError, listed
from gplinker_kit.models.checkpoint import loading, translation, writing
from gplinker_kit.models.checkpoint.names import HEADS, PREFIXES, SLOTS, TIED
from gplinker_kit.models.checkpoint.source import Checkpoint, open_checkpoint

PARTS = ('embeddings', 'encoder', 'heads', 'others')


@dataclass
class ConvertReport:
    """What became of each variable.

    written: their number by part of the model. left_out: {why: [names in the source]}. remarks: of loading the model
    that Keras wrote, sentences.
    """

    source: str
    target: str
    kind: str
    names: tuple
    written: dict = field(default_factory=dict)
    left_out: dict = field(default_factory=dict)
    remarks: list = field(default_factory=list)

    def __str__(self):
        counts = ', '.join('%s %d' % (part, self.written[part]) for part in PARTS if self.written.get(part))
        lines = [
            '%s (names: %s)' % (self.source, self.names[0]),
            '-> %s (%s, names: %s)' % (self.target, self.kind, self.names[1]),
            '%d variables written: %s' % (sum(self.written.values()), counts),
        ]
        for why, names in sorted(self.left_out.items()):
            lines.append('left out, %d, %s: %s' % (len(names), why, listed(names)))
        return '\n'.join(lines + self.remarks)


def convert(source, target, names=None, wrapper=None, dtype=None, force=False):
    """Reads the weights of `source` and writes them to `target`; returns a `ConvertReport`.

    Arguments:
        source: as `open_checkpoint` takes it. target: a .safetensors, .h5 or .keras file, else the prefix of a
            TensorFlow checkpoint. names: the target's, see `writing.check_names`.
        wrapper: the built model, for .h5 and .keras; it holds the weights then. Others need none.
        dtype: 'float16' or 'float32' for all fractions, or None to keep theirs; not for .h5 and .keras.
        force: bool, replace a target that exists.
    Raises:
        CheckpointError: an unreadable source, or one that does not fit. ValueError: a target that cannot be written so,
            or that exists. In both cases nothing is written.
    """
    target = os.fspath(target)
    names = writing.check_names(target, names)
    kind = writing.kind_of(target)
    check_target(target, force)
    opened = open_checkpoint(source)
    report = ConvertReport(opened.path, target, writing.KINDS[kind], (opened.names, names))
    if kind == 'keras':
        _through_model(report, opened, wrapper, dtype)
        return report
    result = _under(names, opened)
    arrays = _read_all(result, dtype)
    if not arrays:
        raise CheckpointError('%s holds nothing that %s has a name for' % (opened.path, target))
    writing.write_arrays(target, arrays, names)
    _count(report, arrays if names == 'bert4keras' else (result.origins.get(name, name) for name in arrays))
    _leave_out(report, result.left_out)
    return report


def _under(names, opened):
    """Returns an opened checkpoint under other names; its `left_out` says what is not among them, and why."""
    from gplinker_kit.models.identify import identify
    from gplinker_kit.models.layer_files import unbuilt, under_variable_names

    ours = under_variable_names(opened)
    if ours.names != 'bert4keras':
        raise CheckpointError('%s holds layers of none of our models' % opened.path)
    ours = _without_foreign(ours)
    if names == 'bert4keras':
        return ours
    found = identify(ours.shapes)
    if found.model not in PREFIXES:
        raise CheckpointError('%s: no names of %s for %s' % (opened.path, names, found))
    if names == 'pytorch':
        return translation.to_pytorch(ours, PREFIXES[found.model])
    model = unbuilt(found.model, found.sizes['num_hidden_layers'], found.gates)
    return translation.to_layers(ours, model, model.variable_mapping())


def _read_all(checkpoint, dtype):
    """Returns {name: array}; one error tells of all that cannot be read, or does not fit the type."""
    arrays, problems = {}, []
    for name in checkpoint.shapes:
        try:
            arrays[name] = writing.cast(name, checkpoint.get(name), dtype)
        except CheckpointError as error:
            problems.append(str(error))
    if problems:
        raise CheckpointError('%s cannot be converted:\n  %s' % (checkpoint.path, '\n  '.join(problems)))
    return arrays


def check_target(target, force=False):
    """Raises a ValueError where `target` cannot be written, or would be overwritten without `force`."""
    folder = os.path.dirname(target) or '.'
    if not os.path.basename(target) or os.path.isdir(target):
        raise ValueError('%s is a folder; name the file in it' % target)
    if not os.path.isdir(folder):
        raise ValueError('%s: there is no folder %s' % (target, folder))
    if os.path.exists(target + '.index' if writing.kind_of(target) == 'tensorflow' else target) and not force:
        raise ValueError('%s exists; --force (force=True) replaces it' % target)


def _through_model(report, checkpoint, wrapper, dtype):
    """Loads the model and has Keras write it."""
    if wrapper is None or not wrapper.built:
        raise ValueError('%s: Keras writes models: give a built one' % report.target)
    if dtype is not None:
        raise ValueError('%s: a file of Keras has the type of its model; dtype is for others' % report.target)
    loaded = loading.load(wrapper, checkpoint, wrapper.variable_mapping())
    if loaded.untouched:
        raise CheckpointError(
            '%s holds nothing for these layers of the model: %s' % (report.source, ', '.join(loaded.untouched))
        )
    writing.write_model(wrapper.model, report.target)
    report.remarks = ['ignored: %s' % sentence for sentence in loaded.ignored] + list(filter(None, [loaded.remark]))
    _count(report, loaded.loaded)
    _leave_out(report, dict.fromkeys(loaded.unused_slots, 'of the optimizer'))
    _leave_out(report, dict.fromkeys(loaded.unused_heads, 'of heads that the model has not been given'))
    _leave_out(report, dict.fromkeys(loaded.unused_layers, 'no layer of the model holds it'))
    _leave_out(report, dict.fromkeys(loaded.unused_copies, 'a copy, or computed'))


def _without_foreign(checkpoint):
    """The checkpoint without what optimizers left in it, and without names that could not be translated."""
    left_out, untied = dict(checkpoint.left_out), translation.untied(checkpoint)
    for name in left_out:
        if untied and name.endswith(TIED):
            left_out[name] = 'another matrix than the token table, which outputs share here'
    for name in checkpoint.shapes:
        if SLOTS.search(name):
            left_out[name] = 'of the optimizer'
        elif checkpoint.raw is not None and name not in checkpoint.origins:
            left_out[name] = 'no variable of our models'
    shapes = {name: shape for name, shape in checkpoint.shapes.items() if name not in left_out}
    return Checkpoint(
        shapes, checkpoint.get, checkpoint.path, checkpoint.names, checkpoint.raw, checkpoint.origins, left_out
    )


def _count(report, names):
    for name in names:
        if '/embeddings/' in name:
            part = 'embeddings'
        elif HEADS.search(name):
            part = 'heads'
        else:
            part = 'encoder' if '/encoder/' in name else 'others'
        report.written[part] = report.written.get(part, 0) + 1


def _leave_out(report, left_out):
    for name, why in sorted(left_out.items()):
        report.left_out.setdefault(why, []).append(name)
