"""Writes one HTML page of sentences with their events: nested highlights, event cards, cliques, gold beside predicted.

Either --model extracts from FILE (lines of text, or lines of the corpus, whose event_list is then the gold), or
--predictions names what `gplinker extract` wrote, and --gold a file to compare it with. The page needs no network and
no server. Gold values of documents (--corpus duee-fin, or a model that was trained on them) have no place to mark.
"""

import sys
from itertools import islice

from gplinker_kit.cli.common import (
    Progress,
    accelerate,
    accelerated,
    add_acceleration_arguments,
    add_model_argument,
)
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus
from gplinker_kit.cli.policies import add_policy_arguments, policy_from
from gplinker_kit.events.corpus import DUEE

HELP = 'write a page to look at: sentences, events, gold against predicted'


def add_arguments(parser):
    parser.add_argument('file', nargs='?', metavar='FILE', help='sentences for --model')
    add_model_argument(parser, required=False)
    parser.add_argument('--predictions', metavar='FILE', help='DuEE lines with predicted events')
    parser.add_argument('--gold', metavar='FILE', help='lines of the corpus to compare --predictions with')
    add_corpus_argument(parser)
    parser.add_argument('--output', required=True, metavar='FILE', help='the page, for example events.html')
    parser.add_argument('--limit', type=int, metavar='N', help='only the first N sentences')
    parser.add_argument('--title', help='default: the name of the file')
    parser.add_argument('--match', default='multiset', choices=('multiset', 'set', 'lcs'),
                        help="the official score's common characters (default: %(default)s)")
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.files import atomic_write
    from gplinker_kit.view import render

    if (options.model is None) == (options.predictions is None):
        raise ValueError('give either --model DIR with a FILE of sentences, or --predictions FILE')
    if options.limit is not None and options.limit < 1:
        raise ValueError('--limit must be at least 1, got %d' % options.limit)
    if options.model is not None:
        if options.gold is not None:
            raise ValueError('--gold goes with --predictions; with --model the gold is the event_list of FILE')
        if options.file is None:
            raise ValueError('--model needs a FILE of sentences')
        corpus = chosen_corpus(options)
        policy = policy_from(options, corpus.policy)
        pairs = extracted(options, corpus, policy)
    else:
        if options.file is not None:
            raise ValueError('FILE %r goes with --model; with --predictions the sentences are in that file'
                             % options.file)
        if accelerated(options):
            raise ValueError('--precision and --xla go with --model; with --predictions no model runs')
        corpus = chosen_corpus(options)
        policy = policy_from(options, corpus.policy)
        pairs = read_pairs(options.predictions, options.gold, options.limit, corpus)
    title = options.title or 'Events of %s' % (options.file or options.predictions).replace('\\', '/').split('/')[-1]
    page = render(pairs, title=title, match=options.match, triggerless=policy.trigger_policy)
    with atomic_write(options.output) as stream:
        stream.write(page)
    print('%d sentences, %.1f MB: %s' % (len(pairs), len(page.encode('utf-8')) / 1e6, options.output), file=sys.stderr)


def extracted(options, corpus, policy):
    """Returns [(Extraction, Example)] of the sentences in a file."""
    from gplinker_kit.gplinker import GPLinker

    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    examples = read_sentences(options.file, gplinker.schema, options.limit, corpus)
    extractor = gplinker.extractor(policy, options.batch_size)
    with Progress('extract', len(examples)) as progress:
        extractions = extractor.extract([example.text for example in examples], progress)
    return list(zip(extractions, examples))


def read_sentences(path, schema, limit=None, corpus=DUEE):
    """Returns Examples: with gold where lines have an event_list, without where the file is lines of text."""
    from gplinker_kit.errors import DataError
    from gplinker_kit.events import Example
    from gplinker_kit.events.inputs import read_inputs

    lines = [line for line in islice(read_inputs(path, 'auto', corpus.name), limit) if line['text'].strip()]
    if not lines:
        raise DataError('there is no sentence', path)
    if any('event_list' in line for line in lines):
        return corpus.read_labelled(path, schema, None)[:limit]
    return [Example(line['text'], id=line.get('id')) for line in lines]


def read_pairs(predictions, gold=None, limit=None, corpus=DUEE):
    """Returns [(predicted Example, gold Example or None)], paired by their texts; equal texts in the order they come.

    Raises:
        DataError: predictions without event_list, or a gold file that has none of the predicted texts.
    """
    from gplinker_kit.errors import DataError
    from gplinker_kit.events import read_examples

    predicted = read_examples(predictions)
    if all(example.events is None for example in predicted):
        raise DataError('no line has an event_list; expected what `gplinker extract` writes', predictions)
    predicted = [example for example in predicted[:limit] if example.text.strip()]
    if gold is None:
        return [(example, None) for example in predicted]
    waiting = {}
    for example in reversed(corpus.read_labelled(gold, None, None)):
        waiting.setdefault(example.text, []).append(example)
    pairs = [(example, waiting[example.text].pop() if waiting.get(example.text) else None) for example in predicted]
    alone = sum(other is None for _, other in pairs)
    if alone == len(pairs):
        raise DataError('holds none of the texts in %s' % predictions, gold)
    if alone:
        print('%d of %d predicted sentences are not in %s' % (alone, len(pairs), gold), file=sys.stderr)
    left = sum(map(len, waiting.values()))
    if left and limit is None:
        print('%d sentences of %s were not predicted and are not shown' % (left, gold), file=sys.stderr)
    return pairs
