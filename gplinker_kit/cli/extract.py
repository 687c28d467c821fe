"""Extracts events from text: lines of text, or JSON lines with a key `text`, from files or standard input.

Writes one JSON line an input line, in input order: the input's other keys, `text`, `event_list` with scores, and
`truncated` where a bound was met. A text of any length is read to its end. --tree prints a tree for people instead.
Of documents (--corpus duee-fin, or a model that was trained on them) `text` is that of the document, its title in
front, as in training.

A folder that `gplinker export --format onnx` has written is run by onnxruntime, without TensorFlow or Keras.

--engine ray is for millions of texts: several processes, and a run that goes on where one was stopped, or lost a
worker. It writes the same bytes; see docs/bulk_extraction.md. It needs pip install 'gplinker-kit[ray]'.
"""

import os
import sys
from collections import deque

from gplinker_kit.cli.common import (
    Progress,
    acceleration,
    add_acceleration_arguments,
    add_model_argument,
    say,
)
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus
from gplinker_kit.cli.policies import add_policy_arguments, policy_from
from gplinker_kit.events.inputs import FORMATS, read_inputs

HELP = 'extract events from text'


def add_arguments(parser):
    parser.add_argument('files', nargs='*', metavar='FILE', help='default: standard input')
    add_model_argument(parser)
    parser.add_argument('--format', default='auto', choices=FORMATS,
                        help='auto: JSON lines where the first line begins with {, else lines of text')
    add_corpus_argument(parser)
    parser.add_argument('--output', metavar='FILE', help='write here, when all is done, instead of standard output')
    parser.add_argument('--tree', action='store_true', help='print trees, not JSON')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    group = parser.add_argument_group('many texts')
    group.add_argument('--engine', default='single', choices=('single', 'ray'),
                       help='single: this process (default). ray: workers, each with a model of its own, and shards '
                            'of the output in the folder FILE.shards until all is done')
    group.add_argument('--workers', type=int, metavar='N', help='of --engine ray (default: 1)')
    group.add_argument('--shard-size', type=int, default=2048, metavar='N',
                       help='texts that are sorted into batches together, and are one shard of --engine ray '
                            '(default: %(default)s)')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.files import atomic_write

    if options.shard_size < 1:
        raise ValueError('--shard-size must be at least 1, got %d' % options.shard_size)
    if options.engine == 'ray':
        return run_in_shards(options)
    if options.workers is not None:
        raise ValueError('--workers is for --engine ray')
    corpus = chosen_corpus(options)
    for path in options.files:  # all of a file is checked before the first event is written; a pipe is read only once
        if os.path.isfile(path) or not os.path.exists(path):
            for _ in read_inputs(path, options.format, corpus.name):
                pass
    if options.output is None:
        if hasattr(sys.stdout, 'reconfigure'):
            sys.stdout.reconfigure(encoding='utf-8')  # as files are written, whatever the locale
        write(options, corpus, sys.stdout)
    else:
        with atomic_write(options.output) as stream:
            write(options, corpus, stream)


def write(options, corpus, stream):
    """Extracts from all inputs and writes the results to `stream`."""
    from gplinker_kit.loading import load_extractor

    extractor = load_extractor(options.model, options.batch_size, policy_from(options, corpus.policy), options.which,
                               acceleration(options))
    lines = deque()

    def texts():
        for path in options.files or ['-']:
            for line in read_inputs(path, options.format, corpus.name):
                lines.append(line)
                yield line['text']

    with Progress('extract') as progress:
        for number, extraction in enumerate(extractor.iter_extract(texts(), options.shard_size), 1):
            line = lines.popleft()
            stream.write(render(line, extraction, extractor.schema, options.tree) + '\n')
            progress(number)
    stream.flush()
    print('%d texts, %.1f texts/s' % (progress.done, progress.rate()), file=sys.stderr)


def render(line, extraction, schema, tree):
    """Returns what is written for one input."""
    from gplinker_kit.events import event_tree
    from gplinker_kit.events.duee import extraction_line

    if tree:
        return event_tree(extraction.events, extraction.text).encode('utf-8', 'backslashreplace').decode('utf-8') + '\n'
    return extraction_line(line, extraction, schema)


def run_in_shards(options):
    """Extracts with --engine ray. No model is built in this process."""
    from functools import partial

    from gplinker_kit.bulk import extract_in_shards
    from gplinker_kit.bulk.ray_pool import RayPool, import_ray
    from gplinker_kit.bulk.worker import load_extractor
    from gplinker_kit.model_folder import current_version

    if options.tree:
        raise ValueError('--engine ray writes JSON lines: leave --tree out')
    if options.output is None:
        raise ValueError('--engine ray needs --output: what is done lies beside it until all is')
    pool = RayPool(1 if options.workers is None else options.workers)
    import_ray()
    version, corpus = os.path.abspath(current_version(options.model, options.which)), chosen_corpus(options)
    policy = policy_from(options, corpus.policy)
    load = partial(load_extractor, version, policy, options.batch_size, acceleration(options))
    with Progress('extract') as progress:

        def report(done, total):
            progress.bar.total = total
            progress(done)

        texts, before = extract_in_shards(
            options.files or ['-'], options.output, load, shard_facts(options, version, corpus, policy), pool,
            options.shard_size, options.format, corpus.name, report, say,
        )  # fmt: skip
    rest, rate = texts - before, (texts - before) / texts * progress.rate() if texts else 0
    say('%d texts, %d of them by an earlier run; %d texts, %.1f texts/s by this one' % (texts, before, rest, rate)
        if before else '%d texts, %.1f texts/s' % (texts, rate))


def shard_facts(options, version, corpus, policy):
    """Returns what an extraction in shards depends on, besides its input."""
    from dataclasses import asdict

    from gplinker_kit import __version__
    from gplinker_kit.bulk.manifest import model_facts

    names = ('format', 'batch_size', 'shard_size', 'precision', 'xla', 'no_lazy_compilation')
    return {
        'gplinker_kit': __version__, 'model': model_facts(version), 'policy': asdict(policy),
        'option': dict({name: getattr(options, name) for name in names}, corpus=corpus.name),
    }  # fmt: skip
