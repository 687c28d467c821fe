"""What a folder or file of weights holds, which model and preset fit it, and what would not load; no model is built."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from dataclasses import asdict, dataclass, field

import numpy as np

from gplinker_kit import model_folder
from gplinker_kit.errors import listed
from gplinker_kit.models import checkpoint as checkpoints
from gplinker_kit.models import options, pretrained_folder, published_config
from gplinker_kit.models.checkpoint.source import format_of
from gplinker_kit.models.expected_shapes import POSITION_TABLES, expected_shapes
from gplinker_kit.models.identify import Identity, explain_mismatch, identify, unfused
from gplinker_kit.models.layer_files import under_variable_names
from gplinker_kit.models.presets import SPECIAL_TOKENS, complete, find_preset, fitting_presets
from gplinker_kit.models.registry import find_model
from gplinker_kit.tokenizers import load_vocab

KINDS = {
    'safetensors': 'safetensors', 'pytorch': 'PyTorch', 'keras': 'Keras 3', 'hdf5': 'Keras, HDF5',
    'tensorflow': 'TensorFlow',
}  # fmt: skip


@dataclass
class Contents:
    """What a checkpoint holds. kind, names: of the file. variables, parameters: without what optimizers left.

    dtypes: {name: how many variables}. slots, copies: numbers of variables that nobody loads. heads: names of heads.
    """

    path: str
    kind: str
    names: str
    variables: int = 0
    parameters: int = 0
    dtypes: dict = field(default_factory=dict)
    slots: int = 0
    copies: int = 0
    heads: list = field(default_factory=list)


@dataclass
class VocabularyContents:
    """rows: lines of the file. special, missing: of `SPECIAL_TOKENS`. repeated: sentences."""

    path: str
    rows: int
    special: list
    missing: list
    repeated: list


@dataclass
class Inspection:
    """What `inspect_model` found.

    files: [(name, bytes)]. model: name in `MODELS`, or None; told_by: where from. presets: names of those that fit.
    config: arguments of the builder that would be used; config_path: the file they come from. unused: names in the file
    that the model has no place for, heads and slots apart. problems: what keeps the model from being loaded. notes:
    what a user should know besides.
    """

    path: str
    folder: str
    files: list = field(default_factory=list)
    contents: Contents | None = None
    identity: Identity | None = None
    model: str | None = None
    told_by: str = ''
    preset: str | None = None
    presets: list = field(default_factory=list)
    config_path: str | None = None
    config: dict = field(default_factory=dict)
    vocabulary: VocabularyContents | None = None
    unused: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def loads(self):
        """Whether a whole model can be loaded."""
        return not self.problems

    def to_dict(self):
        """Returns what can be written as JSON."""
        return dict(asdict(self), loads=self.loads)

    def attempt(self, function, *args):
        """Returns function(*args), or None after adding what it raises to the problems."""
        try:
            return function(*args)
        except (ValueError, OSError, ImportError) as error:
            self.problems.append(str(error))
            return None


def inspect_model(path, preset=None):
    """Returns the `Inspection` of a folder (unpacked, or of `gplinker train`) or of a checkpoint file or prefix.

    Arguments: preset: the name of one that the folder is held against, or None.
    Raises: ValueError for an unknown preset. CheckpointError where there is no such folder or file. Everything else
        that is wrong is listed in `problems`.
    """
    path, preset = os.fspath(path), None if preset is None else find_preset(preset)
    is_folder = os.path.isdir(path)
    if is_folder and pretrained_folder.is_model_folder(path):
        folder = model_folder.current_version(path)
    else:
        folder = path if is_folder else pretrained_folder.locate(path)[0]
    found = Inspection(path, folder, preset=preset.name if preset else None)
    found.files = [
        (name, os.path.getsize(os.path.join(folder, name)))
        for name in sorted(os.listdir(folder))
        if os.path.isfile(os.path.join(folder, name))
    ]
    source = found.attempt(_locate, folder if is_folder else path, preset)
    opened = None if source is None else found.attempt(checkpoints.open_checkpoint, source)
    shapes = {} if opened is None else _read_checkpoint(found, opened)
    known = len(found.problems)
    _read_config(found, preset, shapes)
    if shapes and len(found.problems) == known:  # a wrong configuration makes all shapes wrong
        _compare(found, shapes)
    _read_vocabulary(found)
    return found


def _locate(path, preset):
    return pretrained_folder.locate(path, preset)[1]


def kind_of(path):
    """Returns what kind of file a checkpoint is, for people."""
    return KINDS[format_of(path)]


def _read_checkpoint(found, opened):
    """Reads every variable once, and returns {canonical name: shape} without what optimizers left."""
    contents = found.contents = Contents(opened.path, kind_of(opened.path), opened.names)
    checkpoint = found.attempt(under_variable_names, opened)
    if checkpoint is None:
        return {}
    slots = [name for name in checkpoint.shapes if checkpoints.SLOTS.search(name)]
    shapes = {name: shape for name, shape in checkpoint.shapes.items() if name not in set(slots)}
    contents.slots, contents.copies = len(slots), len(checkpoint.left_out)
    contents.variables = len(shapes)
    contents.parameters = sum(int(np.prod(shape, dtype='int64')) for shape in shapes.values())
    dtypes, wild = Counter(), []
    for name in shapes:
        array = found.attempt(checkpoint.get, name)
        if array is not None:
            dtypes[str(array.dtype)] += 1
            if array.dtype.kind == 'f' and not np.all(np.isfinite(array)):
                wild.append(name)
    contents.dtypes = dict(dtypes)
    if wild:
        found.notes.append('not all numbers are finite: %s' % _listed(wild))
    found.identity = identify(shapes)
    contents.heads = found.identity.heads
    return unfused(shapes)


def _read_config(found, preset, shapes):
    """Decides the model and its configuration, as `build_transformer_model` would."""
    path = found.config_path = pretrained_folder.config_file(found.folder)
    given = found.attempt(options.read_published, path) if path else None
    said, given, identity = given is not None or preset is not None, given or {}, found.identity
    told = found.attempt(published_config.model_of, given, path) if given else None
    if preset is not None:
        found.model, found.told_by = preset.model, 'preset %s' % preset.name
        if given:
            found.attempt(pretrained_folder.check_preset, preset, path)
    elif told is not None:
        found.model, found.told_by = told, os.path.basename(path)
    elif identity is not None and identity.model is not None:
        found.model, found.told_by = identity.model, 'the checkpoint'
    elif identity is not None and shapes:
        found.problems.append('%s: %s' % (found.contents.path, identity))
    found.config = dict(options.renamed(preset.config) if preset else {}, **options.renamed(given))
    found.config.pop('model_type', None)
    wrong = options.faults(found.config)
    missing = [name for name in options.REQUIRED if said and found.config.get(name) is None]
    sentences = list(wrong.values()) + (['missing %s' % ', '.join(missing)] if missing else [])
    found.problems.extend('%s: %s' % (os.path.basename(path or ''), sentence) for sentence in sentences)
    if wrong:
        found.config = {name: value for name, value in found.config.items() if name not in wrong}
    if found.model is None:
        return
    if given:
        found.attempt(published_config.check_options, given, found.model, path)
        found.notes.extend(published_config.remarks(given, found.model, path))
    same = identity is not None and identity.model == found.model
    if same and preset is not None:
        found.attempt(pretrained_folder.check_sizes, preset, identity.sizes, found.model, found.contents.path)
    sizes = dict(identity.sizes if same else {}, **options.renamed(given))
    if sizes:
        found.presets = [fitting.name for fitting in fitting_presets(found.model, sizes)]
    if not found.config:
        if not path:
            found.problems.append(_no_config(found))
        return
    if not wrong and not missing:
        found.attempt(_construct, found, path)
    found.config = complete(dict(getattr(find_model(found.model), 'DEFAULTS', {}), **found.config))
    if found.model not in POSITION_TABLES:
        del found.config['max_position']


def _construct(found, path):
    """Lets the model's class check the configuration, which makes no graph; what it warns of becomes a note."""
    cls = find_model(found.model)
    known = options.known_arguments(cls, ['__init__'])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            cls(**options.to_arguments(found.config, known))
        except ValueError as error:
            raise ValueError('%s: %s' % (os.path.basename(path or ''), error)) from error
    found.notes.extend(str(warning.message) for warning in caught)


def _no_config(found):
    names = ' or '.join(pretrained_folder.CONFIG_NAMES)
    advice = ' or '.join('--preset %s' % name for name in found.presets)
    advice = '\nthe sizes are those of %s' % advice if advice else ''
    return 'missing %s: shapes do not tell the activation, nor the number of attention heads%s' % (names, advice)


def _read_vocabulary(found):
    path = pretrained_folder.vocabulary_file(found.folder)
    if path is None:
        found.notes.append('missing %s, which a tokenizer needs' % pretrained_folder.VOCABULARY)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        tokens = found.attempt(load_vocab, path)
    if tokens is None:
        return
    with open(path, encoding='utf-8-sig') as stream:
        rows = sum(1 for _ in stream)
    found.vocabulary = VocabularyContents(
        path,
        rows,
        [token for token in SPECIAL_TOKENS if token in tokens],
        [token for token in SPECIAL_TOKENS if token not in tokens],
        [str(warning.message) for warning in caught],
    )
    expected = found.config.get('vocab_size') or (found.identity.sizes.get('vocab_size') if found.identity else None)
    if expected is not None and rows != expected:
        found.notes.append('%s has %d tokens, and the token table %d rows' % (os.path.basename(path), rows, expected))


def _compare(found, shapes):
    """Holds the variables of the file against those that the configuration asks for."""
    if found.model is None or not found.config:
        return
    if found.model == 'flash_quad' and found.contents.names == 'layers':  # its layers are called as GAU-α's
        shapes = {name.replace('GAU_alpha/', 'FLASH_quad/'): shape for name, shape in shapes.items()}
    expected = found.attempt(expected_shapes, found.model, found.config)
    if expected is None:
        return
    other = explain_mismatch(expected, shapes)
    if other is not None and other.fatal:
        found.problems.append(other.reason)
        return
    if other is not None:
        found.notes.append(other.reason)
    found.problems.extend(
        '%s: shape %s found, %s wanted' % (name, shapes[name], wanted)
        for name, wanted in expected.items()
        if name in shapes and shapes[name] != wanted
    )
    found.problems.extend(_missing_lines(expected, shapes))
    found.unused = [name for name in shapes if name not in expected and not checkpoints.HEADS.search(name)]
    encoder = [name for name in found.unused if re.search(r'(^|/)(embeddings|encoder)/', name)]
    if encoder and other is None:
        found.notes.append('of the encoder, the model has no place for %s' % _listed(encoder))


def _missing_lines(expected, shapes):
    """One line a variable that the file lacks, and one a block of which it has nothing."""
    blocks, lines = {}, []
    for name in expected:
        block = re.match(r'.*/layer_\d+/|', name).group()
        blocks.setdefault(block, []).append(name)
    for block, names in blocks.items():
        missing = [name for name in names if name not in shapes]
        if block and missing == names:
            lines.append('%s: all %d variables missing' % (block, len(names)))
        else:
            lines.extend('%s: missing, %s wanted' % (name, expected[name]) for name in missing)
    return lines


def _listed(names, most=4):
    return listed(names, most) + (' (%d in all)' % len(names) if len(names) > most else '')
