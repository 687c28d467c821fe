"""Trains one of CLUE's tasks, from its files to the archive to hand in; or prints what was reached.

    gplinker clue tnews --data DIR --model DIR --output runs/tnews --seeds 0 1 2
    gplinker clue table runs/tnews runs/ocnli

Each seed has a model folder in --output, seed-N, that holds the best epoch on the dev examples; results.json has their
scores. The best seed predicts all test files that are there, and submit.zip holds what CLUE takes. `table` prints a
Markdown table of several outputs beside published results.
"""

import os
from argparse import Namespace

from gplinker_kit.cli.common import (
    Progress,
    accelerate,
    add_acceleration_arguments,
    add_state_arguments,
    check_unfinished,
    dropout_rates,
    say,
    vocabulary_path,
)
from gplinker_kit.clue.choice_features import LAYOUTS
from gplinker_kit.clue.classification import MARKS
from gplinker_kit.clue.tasks import TASKS, find_task
from gplinker_kit.errors import DataError, hint

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
    encoder = parser.add_argument_group('encoder')
    encoder.add_argument('--model', default='roformer_v2', metavar='DIR_OR_NAME',
                         help='folder of a pretrained model; or, trained from scratch, the name of a preset, or of an '
                              'architecture with --size (default: %(default)s)')
    encoder.add_argument('--size', help='an encoder trained from scratch: tiny or small (default: tiny)')
    encoder.add_argument('--vocab', metavar='FILE', help='default: vocab.txt of --model or --data')
    encoder.add_argument('--cased', action='store_true', help='keep case and accents')
    encoder.add_argument('--dropout', type=float, metavar='X', help='default: 0.1, or what the config says')
    encoder.add_argument('--max-length', type=int, metavar='N', help='tokens a row (default: as published)')
    encoder.add_argument('--marks', choices=sorted(MARKS), help='wsc: what stands around the spans')
    encoder.add_argument('--layout', choices=LAYOUTS, help='chid: where candidates stand')
    encoder.add_argument('--stride', type=int, metavar='N', help='cmrc2018: tokens between windows of a passage')
    encoder.add_argument('--pointer', choices=('efficient', 'full', 'crf'),
                         help='cluener: which GlobalPointer, or a CRF over BIO tags')
    encoder.add_argument('--head-size', type=int, metavar='N', help='cmrc2018 and cluener: width of the pointer')
    encoder.add_argument('--crf-rate', type=float, metavar='X',
                         help='cluener with --pointer crf: how many times further a step of Adam moves the scores of '
                              'two tags in a row than other weights (default: 100)')
    recipe = parser.add_argument_group('recipe')
    recipe.add_argument('--recipe', default='adafactor', choices=('adafactor', 'adamw'),
                        help='as published, or AdamW with warm-up and decay, for encoders from scratch above all '
                             '(default: %(default)s)')
    recipe.add_argument('--epochs', type=int, metavar='N', help='default: as published')
    recipe.add_argument('--batch-size', type=int, metavar='N', help='examples; default: as published')
    recipe.add_argument('--accumulate', type=int, metavar='N', help='batches an update; default: as published')
    recipe.add_argument('--learning-rate', type=float, metavar='X',
                        help='default: 5e-4; with adamw and a pretrained model 2e-5')
    recipe.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='N', help='default: 0')
    run = parser.add_argument_group('the run')
    run.add_argument('--name', help='of the model in tables (default: what --model and --recipe say)')
    add_state_arguments(run, 'so often, besides after each epoch')
    add_acceleration_arguments(parser, training=True)


def run(options):
    if options.task == TABLE:
        return print_table(options.folders)
    if options.task not in TASKS:
        raise ValueError('unknown task %r.%s' % (options.task, hint(options.task, list(TASKS) + [TABLE])))
    for name in ('data', 'output'):
        if getattr(options, name) is None:
            raise ValueError('--%s DIR is missing' % name)
    if options.folders:
        raise ValueError('folders are for table; got %s after %s' % (options.folders[0], options.task))
    if not os.path.isdir(options.data):
        raise DataError('no such folder (--data)', options.data)
    check_output(options)

    from gplinker_kit import backend
    from gplinker_kit.tasks import TaskModel, TaskSettings, task_recipe
    from gplinker_kit.tasks.seeds import seed_folder, train_seeds

    task = find_task(options.task)
    accelerate(options)
    say('stack: %s' % ', '.join('%s %s' % pair for pair in backend.versions().items()))
    encoder = find_encoder(options)
    given = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    length = task.recipe.max_length if options.max_length is None else options.max_length
    settings = TaskSettings(task.name, length, encoder.model, encoder.config, not options.cased, given)
    recipe = task_recipe(
        options.recipe, task, scratch=encoder.source is None, epochs=options.epochs, batch_size=options.batch_size,
        accumulate=options.accumulate, learning_rate=options.learning_rate)

    def make():
        model = TaskModel(settings, encoder.tokenizer, encoder.source)
        say('model: %s, %.1f million weights' % (encoder.name, model.model.count_params() / 1e6))
        say('checkpoint: %s' % (model.load_report or 'none, the encoder begins from random weights'))
        return model

    _, seed = train_seeds(
        make, lambda model: model.read(options.data, 'train'), lambda model: model.read(options.data, 'dev'), recipe,
        options.seeds, options.output, options.name or '%s, %s' % (encoder.name, options.recipe), say,
        resume=options.resume, state_every=options.state_every)
    hand_in(TaskModel.load(seed_folder(options.output, seed)), options, seed, recipe.batch_size)


def find_encoder(options):
    """Returns a namespace: model, config, source (a checkpoint or None), tokenizer, and name, what to call it."""
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.presets import PRESETS, find_preset
    from gplinker_kit.models.pretrained_folder import open_folder
    from gplinker_kit.models.registry import MODELS
    from gplinker_kit.models.sizes import named_size

    extra = dropout_rates(options)
    scratch = options.model in MODELS
    if options.size is not None and not scratch:
        raise ValueError('--size is for an architecture trained from scratch (%s); leave it out beside --model %s'
                         % (', '.join(MODELS), options.model))
    if scratch or options.model in PRESETS:
        tokenizer = read_tokenizer(options, options.vocab)
        if scratch:
            size = options.size or 'tiny'
            sizes = dict(named_size(size), vocab_size=tokenizer._vocab_size, **extra)
            return Namespace(model=options.model, config=resolve_config(None, options.model, **sizes), source=None,
                             tokenizer=tokenizer, name='%s %s from scratch' % (options.model, size))
        preset = find_preset(options.model)
        config = resolve_config(None, preset.model, preset, **extra)
        return Namespace(model=preset.model, config=config, source=None, tokenizer=tokenizer,
                         name='%s from scratch' % preset.name)
    if not os.path.exists(options.model):
        raise ValueError('--model %s is no folder, preset or architecture.%s'
                         % (options.model, hint(options.model, list(MODELS) + list(PRESETS))))
    found = open_folder(options.model)
    tokenizer = read_tokenizer(options, options.vocab or found.vocab)
    config = resolve_config(found.config_path, found.model, found.preset, **extra)
    if config.get('vocab_size') is None:  # a config file need not say it
        config['vocab_size'] = tokenizer._vocab_size
    return Namespace(model=found.model, config=config, source=found.source, tokenizer=tokenizer,
                     name=os.path.basename(os.path.normpath(options.model)))


def read_tokenizer(options, vocab):
    """Returns the Tokenizer of a vocabulary file, by default that of --data."""
    from gplinker_kit.tokenizers import Tokenizer

    return Tokenizer(vocabulary_path(vocab, [options.data]), do_lower_case=not options.cased)


def check_output(options):
    """Raises where --output can hold no results, or a training that has not finished; makes it where it is not there.
    """
    from gplinker_kit.tasks.seeds import seed_folder

    if os.path.exists(options.output) and not os.path.isdir(options.output):
        raise DataError('--output is a file; expected a folder', options.output)
    for seed in options.seeds:
        here = Namespace(output=seed_folder(options.output, seed), resume=options.resume, restart=options.restart)
        check_unfinished(here, lambda facts: 'epoch %d of %d' % (
            facts['position']['epoch'], facts['about']['recipe']['epochs']))
    os.makedirs(options.output, exist_ok=True)


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
