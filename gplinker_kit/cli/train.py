"""Trains GPLinker on a corpus in the format of DuEE or DuEE-fin, and writes a model folder.

The folder keeps the best version by argument F1 and the best by event F1 on the dev sentences; `current` is the best by
--select. At the end the thresholds of each are tuned on the dev sentences, so that scores on these are a little too
good from then on; the log says what to expect of new sentences.

The corpus is a folder with duee_event_schema.json, duee_train.json and duee_dev.json (--data), or three files; with
--corpus duee-fin these are documents, called duee_fin_event_schema.json and so on. Title and body of a document are one
text, read in windows; values are labelled wherever it has them (--occurrences); the strict scores compare no positions,
and the official score is that of DuEE-fin, event by event. The model folder records the corpus, and evaluate, tune,
extract, submit and view read their files accordingly.

The encoder is trained from scratch (--size, or --config) or starts from an unpacked checkpoint folder (--pretrained).

With --teacher, a model folder, the scores of that model are learned too, and texts without events can help.
"""

import contextlib
import os

from gplinker_kit.cli.common import (
    accelerate,
    add_acceleration_arguments,
    add_distribution_arguments,
    add_state_arguments,
    check_unfinished,
    distribute,
    dropout_rates,
    say,
    silent,
    vocabulary_path,
)
from gplinker_kit.cli.corpora import add_corpus_argument, corpus_paths, read_file
from gplinker_kit.cli.tune import add_objective_argument
from gplinker_kit.errors import DataError
from gplinker_kit.events.corpus import DUEE, find_corpus
from gplinker_kit.events.inputs import read_inputs
from gplinker_kit.events.occurrences import OCCURRENCES
from gplinker_kit.model_folder import POINTER, current_version
from gplinker_kit.selection import SELECT
from gplinker_kit.state_file import FILE

HELP = 'train a model'
CONFIG_NAMES = ('bert_config.json', 'config.json')
TEACHER_WEIGHT = 0.5


def add_corpus_arguments(parser):
    """Adds the options that `corpus_paths` reads; returns their group."""
    data = parser.add_argument_group('corpus')
    data.add_argument('--data', metavar='DIR', help='folder with the three files below and, for --size, vocab.txt')
    data.add_argument('--schema', metavar='FILE', help='default: DIR/duee_event_schema.json')
    data.add_argument('--train', metavar='FILE', help='default: DIR/duee_train.json')
    data.add_argument('--dev', metavar='FILE', help='default: DIR/duee_dev.json where it exists')
    return data


def add_encoder_arguments(parser, folders='--pretrained or --data'):
    """Adds the options that `encoder_arguments` and `model_settings` read; `folders`: which may have a vocabulary."""
    encoder = parser.add_argument_group('encoder')
    encoder.add_argument('--model', default='roformer_v2', help='architecture (default: %(default)s)')
    encoder.add_argument('--size', help='an encoder trained from scratch: tiny or small (default: small)')
    encoder.add_argument('--config', metavar='FILE', help='an encoder trained from scratch, by its config JSON')
    encoder.add_argument('--pretrained', metavar='DIR', help='folder with config, vocab.txt and a checkpoint')
    encoder.add_argument('--vocab', metavar='FILE', help='default: vocab.txt of %s' % folders)
    encoder.add_argument('--cased', action='store_true', help='keep case and accents')
    encoder.add_argument('--dropout', type=float, help='default: 0.1, or what the config says')
    encoder.add_argument('--recompute', action='store_true',
                         help='less memory, more time: attention and feed-forward layers keep their inputs only, and '
                              'compute the rest again in the backward pass')
    encoder.add_argument('--max-length', type=int, default=256, metavar='N',
                         help='tokens a window; longer texts are cut into overlapping ones (default: %(default)s)')
    encoder.add_argument('--window-stride', type=int, metavar='N', help='tokens between windows (default: half of one)')
    encoder.add_argument('--typed-links', action='store_true', help='link scores of their own for each event type')


def add_arguments(parser):
    data = add_corpus_arguments(parser)
    add_corpus_argument(data, DUEE.name)
    data.add_argument('--occurrences', choices=OCCURRENCES,
                      help='where a value without an offset is labelled: at its first mention, at the one nearest to '
                           'the trigger, or at all of them (default: first; for duee-fin: all)')
    add_encoder_arguments(parser, '--pretrained, --data or --teacher')
    recipe = parser.add_argument_group('recipe')
    recipe.add_argument('--epochs', type=int, default=20, metavar='N', help='default: %(default)s')
    recipe.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    recipe.add_argument('--batch-tokens', type=int, metavar='N',
                        help='most tokens a batch, padding included: short texts in higher batches than long ones, '
                             'up to --batch-size')
    recipe.add_argument('--accumulate', type=int, default=1, metavar='N',
                        help='batches an update, as if they were one batch of N times as many texts: less memory than '
                             'that takes (default: %(default)s)')
    recipe.add_argument('--learning-rate', type=float, metavar='X', help='default: 5e-4, with --pretrained 2e-5')
    recipe.add_argument('--warmup', type=float, default=0.1, metavar='X', help='share of steps (default: %(default)s)')
    recipe.add_argument('--clipnorm', type=float, default=1.0, metavar='X', help='0 for none (default: %(default)s)')
    recipe.add_argument('--ema', type=float, metavar='X',
                        help='evaluate and save averaged weights, with this decay an update, such as 0.999')
    recipe.add_argument('--exchange', type=float, default=0.0, metavar='X',
                        help='chance that an argument with one role, anew in each epoch, gives way to another of that '
                             'role from the training texts (default: %(default)s)')
    recipe.add_argument('--fgm', type=float, metavar='X',
                        help='train on the worst change of the token table of length X, such as 0.5; costs a second '
                             'pass a step')
    recipe.add_argument('--gradient-penalty', type=float, metavar='X',
                        help='add X/2 times the squared gradient of the token table to the loss')
    recipe.add_argument('--patience', type=int, metavar='N',
                        help='stop when for N epochs neither argument nor event F1 of dev has risen, nor the official '
                             'one where it selects (default: never)')
    recipe.add_argument('--seed', type=int, default=0, metavar='N', help='default: %(default)s')
    teacher = parser.add_argument_group('a teacher, of the same vocabulary, schema and kind of links')
    teacher.add_argument('--teacher', metavar='DIR', help='model folder whose scores are learned beside gold events')
    teacher.add_argument('--teacher-weight', type=float, metavar='X',
                         help="share of the loss that is the teacher's; the rest is that of the golds (default: %s)"
                              % TEACHER_WEIGHT)
    teacher.add_argument('--unlabelled', metavar='FILE',
                         help='lines of text, or JSON lines with a key `text`, of which the teacher alone tells; '
                              'training lines without an event_list join them')
    choice = parser.add_argument_group('choice of version and thresholds, by the dev sentences')
    choice.add_argument('--select', choices=SELECT,
                        help='the F1 whose best version becomes the current one (default: argument; for duee-fin: '
                             'official)')
    add_objective_argument(choice)
    choice.add_argument('--no-tune', action='store_true', help='leave the thresholds at 0')
    run = parser.add_argument_group('the run')
    add_state_arguments(run, 'so often, besides after each epoch')
    run.add_argument('--dry-run', action='store_true',
                     help='make a few steps on the largest batches, say what an epoch takes in time and memory, and '
                          'write nothing')
    run.add_argument('--find-rate', metavar='FILE.png',
                     help='train 100 steps at rising learning rates, draw their losses, name a rate, write no model')
    run.add_argument('--log-csv', metavar='FILE', help='write a row an epoch into a CSV file')
    run.add_argument('--tensorboard', metavar='DIR', help='write event files for TensorBoard')
    add_acceleration_arguments(parser, training=True)
    add_distribution_arguments(parser)
    parser.add_argument('--output', required=True, metavar='DIR', help='model folder to write')


def run(options):
    workers = distribute(options)
    chief = workers is None or workers.chief
    tell = say if chief else silent
    if options.teacher is None:
        for name in ('teacher_weight', 'unlabelled'):
            if getattr(options, name) is not None:
                raise ValueError('--%s needs a --teacher' % name.replace('_', '-'))
    elif os.path.realpath(options.teacher) == os.path.realpath(options.output):
        raise ValueError('--output is the folder of the --teacher; the student needs another one')
    taught = [] if options.teacher is None else [current_version(options.teacher)]
    corpus = find_corpus(options.corpus)
    schema, train_examples, dev_examples, tokenizer = read_corpus(options, corpus, taught)
    texts = [] if options.unlabelled is None else [
        line['text'] for line in read_inputs(options.unlabelled, 'auto', corpus.name)]
    trial = options.dry_run or options.find_rate is not None
    if workers is None:
        check_folder(options, trial)
    else:
        workers.from_chief(lambda: check_folder(options, trial))

    from gplinker_kit import backend
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.logs import CSVLog, TensorBoardLog
    from gplinker_kit.recipe import scaled_rate
    from gplinker_kit.training import Recipe, train

    workers = backend.workers()
    logs = [CSVLog(options.log_csv)] if options.log_csv and chief else []
    logs += [TensorBoardLog(options.tensorboard)] if options.tensorboard and chief else []
    recipe = Recipe(
        epochs=options.epochs,
        batch_size=options.batch_size,
        batch_tokens=options.batch_tokens,
        accumulate=options.accumulate,
        learning_rate=scaled_rate(learning_rate(options), workers.parts, options.scale_learning_rate),
        warmup=options.warmup,
        clipnorm=options.clipnorm or None,
        ema=options.ema,
        exchange=options.exchange,
        fgm=options.fgm,
        gradient_penalty=options.gradient_penalty,
        teacher_weight=teacher_weight(options),
        patience=options.patience,
        occurrences=options.occurrences,
        seed=options.seed,
    )
    recipe.check_corpus(corpus)
    objective = options.objective or corpus.objective
    corpus.check_objective(objective)
    accelerate(options)
    backend.set_random_seed(workers.own_seed(options.seed))
    tell('stack: %s' % ', '.join('%s %s' % pair for pair in backend.versions().items()))
    if options.distribute is not None:
        alone = ' (docs/distributed.md tells how to have more)' if workers.parts == 1 else ''
        tell('distributed over %s%s; the learning rate is %.3g' % (workers, alone, recipe.learning_rate))
    settings = model_settings(options, tokenizer, corpus)
    gplinker = GPLinker(settings, schema, tokenizer, checkpoint=options.pretrained)
    tell('model: %s, %.1f million weights, %d labels' % (
        options.model, gplinker.model.count_params() / 1e6, len(schema)))
    if gplinker.load_report is not None:
        tell('checkpoint: %s' % gplinker.load_report)
    # After the model, whose random weights would be others behind it.
    teaching = {} if not taught else {'teacher': GPLinker.load(options.teacher), 'unlabelled': texts}
    if options.find_rate is not None:
        return find_rate(gplinker, train_examples, recipe, options.find_rate, teaching, chief)
    if options.dry_run:
        return rehearse(gplinker, train_examples, dev_examples, recipe, options.output, teaching, tell)
    with contextlib.ExitStack() as stack:
        for log in logs:
            stack.callback(log.close)
        train(gplinker, train_examples, dev_examples, recipe, save_to=options.output, log=tell, select=options.select,
              tune=None if options.no_tune else objective, resume=options.resume,
              state_every=options.state_every, logs=logs, **teaching)
    tell('the model is in %s' % options.output)


def teacher_weight(options):
    """Returns the weight of the teacher, None where there is none."""
    if options.teacher is None:
        return None
    return TEACHER_WEIGHT if options.teacher_weight is None else options.teacher_weight


def find_rate(gplinker, examples, recipe, path, teaching, chief=True):
    """Runs a range test; of several processes the chief draws it."""
    from gplinker_kit.plots import rate_curve
    from gplinker_kit.rate_finder import find_learning_rate

    found = find_learning_rate(gplinker, examples, recipe, **teaching)
    if not chief:
        return
    rate_curve(found, path)
    if found.best is None:
        say('the loss never fell in %d steps, up to a rate of %.2g; see %s' % (
            len(found.rates), found.rates[-1], path))
    else:
        least = found.rates[found.smooth.index(min(found.smooth))]
        say('the loss falls fastest at a learning rate of %.2g and is least at %.2g: take a rate between the two, '
            'nearer to the first (see %s)' % (found.best, least, path))


def rehearse(gplinker, train_examples, dev_examples, recipe, folder, teaching, tell):
    """Makes a few steps and says what a training would take."""
    from gplinker_kit.rehearsal import rehearsal

    for line in rehearsal(gplinker, train_examples, dev_examples, recipe, folder, **teaching):
        tell(line)


def read_corpus(options, corpus=DUEE, taught=()):
    """Returns (Schema, training examples, dev examples, Tokenizer) of the options of corpus and encoder.

    Arguments: corpus: Corpus. taught: the model folder of a teacher, which may have the vocabulary, and with which no
        training example needs to have gold events.
    Raises: DataError: a file that is wrong, or that has no gold events.
    """
    from gplinker_kit.events import read_schema
    from gplinker_kit.tokenizers import Tokenizer

    paths = corpus_paths(options, corpus)
    schema = read_schema(paths['schema'])
    train_examples = read_file(corpus, paths['train'], schema)
    dev_examples = read_file(corpus, paths['dev'], schema) if paths['dev'] else []
    for name, examples in (('train', train_examples), ('dev', dev_examples)):
        unlabelled = examples and all(example.events is None for example in examples)
        if unlabelled and not (taught and name == 'train'):
            raise DataError('no line has an event_list; expected labelled sentences (--%s)' % name, paths[name])
    vocabulary = vocabulary_path(options.vocab, [options.pretrained, options.data] + list(taught))
    return schema, train_examples, dev_examples, Tokenizer(vocabulary, do_lower_case=not options.cased)


def learning_rate(options):
    """Returns --learning-rate, or its default."""
    if options.learning_rate is not None:
        return options.learning_rate
    return 2e-5 if options.pretrained else 5e-4


def model_settings(options, tokenizer, corpus=DUEE):
    """Returns the Settings of a GPLinker."""
    from gplinker_kit.gplinker import Settings

    return Settings(
        model=options.model, encoder=encoder_arguments(options, tokenizer._vocab_size), max_length=options.max_length,
        do_lower_case=not options.cased, typed_links=options.typed_links, window_stride=options.window_stride,
        corpus=corpus.name,
    )


def encoder_arguments(options, vocab_size):
    """Returns the encoder's keyword arguments from --size, --config or the config of --pretrained."""
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size

    if options.size is not None and (options.config or options.pretrained):
        raise ValueError('--size is for training from scratch: leave it out beside --config or --pretrained')
    path = options.config
    if path is None and options.pretrained is not None:
        path = find_config(options.pretrained)
    extra = dropout_rates(options)
    if options.recompute:
        extra['recompute'] = True
    if path is None:
        extra = dict(named_size(options.size or 'small'), vocab_size=vocab_size, **extra)
    return resolve_config(path, options.model, **extra)


def find_config(folder):
    """Returns the config file of an unpacked checkpoint folder."""
    if not os.path.isdir(folder):
        raise DataError('no such folder (--pretrained)', folder)
    for name in CONFIG_NAMES:
        if os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise DataError('no %s; give it with --config' % ' or '.join(CONFIG_NAMES), folder)


def check_folder(options, trial):
    """Raises where --output cannot take what this command would write."""
    check_output(options.output, make=not trial)
    if not trial:
        check_unfinished(options, progress)


def check_output(path, make=True):
    """Raises where `path` can hold no model folder, before hours are spent; makes it where it is not there."""
    if os.path.exists(path):
        if not os.path.isdir(path):
            raise DataError('--output is a file; expected a folder', path)
        # What a training leaves that was stopped before its first version was whole is no obstacle.
        own = ('.' + POINTER, FILE, '.' + FILE)
        foreign = [name for name in os.listdir(path) if name != 'versions' and not name.startswith(own)]
        if foreign and not os.path.exists(os.path.join(path, POINTER)):
            raise DataError('--output holds something that is no model folder; name an empty or new one', path)
    if make:
        os.makedirs(path, exist_ok=True)
    there = os.path.abspath(path)
    while not os.path.exists(there):
        there = os.path.dirname(there)
    if not os.access(there, os.W_OK):
        raise DataError('--output cannot be written', path)


def progress(facts):
    """How far a training is that has not finished."""
    position = facts['position']
    return 'epoch %d of %d, %d batches in' % (
        position['epoch'], facts['about']['recipe']['epochs'], position['batches'])
