"""The options of the Policy, the same for every command that extracts events."""

from dataclasses import replace

from gplinker_kit.events.policy import CHOICES, DOCUMENTS, RECOMMENDED

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
    group = parser.add_argument_group('doubtful events')
    for name, words in WORDS.items():
        group.add_argument('--' + name.replace('_', '-'), choices=CHOICES[name], help='%s: %s (default: %s%s)' % (
            words, ' or '.join(CHOICES[name]), getattr(RECOMMENDED, name), _of_documents(name)))


def _of_documents(name):
    """Returns the words about another default for documents, or ''."""
    value = getattr(DOCUMENTS, name)
    return '' if value == getattr(RECOMMENDED, name) else '; for duee-fin: %s' % value


def policy_from(options, usual):
    """Returns the Policy that parsed options ask for: `usual`, that of the corpus, but for what is given."""
    return replace(usual, **{name: getattr(options, name) for name in WORDS if getattr(options, name) is not None})
