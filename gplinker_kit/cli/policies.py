"""The options of the Policy, the same for every command that extracts events."""

from dataclasses import replace

WORDS = {
    'trigger_policy': 'events without a trigger',
    'unlinked': 'a span without a link to another one of its type: an event of its own, left out, or joined to the '
                'best-scoring event of the type',
    'contained': 'events whose arguments another event of the type has too',
    'same_span': 'roles of one span: in one event without a link, or only with one',
    'same_text': 'mentions of one text: spans of their own, or one span with all their roles and links (for corpora '
                 'without offsets)',
}


def add_policy_arguments(parser):
    """Adds one option for each choice of the Policy; `policy_from` fills in what is not given."""
    from gplinker_kit.events.policy import CHOICES, RECOMMENDED

    group = parser.add_argument_group('doubtful events')
    for name, words in WORDS.items():
        group.add_argument('--' + name.replace('_', '-'), choices=CHOICES[name], help='%s: %s (default: %s%s)' % (
            words, ' or '.join(CHOICES[name]), getattr(RECOMMENDED, name), _of_documents(parser, name)))


def _of_documents(parser, name):
    """Returns the words about another default of the command's other corpus; call it after `add_corpus_argument`."""
    from gplinker_kit.events.policy import DOCUMENTS, RECOMMENDED

    value = getattr(DOCUMENTS, name)
    if value == getattr(RECOMMENDED, name) or parser.get_default('corpus') is None:
        return ''
    return '; for duee-fin: %s' % value


def policy_from(options):
    """Returns the Policy that parsed options ask for: the recommended one of the corpus, but for what is given."""
    from gplinker_kit.events.policy import DOCUMENTS, RECOMMENDED

    usual = DOCUMENTS if getattr(options, 'corpus', None) == 'duee-fin' else RECOMMENDED
    return replace(usual, **{name: getattr(options, name) for name in WORDS if getattr(options, name) is not None})
