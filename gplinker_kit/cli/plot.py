"""Draws what is in a model folder, or what the model makes of a sentence or a file, as PNG. KIND is one of

    training    loss and dev scores by epoch (the default)
    thresholds  precision, recall and F1 by threshold
    scores      --text: the scores of every span for one label (--event-type, --role), and of head and tail links
    confusion   --data: which roles of gold were taken for which, counted
    attention   --text: the attention weights of the encoder (--layers, --heads)

Chinese tokens need a font that has them: an installed one, or --font FILE.
"""

import os
import sys

from gplinker_kit.cli.common import add_model_argument
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus, read_labelled
from gplinker_kit.cli.policies import WORDS, add_policy_arguments, policy_from

HELP = 'draw curves, score maps, confused roles or attention of a model as PNG'
KINDS = ('training', 'thresholds', 'scores', 'confusion', 'attention')
# What each of these options belongs to.
OWN = {
    'text': ('scores', 'attention'), 'event_type': ('scores',), 'role': ('scores',), 'item': ('scores',),
    'data': ('confusion',), 'roles': ('confusion',), 'layers': ('attention',), 'heads': ('attention',),
    'font': ('scores', 'confusion', 'attention'), 'corpus': ('confusion',),
    **dict.fromkeys(WORDS, ('confusion',)),
}


def add_arguments(parser):
    parser.add_argument('kind', nargs='?', choices=KINDS, metavar='KIND', help=', '.join(KINDS))
    add_model_argument(parser)
    parser.add_argument('--output', required=True, metavar='FILE', help='the picture, for example curves.png')
    parser.add_argument('--kind', dest='kind_option', choices=KINDS, help='the same as KIND')
    parser.add_argument('--text', help='scores, attention: the sentence')
    parser.add_argument('--event-type', metavar='TYPE', help='scores: of the label')
    parser.add_argument('--role', help='scores: of the label (default: the trigger)')
    parser.add_argument('--item', help='scores: of the label, where the role has items')
    parser.add_argument('--data', metavar='FILE', help='confusion: sentences with event_list')
    parser.add_argument('--roles', type=int, metavar='N', help='confusion: most rows, the rest together (default: 25)')
    parser.add_argument('--layers', metavar='LIST', help='attention: numbers from 0, such as 0,3-5 (default: the last)')
    parser.add_argument('--heads', metavar='LIST', help='attention: as --layers (default: all)')
    parser.add_argument('--font', metavar='FILE', help='of the tokens and roles, .otf, .ttf or .ttc')
    add_corpus_argument(parser)
    add_policy_arguments(parser)


def run(options):
    if options.kind and options.kind_option and options.kind != options.kind_option:
        raise ValueError('KIND %s and --kind %s contradict each other' % (options.kind, options.kind_option))
    kind = options.kind or options.kind_option or 'training'
    for name, kinds in OWN.items():
        if getattr(options, name) is not None and kind not in kinds:
            raise ValueError('--%s goes with %s, not with %s' % (name.replace('_', '-'), ' and '.join(kinds), kind))
    draw = {'scores': draw_scores, 'confusion': draw_confusion, 'attention': draw_attention}.get(kind, draw_curves)
    draw(options, kind)
    print(options.output, file=sys.stderr)


def draw_curves(options, kind):
    """Draws from the files of the model folder alone."""
    from gplinker_kit import plots
    from gplinker_kit.errors import DataError
    from gplinker_kit.files import read_json
    from gplinker_kit.model_folder import current_version

    version = current_version(options.model, options.which)
    name = {'training': 'history.json', 'thresholds': 'threshold_curves.json'}[kind]
    path = os.path.join(version, name)
    if kind == 'thresholds' and not os.path.exists(path):
        raise DataError('this model has no %s: its thresholds were not tuned' % name, version)
    values = read_json(path)
    try:
        if kind == 'training':
            plots.training_curves(values, options.output)
        else:
            thresholds = read_json(os.path.join(version, 'thresholds.json'))
            plots.threshold_curves(values, thresholds, options.output)
    except ValueError as error:
        raise DataError(str(error), path) from error


def draw_scores(options, kind):
    from gplinker_kit.events import TRIGGER
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.map_plots import plot_scores
    from gplinker_kit.maps import score_maps

    _require(options, kind, 'text', 'event_type')
    gplinker = GPLinker.load(options.model, options.which)
    role = TRIGGER if options.role is None else options.role
    maps = score_maps(gplinker, options.text, options.event_type, role, options.item)
    label = '/'.join(part for part in (options.event_type, role, options.item) if part is not None)
    plot_scores(maps, label, options.output, options.font)


def draw_confusion(options, kind):
    from gplinker_kit.events.confusion import role_confusion
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.map_plots import plot_confusion

    _require(options, kind, 'data')
    corpus = chosen_corpus(options)
    policy = policy_from(options, corpus.policy)
    gplinker = GPLinker.load(options.model, options.which)
    examples = read_labelled(corpus, options.data, gplinker.schema)
    extractions = gplinker.extract([example.text for example in examples], policy=policy)
    pairs = [(example.events, extraction.events) for example, extraction in zip(examples, extractions)]
    most = 25 if options.roles is None else options.roles
    plot_confusion(role_confusion(pairs, corpus.positions, most), options.output, options.font)


def draw_attention(options, kind):
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.map_plots import plot_attention
    from gplinker_kit.maps import attention_maps

    _require(options, kind, 'text')
    gplinker = GPLinker.load(options.model, options.which)
    tokens, maps = attention_maps(gplinker, options.text)
    weights = list(maps.values())
    layers = chosen('layers', options.layers, len(weights), [len(weights) - 1])
    heads = chosen('heads', options.heads, len(weights[0]), range(len(weights[0])))
    pictures = [('layer %d, head %d' % (k, head), weights[k][head]) for k in layers for head in heads]
    plot_attention(tokens, pictures, options.output, options.font)


def chosen(name, given, count, default):
    """Returns the numbers that a list such as '0,3-5' names; a ValueError where one is not below `count`."""
    if given is None:
        return list(default)
    numbers = []
    for part in given.split(','):
        first, dash, last = part.strip().partition('-')
        last = last if dash else first
        if not first.isdigit() or not last.isdigit():
            raise ValueError('--%s takes numbers and ranges such as 0,3-5, got %r' % (name, given))
        numbers.extend(range(int(first), int(last) + 1))
    wrong = [number for number in numbers if number >= count]
    if wrong or not numbers:
        raise ValueError('--%s must lie between 0 and %d, got %r' % (name, count - 1, given))
    return numbers


def _require(options, kind, *names):
    for name in names:
        if getattr(options, name) is None:
            raise ValueError('%s needs --%s' % (kind, name.replace('_', '-')))
