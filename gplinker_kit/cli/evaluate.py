"""Extracts events from labelled sentences and prints how good they are: strict and official scores together."""

import sys

HELP = 'score a model on labelled sentences'


def add_arguments(parser):
    parser.add_argument('--model', required=True, metavar='DIR', help='model folder')
    parser.add_argument('--data', required=True, metavar='FILE', help='DuEE-format sentences with event_list')
    parser.add_argument('--match', default='multiset', choices=('multiset', 'set', 'lcs'),
                        help="the official score's common characters (default: %(default)s)")
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    parser.add_argument('--json', metavar='FILE', help='also write the scores here')


def run(options):
    from gplinker_kit.cli.common import Progress
    from gplinker_kit.errors import DataError
    from gplinker_kit.events import read_examples
    from gplinker_kit.files import write_json
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.training import evaluate

    gplinker = GPLinker.load(options.model)
    examples = read_examples(options.data, gplinker.schema)
    examples = [example for example in examples if example.events is not None]
    if not examples:
        raise DataError('no line has an event_list, so that there is nothing to compare with', options.data)
    with Progress('evaluate', len(examples)) as progress:
        scores = evaluate(gplinker, examples, options.batch_size, progress, match=options.match)
    print(scores.table())
    print('%d sentences, %.1f sentences/s' % (len(examples), progress.rate()), file=sys.stderr)
    if options.json is not None:
        write_json(options.json, scores.as_dict())
