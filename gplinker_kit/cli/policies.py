"""The options of the Policy, the same for every command that extracts events."""

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
    """Adds one option for each choice of the Policy, with the recommended one as the default of every command."""
    from gplinker_kit.events.policy import CHOICES, RECOMMENDED

    group = parser.add_argument_group('doubtful events')
    for name, words in WORDS.items():
        group.add_argument(
            '--' + name.replace('_', '-'), default=getattr(RECOMMENDED, name), choices=CHOICES[name],
            help='%s: %s (default: %%(default)s)' % (words, ' or '.join(CHOICES[name])),
        )


def policy_from(options):
    """Returns the Policy that parsed options ask for."""
    from gplinker_kit.events.policy import Policy

    return Policy(**{name: getattr(options, name) for name in WORDS})
