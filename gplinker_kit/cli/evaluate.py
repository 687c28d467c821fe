"""Extracts events from labelled sentences and prints how good they are: strict and official scores together.

With --trigger-policy drop, gold events without a trigger are left out of the strict event score as well. Of documents
(--corpus duee-fin, or a model that was trained on them) positions do not count, and the official DuEE-fin score is
printed too, that of the events which `gplinker submit` would hand in.
"""

import sys

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, add_model_argument
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus, read_labelled
from gplinker_kit.cli.policies import add_policy_arguments, policy_from

HELP = 'score a model on labelled sentences'


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--data', required=True, metavar='FILE', help='DuEE-format sentences with event_list')
    add_corpus_argument(parser)
    parser.add_argument('--match', default='multiset', choices=('multiset', 'set', 'lcs'),
                        help="the official score's common characters (default: %(default)s)")
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    parser.add_argument('--json', metavar='FILE', help='also write the scores here, and the policy')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.events import score_events
    from gplinker_kit.events.official_fin import require_matching, score_submissions, table
    from gplinker_kit.files import write_json
    from gplinker_kit.gplinker import GPLinker

    corpus = chosen_corpus(options)
    policy, of_documents = policy_from(options, corpus.policy), not corpus.positions
    if of_documents:
        require_matching('optimal')
    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    examples = read_labelled(corpus, options.data, gplinker.schema)
    with Progress('evaluate', len(examples)) as progress:
        extractor = gplinker.extractor(policy, options.batch_size)
        extractions = extractor.extract([example.text for example in examples], progress)
    gold, found = [example.events for example in examples], [extraction.events for extraction in extractions]
    scores = score_events(gold, found, match=options.match, triggerless=policy.trigger_policy,
                          positions=not of_documents)
    print(scores.table())
    written = dict(scores.as_dict(), policy=policy.to_dict())
    if of_documents:
        counts = score_submissions(gold, found, policy.contained)
        print(table(counts))
        written['official_fin'] = {name: one.as_dict() for name, one in counts.items()}
    print('%d sentences, %.1f sentences/s' % (len(examples), progress.rate()), file=sys.stderr)
    if options.json is not None:
        write_json(options.json, written)
