"""Trains GPLinker for triples on DuIE, from its files to the archive to hand in.

    gplinker duie --data DIR --model DIR --output runs/duie --seeds 0 1 2

--data holds duie_schema.json, duie_train.json, duie_dev.json and maybe duie_test2.json (or duie_test1.json); or, of
DuIE 1.0, all_50_schemas, train_data.json, dev_data.json and maybe test2_data_postag.json (or test1). The objects in the
schema tell the version. Each seed has a model folder in --output, seed-N, that holds the epoch with the best official
F1 on the dev examples; results.json has their scores. The best seed predicts the test file where it is there, into
predictions.json and predictions.json.zip.
"""

import os

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, say
from gplinker_kit.cli.task_runs import (
    add_encoder_arguments,
    add_recipe_arguments,
    add_run_arguments,
    check_output,
    check_paths,
    train_task,
)
from gplinker_kit.events.occurrences import OCCURRENCES

HELP = 'train GPLinker for triples on DuIE 1.0 or 2.0, and write what is handed in'
OPTIONS = ('occurrences', 'stride', 'head_size')  # see `tasks.kinds.task_options`
SUBMISSION = 'submission'


def add_arguments(parser):
    data = parser.add_argument_group('files')
    data.add_argument('--data', metavar='DIR', help='folder of the files above')
    data.add_argument('--output', metavar='DIR', help='folder to write')
    data.add_argument('--submission', metavar='DIR', help='folder of predictions (default: submission in --output)')
    encoder = add_encoder_arguments(parser)
    encoder.add_argument('--stride', type=int, metavar='N',
                         help='tokens between windows of a text longer than --max-length (default: half of one)')
    encoder.add_argument('--head-size', type=int, metavar='N', help='width of the pointers (default: 64)')
    encoder.add_argument('--occurrences', choices=OCCURRENCES,
                         help='which mentions of its words a triple of the training files means (default: first, as '
                              'published)')
    add_recipe_arguments(parser, ('adam', 'adamw'),
                         'Adam at a constant rate, as published, or AdamW with warm-up and decay (default: '
                         '%(default)s)', '2e-5; from scratch 5e-4')
    add_run_arguments(parser)
    add_acceleration_arguments(parser, training=True)


def run(options):
    from gplinker_kit.relations import find_files, read_schema

    check_paths(options)
    schema = read_schema(find_files(options.data).schema)
    check_output(options)

    from gplinker_kit.tasks.corpora import DuieTask

    accelerate(options)
    say('DuIE %s, predicates: %d, links: %d' % ('2.0' if schema.nested else '1.0', len(schema.predicates), len(schema)))
    model, seed, recipe = train_task(options, DuieTask, OPTIONS, schema)
    hand_in(model, options, seed, recipe.batch_size)


def hand_in(model, options, seed, batch_size):
    """Predicts the test file if there is one, and writes what is handed in."""
    from gplinker_kit.relations import Example, find_files, write_submission

    path = find_files(options.data).test
    if not os.path.exists(path):
        say('%s is not there: nothing to hand in' % path)
        return
    examples = model.read(options.data, 'test')
    with Progress('predict') as progress:
        predictions = model.predict(examples, batch_size, progress)
    found = [Example(example.text, one.triples) for example, one in zip(examples, predictions)]
    cut = sum(one.truncated for one in predictions)
    say('%s: %d texts, %d triples, seed %d, %.1f a second%s' % (
        write_submission(options.submission or os.path.join(options.output, SUBMISSION), found, model.task.schema),
        len(found), sum(len(example.triples) for example in found), seed, progress.rate(),
        '; %d texts have more than is looked at' % cut if cut else ''))
