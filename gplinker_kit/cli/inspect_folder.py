"""Says what a folder of a published model, or a checkpoint, holds, which model and preset fit, and what would not load.

DIR is unpacked from a release, or written by `gplinker train`; FILE is a checkpoint of any kind: the prefix or a file
of TensorFlow's, .safetensors, .bin, .h5, .keras. No model is built. The exit status is 0 where a whole model can be
loaded, and 1 where not.
"""

import json
import os
import sys

HELP = 'say what a folder of weights holds, and whether it loads'
CONFIG_KEYS = (
    'vocab_size', 'embedding_size', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'attention_head_size',
    'attention_key_size', 'intermediate_size', 'hidden_act', 'max_position', 'segment_vocab_size', 'dropout_rate',
    'attention_dropout_rate', 'rotary_dim',
)  # fmt: skip
WIDTH = 13
MOST_LINES = 20


def add_arguments(parser):
    parser.add_argument('path', metavar='DIR_OR_FILE')
    parser.add_argument('--preset', metavar='NAME', help='hold it against this published model')
    parser.add_argument('--json', action='store_true', help='print everything as one JSON object')


def run(options):
    """Prints what was found; returns the exit status."""
    from gplinker_kit.models.inspection import inspect_model

    found = inspect_model(options.path, options.preset)
    if options.json:
        json.dump(found.to_dict(), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        print(report(found))
    return 0 if found.loads else 1


def report(found):
    """Returns an `Inspection` as aligned text."""
    lines = [found.folder, '']
    names = max([len(name) for name, _ in found.files] + [0])
    sizes = max([len('%d' % size) + (len('%d' % size) - 1) // 3 for _, size in found.files] + [0])
    section(lines, 'files', ['%-*s  %*s' % (names, name, sizes, '{:,}'.format(size)) for name, size in found.files])
    if found.contents is not None:
        section(lines, 'checkpoint', contents_lines(found))
    section(lines, 'model', model_lines(found))
    section(lines, 'presets', preset_lines(found))
    if found.config:
        section(lines, 'config', config_lines(found))
    if found.vocabulary is not None:
        section(lines, 'vocabulary', vocabulary_lines(found.vocabulary))
    section(lines, 'notes', found.notes)
    section(lines, 'loads', load_lines(found))
    return '\n'.join(lines)


def section(lines, title, texts):
    """Appends texts (of one or more lines each) in a column, with the title before the first."""
    rows = [row for text in texts for row in text.split('\n')]
    lines.extend(('%-*s%s' % (WIDTH, '' if number else title, row)).rstrip() for number, row in enumerate(rows))


def contents_lines(found):
    contents = found.contents
    names = {'bert4keras': "bert4keras's", 'pytorch': "PyTorch's", 'layers': "layers'"}[contents.names]
    lines = [
        '%s (%s, %s names)' % (os.path.basename(contents.path), contents.kind, names),
        '%s variables, %s parameters, %s' % (
            '{:,}'.format(contents.variables), '{:,}'.format(contents.parameters),
            ', '.join(contents.dtypes) if len(contents.dtypes) < 2
            else ', '.join('%s %d' % pair for pair in sorted(contents.dtypes.items()))),
    ]  # fmt: skip
    if contents.heads:
        lines.append('heads: %s' % ', '.join(contents.heads))
    if found.unused:
        lines.append('no place in the encoder: %s' % shown(grouped(found.unused)))
    if contents.slots:
        lines.append('%d variables of an optimizer, which are not loaded' % contents.slots)
    if contents.copies:
        lines.append('%d copies and buffers, which are not needed' % contents.copies)
    return lines


def grouped(names):
    """Names of variables; of those that are LAYER.k the layers, once each."""
    return sorted({name.rsplit('.', 1)[0] if name.rsplit('.', 1)[-1].isdigit() else name for name in names})


def shown(names, most=6):
    return ', '.join(names[:most]) + (', … (%d in all)' % len(names) if len(names) > most else '')


def model_lines(found):
    if found.model is None:
        return ['none of ours' if found.identity is not None else 'unknown']
    lines = ['%s (told by %s)' % (found.model, found.told_by)]
    identity = found.identity
    if identity is not None:
        lines.append('the checkpoint: %s' % identity)
        seen = 'heads cannot be seen'
        lines.extend('open: %s' % text for text in identity.unsure if not (found.config and seen in text))
    return lines


def preset_lines(found):
    from gplinker_kit.models.presets import PRESETS

    words = {True: '; cut texts into words first (jieba)', False: ''}
    lines = ['%s: %s%s' % (name, PRESETS[name].title, words[PRESETS[name].vocabulary.words]) for name in found.presets]
    return lines or ['none fits']


def config_lines(found):
    source = os.path.basename(found.config_path) if found.config_path else 'none in the folder'
    if found.preset:
        source += ', preset %s' % found.preset
    pairs = ['%s %s' % (key, found.config[key]) for key in CONFIG_KEYS if found.config.get(key) is not None]
    return [source] + wrapped(pairs)


def wrapped(words, width=96):
    """Words joined by commas, in lines of at most `width` columns."""
    lines = ['']
    for number, word in enumerate(words):
        word += ',' if number < len(words) - 1 else ''
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append('')
        lines[-1] += (' ' if lines[-1] else '') + word
    return lines


def vocabulary_lines(vocabulary):
    special = ' '.join(vocabulary.special) or 'none special'
    lines = ['%s: %s tokens, with %s' % (os.path.basename(vocabulary.path), '{:,}'.format(vocabulary.rows), special)]
    if vocabulary.missing:
        lines.append('not among them: %s' % ' '.join(vocabulary.missing))
    return lines + vocabulary.repeated


def load_lines(found):
    if found.loads:
        return ['yes: %s' % call(found)]
    rest = len(found.problems) - MOST_LINES
    return ['no'] + found.problems[:MOST_LINES] + (['… and %d more' % rest] if rest > 0 else [])


def call(found):
    """The call that loads what was inspected."""
    from gplinker_kit.models.pretrained_folder import is_model_folder

    if is_model_folder(found.path):
        return 'GPLinker.load(%r)' % found.path
    if found.preset:
        return 'build_transformer_model(checkpoint_path=%r, preset=%r)' % (found.path, found.preset)
    if os.path.isdir(found.path):
        return 'build_transformer_model(checkpoint_path=%r)' % found.path
    return 'build_transformer_model(%r, %r, model=%r)' % (found.config_path, found.path, found.model)
