"""Extracts events from text: lines of text, or JSON lines with a key `text`, from files or standard input.

Writes one JSON line an input line, in input order: the input's other keys, `text`, `event_list` with scores, and
`truncated` where a bound was met. A text of any length is read to its end. --tree prints a tree for people instead.
With --corpus duee-fin, `text` is that of the document, its title in front, as in training.
"""

import os
import sys
from collections import deque

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, add_model_argument
from gplinker_kit.cli.corpora import add_corpus_argument
from gplinker_kit.cli.policies import add_policy_arguments, policy_from

HELP = 'extract events from text'
FORMATS = ('auto', 'text', 'jsonl')


def add_arguments(parser):
    parser.add_argument('files', nargs='*', metavar='FILE', help='default: standard input')
    add_model_argument(parser)
    parser.add_argument('--format', default='auto', choices=FORMATS,
                        help='auto: JSON lines where the first line begins with {, else lines of text')
    add_corpus_argument(parser)
    parser.add_argument('--output', metavar='FILE', help='write here, when all is done, instead of standard output')
    parser.add_argument('--tree', action='store_true', help='print trees, not JSON')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.files import atomic_write

    for path in options.files:  # all of a file is checked before the first event is written; a pipe is read only once
        if os.path.isfile(path) or not os.path.exists(path):
            for _ in read_inputs(path, options.format, options.corpus):
                pass
    if options.output is None:
        if hasattr(sys.stdout, 'reconfigure'):
            sys.stdout.reconfigure(encoding='utf-8')  # as files are written, whatever the locale
        write(options, sys.stdout)
    else:
        with atomic_write(options.output) as stream:
            write(options, stream)


def write(options, stream):
    """Extracts from all inputs and writes the results to `stream`."""
    from gplinker_kit.gplinker import GPLinker

    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    extractor = gplinker.extractor(policy_from(options), options.batch_size)
    lines = deque()

    def texts():
        for path in options.files or ['-']:
            for line in read_inputs(path, options.format, options.corpus):
                lines.append(line)
                yield line['text']

    with Progress('extract') as progress:
        for number, extraction in enumerate(extractor.iter_extract(texts()), 1):
            line = lines.popleft()
            stream.write(render(line, extraction, gplinker.schema, options.tree) + '\n')
            progress(number)
    stream.flush()
    print('%d texts, %.1f texts/s' % (progress.done, progress.rate()), file=sys.stderr)


def render(line, extraction, schema, tree):
    """Returns what is written for one input."""
    from gplinker_kit.events import event_to_json, event_tree
    from gplinker_kit.events.duee import dump_line

    if tree:
        return event_tree(extraction.events, extraction.text).encode('utf-8', 'backslashreplace').decode('utf-8') + '\n'
    result = dict(line, event_list=[event_to_json(event, schema) for event in extraction.events])
    for key in ('truncated', 'truncated_text'):  # of an earlier extraction
        result.pop(key, None)
    if extraction.truncated:
        result['truncated'] = list(extraction.limits)
    return dump_line(result)


def read_inputs(path, form, corpus='duee'):
    """Yields one dict with the key `text` a line of a file ('-': standard input).

    Raises:
        DataError: with file and line, what is wrong with it.
    """
    from gplinker_kit.errors import DataError
    from gplinker_kit.events.duee_fin import as_document

    name = 'standard input' if path == '-' else path
    try:
        stream = sys.stdin.buffer if path == '-' else open(path, 'rb')
    except FileNotFoundError:
        raise DataError('no such file', path) from None
    with stream:
        blank = 0  # lines before the first that tells the format
        for number, raw in enumerate(stream, 1):
            try:
                line = raw.decode('utf-8-sig' if number == 1 else 'utf-8').rstrip('\r\n')
            except UnicodeDecodeError as error:
                raise DataError('not UTF-8 text (%s)' % error, name, number) from None
            if form == 'auto':
                if not line.strip():
                    blank += 1
                    continue
                form = 'jsonl' if line.lstrip().startswith('{') else 'text'
                if form == 'text':
                    for _ in range(blank):
                        yield {'text': ''}
            if form == 'text':
                yield {'text': line}
            elif line.strip():
                value = read_object(line, name, number)
                yield as_document(value, name, number) if corpus == 'duee-fin' else value
        if form == 'auto':
            for _ in range(blank):
                yield {'text': ''}


def refuse(constant):
    """JSON knows no NaN and no infinity; Python's reader does."""
    raise ValueError('%s is no JSON number' % constant)


def read_object(line, name, number):
    """Returns the object of one JSON line, checked for a str under `text`."""
    from gplinker_kit.errors import DataError, hint
    from gplinker_kit.files import parse_object

    value = parse_object(line, name, number, parse_constant=refuse)
    if not isinstance(value.get('text'), str):
        found = "no key 'text'.%s" % hint('text', value) if 'text' not in value else (
            "'text' must be a string, got %s" % type(value['text']).__name__)
        raise DataError(found, name, number)
    return value
