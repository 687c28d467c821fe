"""Trains one of CLUE's tasks, from its files to the archive to hand in; or prints what was reached.

    gplinker clue tnews --data DIR --model DIR --output runs/tnews --seeds 0 1 2
    gplinker clue table runs/tnews runs/ocnli

Each seed has a model folder in --output, seed-N, that holds the best epoch on the dev examples; results.json has their
scores. The best seed predicts all test files that are there, and submit.zip holds what CLUE takes. `table` prints a
Markdown table of several outputs beside published results.
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
from gplinker_kit.clue.choice_features import LAYOUTS
from gplinker_kit.clue.classification import MARKS
from gplinker_kit.clue.tasks import TASKS, find_task
from gplinker_kit.errors import hint

HELP = "train and hand in one of CLUE's tasks, or print a table of results"
TABLE = 'table'
OPTIONS = ('marks', 'layout', 'stride', 'pointer', 'head_size', 'crf_rate')  # of tasks, see `tasks.kinds.task_options`
SUBMISSION = 'submission'


def add_arguments(parser):
    parser.add_argument('task', metavar='TASK', help='one of %s; or table' % ', '.join(TASKS))
    parser.add_argument('folders', nargs='*', metavar='DIR', help='with table: --output of finished trainings')
    data = parser.add_argument_group('files')
    data.add_argument('--data', metavar='DIR', help="folder of the task's files, under the names that CLUE gives them")
    data.add_argument('--output', metavar='DIR', help='folder to write')
    data.add_argument('--submission', metavar='DIR',
                      help='folder of predictions and submit.zip; one folder can take those of all tasks (default: '
                           'submission in --output)')
    encoder = add_encoder_arguments(parser)
    encoder.add_argument('--marks', choices=sorted(MARKS), help='wsc: what stands around the spans')
    encoder.add_argument('--layout', choices=LAYOUTS, help='chid: where candidates stand')
    encoder.add_argument('--stride', type=int, metavar='N', help='cmrc2018: tokens between windows of a passage')
    encoder.add_argument('--pointer', choices=('efficient', 'full', 'crf'),
                         help='cluener: which GlobalPointer, or a CRF over BIO tags')
    encoder.add_argument('--head-size', type=int, metavar='N', help='cmrc2018 and cluener: width of the pointer')
    encoder.add_argument('--crf-rate', type=float, metavar='X',
                         help='cluener with --pointer crf: how many times further a step of Adam moves the scores of '
                              'two tags in a row than other weights (default: 100)')
    add_recipe_arguments(parser, ('adafactor', 'adamw'),
                         'as published, or AdamW with warm-up and decay, for encoders from scratch above all '
                         '(default: %(default)s)', '5e-4; with adamw and a pretrained model 2e-5')
    add_run_arguments(parser)
    add_acceleration_arguments(parser, training=True)


def run(options):
    if options.task == TABLE:
        return print_table(options.folders)
    if options.task not in TASKS:
        raise ValueError('unknown task %r.%s' % (options.task, hint(options.task, list(TASKS) + [TABLE])))
    if options.folders:
        raise ValueError('folders are for table; got %s after %s' % (options.folders[0], options.task))
    check_paths(options)
    check_output(options)
    accelerate(options)
    model, seed, recipe = train_task(options, find_task(options.task), OPTIONS)
    hand_in(model, options, seed, recipe.batch_size)


def hand_in(model, options, seed, batch_size):
    """Predicts the test files that are there, and writes what CLUE takes."""
    from gplinker_kit.clue.corpus import split_files
    from gplinker_kit.clue.submission import write_predictions, write_submission

    folder = options.submission or os.path.join(options.output, SUBMISSION)
    written = 0
    for submission in model.task.submissions:
        path, = split_files(model.task, options.data, 'test', submission.version)
        if not os.path.exists(path):
            say('%s is not there: no %s' % (path, submission.file))
            continue
        examples = model.read(options.data, 'test', submission.version)
        with Progress('predict') as progress:
            predictions = model.predict(examples, batch_size, progress)
        say('%s: %d examples, seed %d, %.1f a second' % (
            write_predictions(folder, model.task, examples, predictions, submission.version), len(examples), seed,
            progress.rate()))
        written += 1
    if written:
        path, missing = write_submission(folder)
        say('%s%s' % (path, '; of all tasks it lacks %s' % ', '.join(missing) if missing else ''))


def print_table(folders):
    from gplinker_kit.clue.table import make_table
    from gplinker_kit.tasks.seeds import read_results

    if not folders:
        raise ValueError('table needs folders: give --output of finished trainings')
    print(make_table([read_results(folder) for folder in folders]), end='')
