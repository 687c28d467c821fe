"""Which corpus a file is of, for the commands that read labelled texts and test files."""

from gplinker_kit.cli.common import say

CORPORA = ('duee', 'duee-fin')


def add_corpus_argument(parser):
    """Adds --corpus."""
    parser.add_argument(
        '--corpus', default=CORPORA[0], choices=CORPORA,
        help='how to read the lines: duee-fin has titles, which are part of the text, and no offsets '
             '(default: %(default)s)')


def read_labelled(options, schema):
    """Returns the Examples of --data that have gold events.

    Raises:
        DataError: what the corpus's reader refuses, and where no example has them.
    """
    from gplinker_kit.errors import DataError
    from gplinker_kit.events.duee import read_examples
    from gplinker_kit.events.duee_fin import read_documents

    if options.corpus == 'duee-fin':
        missing = []
        examples = read_documents(options.data, schema, missing)
        if missing:
            first = missing[0]
            say('%d gold values do not occur in their document; the first: %s:%d: event %d (%s), role %r: %r' % (
                len(missing), options.data, first.line, first.event, first.event_type, first.role, first.text))
    else:
        examples = read_examples(options.data, schema)
    examples = [example for example in examples if example.events is not None]
    if not examples:
        raise DataError('no line has an event_list, so that there is nothing to compare with', options.data)
    return examples


def read_unlabelled(options):
    """Returns the list of (id, text) of --data, a test file. Raises as the corpus's reader."""
    from gplinker_kit.events.duee_fin import read_document_texts
    from gplinker_kit.events.submission import read_texts

    return (read_document_texts if options.corpus == 'duee-fin' else read_texts)(options.data)
