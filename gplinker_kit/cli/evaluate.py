"""Extracts events from labelled sentences and prints how good they are: strict and official scores together.

With --trigger-policy drop, gold events without a trigger are left out of the strict event score as well.
"""

import sys

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, add_model_argument
from gplinker_kit.cli.policies import add_policy_arguments, policy_from

HELP = 'score a model on labelled sentences'


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--data', required=True, metavar='FILE', help='DuEE-format sentences with event_list')
    parser.add_argument('--match', default='multiset', choices=('multiset', 'set', 'lcs'),
                        help="the official score's common characters (default: %(default)s)")
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    parser.add_argument('--json', metavar='FILE', help='also write the scores here, and the policy')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.errors import DataError
    from gplinker_kit.events import read_examples, score_events
    from gplinker_kit.files import write_json
    from gplinker_kit.gplinker import GPLinker

    policy = policy_from(options)
    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    examples = read_examples(options.data, gplinker.schema)
    examples = [example for example in examples if example.events is not None]
    if not examples:
        raise DataError('no line has an event_list, so that there is nothing to compare with', options.data)
    with Progress('evaluate', len(examples)) as progress:
        extractor = gplinker.extractor(policy, options.batch_size)
        extractions = extractor.extract([example.text for example in examples], progress)
    scores = score_events(
        [example.events for example in examples], [extraction.events for extraction in extractions],
        match=options.match, triggerless=policy.trigger_policy,
    )
    print(scores.table())
    print('%d sentences, %.1f sentences/s' % (len(examples), progress.rate()), file=sys.stderr)
    if options.json is not None:
        write_json(options.json, dict(scores.as_dict(), policy=policy.to_dict()))
