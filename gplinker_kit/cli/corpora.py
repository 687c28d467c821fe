"""Which corpus files are of: --corpus or, of the commands with a model, what its folder says; and the reading of it."""

import os

from gplinker_kit.cli.common import say
from gplinker_kit.errors import DataError
from gplinker_kit.events.corpus import CORPORA, DUEE, find_corpus
from gplinker_kit.model_folder import current_version
from gplinker_kit.settings_file import read_values


def add_corpus_argument(parser, default=None):
    """Adds --corpus; `default` is the name of a corpus, or None for that of the model."""
    parser.add_argument(
        '--corpus', default=default, choices=tuple(CORPORA),
        help='how to read the lines: duee-fin has titles, which are part of the text, and no offsets (default: %s)' % (
            'what the model was trained on' if default is None else '%(default)s'))


def chosen_corpus(options):
    """Returns the Corpus of --corpus or, where that is not given, the one that the model of --model was trained on.

    Where the two differ, --corpus is followed, and a line says so. Without a model it is DuEE.

    Raises:
        DataError: as `current_version`, or a damaged config.json; ValueError: a corpus that is unknown here.
    """
    if options.model is None:
        return find_corpus(options.corpus or DUEE.name)
    recorded = find_corpus(read_values(current_version(options.model, options.which)).get('corpus', DUEE.name))
    if options.corpus in (None, recorded.name):
        return recorded
    say('%s was trained on %s; its texts are read and its events decoded as those of %s (--corpus)' % (
        options.model, recorded.name, options.corpus))
    return find_corpus(options.corpus)


def corpus_paths(options, corpus=DUEE):
    """Returns {'schema', 'train', 'dev'} of --data, --schema, --train and --dev; `dev` may be None.

    What stands in the place of a file can be a folder with the file in it, as an unpacked download is.
    """
    paths = {'schema': options.schema, 'train': options.train, 'dev': options.dev}
    if options.data is not None:
        if not os.path.isdir(options.data):
            raise DataError('no such folder (--data)', options.data)
        for key, name in corpus.files.items():
            if paths[key] is None:
                path = os.path.join(options.data, name)
                paths[key] = os.path.join(path, name) if os.path.isdir(path) else path
        if options.dev is None and not os.path.exists(paths['dev']):
            paths['dev'] = None
    missing = [key for key in ('schema', 'train') if paths[key] is None]
    if missing:
        raise ValueError('no corpus: give --data DIR, or --%s FILE' % ' FILE and --'.join(missing))
    return paths


def read_file(corpus, path, schema):
    """Returns the Examples of a file; says how many gold values no text has, where the corpus tells.

    Raises:
        DataError: what the corpus's reader refuses.
    """
    missing = []
    examples = corpus.read_labelled(path, schema, missing)
    if missing:
        first = missing[0]
        say('%d gold values do not occur in their document; the first: %s:%d: event %d (%s), role %r: %r' % (
            len(missing), path, first.line, first.event, first.event_type, first.role, first.text))
    return examples


def read_labelled(corpus, path, schema, purpose='compare with'):
    """Returns the Examples of a file that have gold events.

    Raises:
        DataError: what the corpus's reader refuses, and where no example has them.
    """
    examples = [example for example in read_file(corpus, path, schema) if example.events is not None]
    if not examples:
        raise DataError('no line has an event_list, so that there is nothing to %s' % purpose, path)
    return examples
