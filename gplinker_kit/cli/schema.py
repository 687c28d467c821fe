"""Proposes a schema from annotated examples, or checks a corpus before a model is trained on it.

    gplinker schema propose FILE... --output FILE [--corpus CORPUS]
    gplinker schema check --data DIR [--corpus CORPUS] [--schema FILE] [--vocab FILE] [--max-length N] [--show N]
                          [--json FILE] [--strict]

`propose` reads labelled examples, in DuEE's format or that of --corpus, writes the event types and roles that occur as
a schema, the most frequent first, and prints how often each is there and what looks like a slip.

`check` prints what is wrong in a corpus, the most serious first, with file and line: words that do not stand at their
offsets, names that the schema lacks or that never occur, duplicates, dev texts that are in train, events that linked
pairs cannot express; and, where there is a vocabulary, arguments that are no whole tokens and texts longer than the
model reads. Its exit status is 1 where there is an error (or, with --strict, a warning), 0 where there is none, and 2
where it could not check. `gplinker schema check --help` has all its options.
"""

from gplinker_kit.cli.common import say, vocabulary_path
from gplinker_kit.cli.corpora import add_corpus_argument, corpus_paths
from gplinker_kit.events.corpus import DUEE, find_corpus

HELP = 'propose a schema from examples, or check a corpus'


def add_arguments(parser):
    actions = parser.add_subparsers(dest='action', metavar='propose|check', required=True)
    propose = actions.add_parser('propose', help='write the schema of annotated examples')
    propose.add_argument('files', nargs='+', metavar='FILE', help='labelled examples')
    add_corpus_argument(propose, DUEE.name)
    propose.add_argument('--output', required=True, metavar='FILE', help='schema to write')
    check = actions.add_parser('check', help='say what is wrong in a corpus')
    check.add_argument('--data', metavar='DIR', help='folder with the three files below')
    add_corpus_argument(check, DUEE.name)
    check.add_argument('--schema', metavar='FILE',
                       help='default: DIR/duee_event_schema.json, of duee-fin duee_fin_event_schema.json, and so on')
    check.add_argument('--train', metavar='FILE', help='default: DIR/duee_train.json')
    check.add_argument('--dev', metavar='FILE', help='default: DIR/duee_dev.json where it exists')
    check.add_argument('--vocab', metavar='FILE', help='default: DIR/vocab.txt where it exists')
    check.add_argument('--cased', action='store_true', help='do not lower-case texts')
    check.add_argument('--max-length', type=int, default=256, metavar='N',
                       help='tokens that the model reads, as for gplinker train (default: %(default)s)')
    check.add_argument('--typed-links', action='store_true',
                       help='each event type has links of its own, as in training')
    check.add_argument('--rare', type=int, default=10, metavar='N',
                       help='a label with fewer examples in train is rare (default: %(default)s)')
    check.add_argument('--show', type=int, default=5, metavar='N',
                       help='places that are listed of each kind, 0 for all (default: %(default)s)')
    check.add_argument('--strict', action='store_true', help='warnings too make the exit status 1')
    check.add_argument('--json', metavar='FILE', help='also write all findings as JSON lines')


def run(options):
    return {'propose': propose, 'check': check}[options.action](options)


def propose(options):
    from gplinker_kit.events.duee import write_schema
    from gplinker_kit.events.proposing import propose_schema

    corpus = find_corpus(options.corpus)
    examples = [example for path in options.files for example in corpus.read_labelled(path)]
    proposal = propose_schema(examples, ', '.join(options.files))
    write_schema(options.output, proposal.schema)
    print(proposal)
    say('%s: read it, correct it, then gplinker schema check' % options.output)


def check(options):
    from gplinker_kit.events.checking import check_corpus
    from gplinker_kit.events.duee import dump_line
    from gplinker_kit.events.findings import ERROR, WARNING
    from gplinker_kit.files import atomic_write
    from gplinker_kit.tokenizers import Tokenizer

    for name, least in (('max_length', 3), ('show', 0), ('rare', 0)):
        if getattr(options, name) < least:
            raise ValueError('--%s must be at least %d, got %d'
                             % (name.replace('_', '-'), least, getattr(options, name)))
    corpus = find_corpus(options.corpus)
    paths = corpus_paths(options, corpus)
    try:
        vocabulary = vocabulary_path(options.vocab, [options.data])
    except ValueError:
        vocabulary = None
    tokenizer = None if vocabulary is None else Tokenizer(vocabulary, do_lower_case=not options.cased)
    found = check_corpus(paths['schema'], paths['train'], paths['dev'], tokenizer, options.max_length, options.rare,
                         options.typed_links, corpus)
    print(found.report(options.show or None))
    if tokenizer is None:
        say('not checked without --vocab: arguments against tokens, texts against --max-length')
    if options.json is not None:
        with atomic_write(options.json) as stream:
            for finding in found.findings.as_dicts():
                stream.write(dump_line(finding) + '\n')
    wrong = found.findings.count(ERROR) + (found.findings.count(WARNING) if options.strict else 0)
    return 1 if wrong else 0
