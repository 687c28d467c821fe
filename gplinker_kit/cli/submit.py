"""Extracts events from a test file and writes the file that DuEE's evaluation server takes.

The test file has JSON lines with `id` and `text` (events are ignored). The submission has one line a text, in the same
order: {"id", "event_list": [{"event_type", "arguments": [{"role", "argument"}]}]}. Triggers are left out, and so are
events without arguments, equal events, and events whose arguments another event of the type has too (but for
--contained keep). Nothing is written before all texts are done.

Of documents (--corpus duee-fin, or a model that was trained on them) a text is a title and what stands below it; nested
events stay, because that score compares event with event.

The other choices are those of `gplinker evaluate`, so that what is handed in is what was measured. Events without a
trigger stay: DuEE's score counts arguments whether or not their event has one (the published scripts leave them out:
--trigger-policy drop).
"""

import sys

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, add_model_argument
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus
from gplinker_kit.cli.policies import add_policy_arguments, policy_from

HELP = "write DuEE's submission file"


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--data', required=True, metavar='FILE', help='test file: JSON lines with id and text')
    add_corpus_argument(parser)
    parser.add_argument('--output', required=True, metavar='FILE', help='submission file to write, such as duee.json')
    parser.add_argument('--zip', metavar='FILE', help='also write this archive with the submission in it, to upload')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.events.submission import submission_line, write_submission
    from gplinker_kit.gplinker import GPLinker

    corpus = chosen_corpus(options)
    policy = policy_from(options, corpus.policy)
    examples = corpus.read_texts(options.data)
    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    extractor = gplinker.extractor(policy, options.batch_size)
    with Progress('submit', len(examples)) as progress:
        extractions = extractor.extract([text for _, text in examples], progress)
    lines = [submission_line(example_id, extraction.events, policy.contained)
             for (example_id, _), extraction in zip(examples, extractions)]
    write_submission(options.output, lines, options.zip)
    bounded = sum(extraction.truncated for extraction in extractions)
    print('%d texts, %d events, %d texts without any%s, %.1f texts/s' % (
        len(lines), sum(len(line['event_list']) for line in lines), sum(not line['event_list'] for line in lines),
        ', %d texts that met a bound of the search' % bounded if bounded else '', progress.rate()), file=sys.stderr)
