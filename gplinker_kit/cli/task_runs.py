"""What the commands share that train a task with several seeds, `clue` and `duie`."""

import os
from argparse import Namespace

from gplinker_kit.cli.common import (
    add_state_arguments,
    check_unfinished,
    dropout_rates,
    say,
    vocabulary_path,
)
from gplinker_kit.errors import DataError, hint


def add_encoder_arguments(parser):
    """Adds what says which encoder is used; returns the group."""
    encoder = parser.add_argument_group('encoder')
    encoder.add_argument('--model', default='roformer_v2', metavar='DIR_OR_NAME',
                         help='folder of a pretrained model; or, trained from scratch, the name of a preset, or of an '
                              'architecture with --size (default: %(default)s)')
    encoder.add_argument('--size', help='an encoder trained from scratch: tiny or small (default: tiny)')
    encoder.add_argument('--vocab', metavar='FILE', help='default: vocab.txt of --model or --data')
    encoder.add_argument('--cased', action='store_true', help='keep case and accents')
    encoder.add_argument('--dropout', type=float, metavar='X', help='default: 0.1, or what the config says')
    encoder.add_argument('--max-length', type=int, metavar='N', help='tokens a row (default: as published)')
    return encoder


def add_recipe_arguments(parser, recipes, words, rates):
    """Adds --recipe, one of `recipes`, the first by default, described by `words`, and numbers that change it.

    rates: words for the default learning rate.
    """
    recipe = parser.add_argument_group('recipe')
    recipe.add_argument('--recipe', default=recipes[0], choices=recipes, help=words)
    recipe.add_argument('--epochs', type=int, metavar='N', help='default: as published')
    recipe.add_argument('--batch-size', type=int, metavar='N', help='examples; default: as published')
    recipe.add_argument('--accumulate', type=int, metavar='N', help='batches an update; default: as published')
    recipe.add_argument('--learning-rate', type=float, metavar='X', help='default: %s' % rates)
    recipe.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='N', help='default: 0')


def add_run_arguments(parser):
    """Adds --name, and what says whether a training goes on."""
    run = parser.add_argument_group('the run')
    run.add_argument('--name', help='of the model in tables (default: what --model and --recipe say)')
    add_state_arguments(run, 'so often, besides after each epoch')


def check_paths(options):
    """Raises where --data or --output is missing, or --data is no folder."""
    for name in ('data', 'output'):
        if getattr(options, name) is None:
            raise ValueError('--%s DIR is missing' % name)
    if not os.path.isdir(options.data):
        raise DataError('no such folder (--data)', options.data)


def train_task(options, task, names, schema=None):
    """Trains a task once for each of --seeds, into --output; returns (model of the best seed, that seed, TaskRecipe).

    Arguments: task: as `tasks.corpora` has them. names: of the options that are the task's own, see
        `tasks.kinds.task_options`. schema: of relations, else None.
    """
    from gplinker_kit import backend
    from gplinker_kit.tasks import TaskModel, TaskSettings, task_recipe
    from gplinker_kit.tasks.seeds import seed_folder, train_seeds

    encoder = find_encoder(options)
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    length = task.recipe.max_length if options.max_length is None else options.max_length
    settings = TaskSettings(task.name, length, encoder.model, encoder.config, not options.cased, given)
    recipe = task_recipe(
        options.recipe, task.name, scratch=encoder.source is None, epochs=options.epochs,
        batch_size=options.batch_size, accumulate=options.accumulate, learning_rate=options.learning_rate)
    say('stack: %s' % ', '.join('%s %s' % pair for pair in backend.versions().items()))

    def make_and_tell():
        model = TaskModel(settings, encoder.tokenizer, encoder.source, schema)
        say('model: %s, %.1f million weights' % (encoder.name, model.model.count_params() / 1e6))
        say('checkpoint: %s' % (model.load_report or 'none, the encoder begins from random weights'))
        return model

    _, seed = train_seeds(
        make_and_tell, lambda model: model.read(options.data, 'train'), lambda model: model.read(options.data, 'dev'),
        recipe, options.seeds, options.output, options.name or '%s, %s' % (encoder.name, options.recipe), say,
        resume=options.resume, state_every=options.state_every)
    return TaskModel.load(seed_folder(options.output, seed)), seed, recipe


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
