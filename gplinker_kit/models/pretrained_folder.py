"""An unpacked folder of a published model: which files it has, which it lacks, and what they amount to.

Also read: a model folder of `gplinker train`, and a checkpoint file or prefix, whose folder counts.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from gplinker_kit import model_folder
from gplinker_kit.errors import CheckpointError
from gplinker_kit.models import checkpoint, options, published_config
from gplinker_kit.models.checkpoint.source import KERAS, NO_WEIGHTS, SHARDED, TORCH
from gplinker_kit.models.identify import identify
from gplinker_kit.models.layer_files import under_variable_names
from gplinker_kit.models.presets import Preset, find_preset, fitting_presets

CONFIG_NAMES = ('bert_config.json', 'config.json')
VOCABULARY = 'vocab.txt'
SUFFIXES = ('.safetensors',) + TORCH + KERAS
SHARD = re.compile(r'^(?P<prefix>.+)\.data-\d{5}-of-(?P<count>\d{5})$')


@dataclass
class Pretrained:
    """What a folder amounts to.

    folder: its path. model: name in `MODELS`, or None for a class of the caller's. config_path: its config file, or
    None. config: arguments of the builder, a preset's and those of the file. source: what `checkpoint.load` reads, an
    opened `Checkpoint` or a path. vocab: path, or None. preset: a `Preset`, or None.
    """

    folder: str
    model: str | None
    config_path: str | None
    config: dict
    source: object
    vocab: str | None = None
    preset: Preset | None = None


def open_folder(path, preset=None, model=None):
    """Returns the `Pretrained` of an unpacked folder.

    Arguments:
        path: str, of the folder, or of a checkpoint in it. preset: a name, a `Preset`, or None. model: name in
        `MODELS` or None: told by the preset, by the config file, or by the checkpoint.
    Raises:
        ValueError: an unknown preset; a config that cannot be honoured. CheckpointError: a missing file, which is
            named; a config that contradicts the preset; a checkpoint of no model here.
    """
    preset = None if preset is None else find_preset(preset)
    folder, source = locate(path, preset)
    found = config_file(folder)
    given = {} if found is None else options.read_published(found)
    if preset is not None and found is not None:
        check_preset(preset, found)
    source = checkpoint.open_checkpoint(source)
    identity = identify(under_variable_names(source).shapes)
    if preset is None and found is None:
        raise CheckpointError(_no_config(folder, identity))
    if preset is not None and identity.model == preset.model:
        check_sizes(preset, identity.sizes, identity.model, source.path)
    model = model or (preset.model if preset else published_config.model_of(given, found)) or identity.model
    if model is None:
        raise CheckpointError('%s: %s' % (source.path, identity))
    if found is not None:
        published_config.check_options(given, model, found)
    config = dict(options.renamed(preset.config) if preset else {}, **options.renamed(given))
    return Pretrained(folder, model, found, config, source, vocabulary_file(folder), preset)


def locate(path, preset=None):
    """Returns (folder, checkpoint path) of a folder, a model folder of `gplinker train`, or a checkpoint.

    Raises: CheckpointError that names what is missing.
    """
    path = os.fspath(path)
    if not os.path.isdir(path):
        if not os.path.exists(path) and not os.path.exists(path + '.index'):
            raise CheckpointError('no such folder or checkpoint: %s%s' % (path, _released(preset)))
        return os.path.dirname(path) or '.', path
    if is_model_folder(path):
        path = model_folder.current_version(path)
    missing = missing_files(path)
    if missing:
        raise CheckpointError('%s: missing %s%s' % (path, ', '.join(missing), _released(preset)))
    return path, checkpoint.find_prefix(path)


def is_model_folder(path):
    """Whether `path` is what `gplinker train` writes."""
    return os.path.isdir(os.path.join(path, 'versions')) and os.path.isfile(os.path.join(path, model_folder.POINTER))


def missing_files(folder):
    """Returns the names of files without which the checkpoint of a folder cannot be read, as a list."""
    names = set(os.listdir(folder))
    wanted = set()
    for name in names:
        if name.endswith('.index') and not any(other.startswith(name[: -len('index')] + 'data-') for other in names):
            wanted.add(name[: -len('index')] + 'data-00000-of-00001')
        elif name.endswith(SHARDED) and not _passed_over(name, names):
            wanted.update(_parts(os.path.join(folder, name)))
    whole = any(name.endswith(SUFFIXES) for name in names)
    for shard in filter(None, map(SHARD.match, names)):
        prefix, count = shard.group('prefix'), int(shard.group('count'))
        if prefix + '.index' in names or not whole:
            wanted.update('%s.data-%05d-of-%05d' % (prefix, number, count) for number in range(count))
            wanted.add(prefix + '.index')
    if not wanted and not whole and not any(name.endswith('.index') for name in names):
        return ['a checkpoint (bert_model.ckpt.index and .data-…, or %s)' % ', '.join('*' + end for end in SUFFIXES)]
    return sorted(wanted - names)


def _passed_over(index, names):
    """Whether `find_prefix` prefers another file of the folder to this index, so that its parts need not be there."""
    if NO_WEIGHTS.search(index) or index[: -len('.index.json')] in names:
        return True
    return index.endswith('.bin.index.json') and any(name.endswith('.safetensors') for name in names)


def _parts(path):
    """The files that an index names; none where it is no index, which opening it says."""
    places = options.read_object(path).get('weight_map')
    return {str(name) for name in places.values()} if isinstance(places, dict) else set()


def config_file(folder):
    """Returns the path of the folder's config file, or None."""
    paths = [os.path.join(folder, name) for name in CONFIG_NAMES]
    return next((path for path in paths if os.path.isfile(path)), None)


def vocabulary_file(folder):
    """Returns the path of the folder's vocabulary, or None."""
    path = os.path.join(folder, VOCABULARY)
    return path if os.path.isfile(path) else None


def check_preset(preset, path):
    """Raises a CheckpointError where a config file contradicts a preset, with the presets that would fit."""
    given = options.read_published(path)
    told = published_config.model_of(given, path)
    lines = [] if told in (None, preset.model) else ['model: %r in the file, %r in the preset' % (told, preset.model)]
    check_sizes(preset, given, told or preset.model, path, lines)


def check_sizes(preset, given, model, path, lines=()):
    """The same of sizes that the file at `path` has; `lines` say what else is wrong."""
    lines = list(lines) + ['%s: %r in the file, %r in the preset' % found for found in preset.differences(given)]
    if lines:
        names = ' or '.join('preset=%r' % other.name for other in fitting_presets(model, given))
        advice = 'It fits %s.' % names if names else 'It fits no preset; leave preset= out.'
        raise CheckpointError('%s contradicts preset=%r:\n  %s\n%s' % (path, preset.name, '\n  '.join(lines), advice))


def _released(preset):
    if preset is None:
        return ''
    where = ', '.join('%s: %s' % pair for pair in preset.published)
    return '. %s is published with %s (%s)' % (preset.title, ', '.join(preset.files), where)


def _no_config(folder, identity):
    """The sentence for a folder without a config file, with the presets that its checkpoint has the sizes of."""
    problem = '%s: missing %s; give preset= or config_path=' % (folder, ' or '.join(CONFIG_NAMES))
    if identity.model is None:
        return '%s. The checkpoint holds %s' % (problem, identity)
    names = ' or '.join('preset=%r' % preset.name for preset in fitting_presets(identity.model, identity.sizes))
    return '%s. The checkpoint is a %s%s' % (problem, identity.title, ' of the sizes of ' + names if names else '')
