"""Trains GPLinker and the systems that it is compared with, by one recipe on the same texts, and draws what came of it.

    gplinker   joint extraction: arguments, and links between them
    grouped    its argument head alone; all arguments of a type are one event
    pipeline   triggers first; then, with one of them marked in the text, its arguments by a second network
    crf        BIO tags of (type, role) by a CRF, the baseline of LIC2020; all arguments of a type are one event

Each network has the same encoder and makes the same number of steps; the pipeline has two of them and takes the time of
both. The weights are those of the last step. The thresholds of all systems are tuned alike: those of each half of the
dev sentences on the other half, for the sum of strict argument F1 and event F1; scores at thresholds 0 stand beside
them. --output gets the predictions of each run, and comparison.json, .csv, .md and .png of all finished runs; the
picture shows F1 against the share of sentences with several events. The same command goes on after a stop, and with
other --systems or --seeds it adds to what is there. A run that was made otherwise is not mixed in, but an error.
"""

import os

from gplinker_kit.baselines.names import NETWORKS, check_system
from gplinker_kit.cli.common import accelerate, add_acceleration_arguments, say
from gplinker_kit.cli.train import (
    add_corpus_arguments,
    add_encoder_arguments,
    learning_rate,
    model_settings,
    read_corpus,
)
from gplinker_kit.errors import DataError

HELP = 'train GPLinker and baselines by one recipe, and draw their scores'


def add_arguments(parser):
    add_corpus_arguments(parser)
    add_encoder_arguments(parser)
    recipe = parser.add_argument_group('the budget, the same for all')
    recipe.add_argument('--epochs', type=int, default=10, metavar='N', help='default: %(default)s')
    recipe.add_argument('--batch-size', type=int, default=16, metavar='N', help='default: %(default)s')
    recipe.add_argument('--learning-rate', type=float, metavar='X', help='default: 5e-4, with --pretrained 2e-5')
    recipe.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='N', help='default: 0')
    run = parser.add_argument_group('the run')
    run.add_argument('--systems', nargs='+', default=list(NETWORKS), metavar='NAME',
                     help='some of: %s (default: all)' % ', '.join(NETWORKS))
    run.add_argument('--output', required=True, metavar='DIR', help='folder of runs, tables and the picture')
    add_acceleration_arguments(parser, training=True)


def run(options):
    for name in options.systems:
        check_system(name)
    if os.path.exists(options.output) and not os.path.isdir(options.output):
        raise DataError('--output is a file; expected a folder', options.output)
    schema, train_examples, dev_examples, tokenizer = read_corpus(options)
    if not dev_examples:
        raise ValueError('no dev sentences to compare by: give --dev FILE')

    from gplinker_kit import backend
    from gplinker_kit.baselines.comparison import COMPARISON, Comparison
    from gplinker_kit.drawing import make_figure
    from gplinker_kit.recipe import Recipe

    make_figure(1, 1)  # a missing matplotlib is said before hours are spent
    accelerate(options)
    recipe = Recipe(epochs=options.epochs, batch_size=options.batch_size, learning_rate=learning_rate(options))
    say('stack: %s' % ', '.join('%s %s' % pair for pair in backend.versions().items()))
    os.makedirs(options.output, exist_ok=True)
    comparison = Comparison(options.output, model_settings(options, tokenizer), schema, tokenizer, train_examples,
                            dev_examples, recipe, say, options.pretrained)
    comparison.run(options.systems, options.seeds)
    path = os.path.join(options.output, COMPARISON)
    with open(path + '.md', encoding='utf-8') as stream:
        print(stream.read(), end='')
    say('%s.json, .csv, .md and .png' % path)
