"""What the commands share."""

import os
import sys
import time

from gplinker_kit.errors import DataError
from gplinker_kit.model_folder import POINTER, POINTERS
from gplinker_kit.state_file import read_facts, state_path

# As `backend.acceleration` has them, which would import TensorFlow.
PRECISIONS = ('float32', 'float16', 'bfloat16')
COMPILERS = ('auto', 'fusible', 'jit_compile')
DISTRIBUTIONS = ('horovod', 'keras', 'tensorflow')  # of `backend.distribution`
SCALES = ('none', 'linear', 'sqrt')  # of `recipe`


def add_model_argument(parser, required=True):
    """Adds --model, the folder, and --which, the version in it."""
    parser.add_argument('--model', required=required, metavar='DIR', help='model folder')
    parser.add_argument('--which', default=POINTER, choices=POINTERS,
                        help='the version: the best by argument or by event F1 on the dev sentences of its training, '
                             'or the current one (default)')


def say(line):
    print(line, file=sys.stderr, flush=True)


def silent(line):
    """What a process says that is not the first of several."""


def vocabulary_path(vocab, folders):
    """Returns the vocabulary file: `vocab`, what --vocab says, else vocab.txt of the first folder that has one.

    Raises: ValueError where there is none; a folder may be None.
    """
    folders = [folder for folder in folders if folder is not None]
    paths = [os.path.join(folder, 'vocab.txt') for folder in folders]
    found = [vocab] if vocab is not None else [path for path in paths if os.path.exists(path)]
    if not found:
        raise ValueError(
            'no vocabulary: give --vocab FILE%s' % ''.join(' (no vocab.txt in %s)' % folder for folder in folders)
        )
    return found[0]


def dropout_rates(options):
    """Returns the encoder's keyword arguments of --dropout, {} where it is not given."""
    if options.dropout is None:
        return {}
    return dict.fromkeys(('dropout_rate', 'attention_dropout_rate'), options.dropout)


def add_state_arguments(group, often='so often'):
    """Adds --resume, --restart and --state-every of a training that can go on."""
    group.add_argument('--resume', action='store_true',
                       help='go on where a training into --output stopped, with the same options; begin where there is '
                            'none, so that one command can be given until it is through')
    group.add_argument('--restart', action='store_true', help='give up a training into --output that is not finished')
    group.add_argument('--state-every', type=float, default=600.0, metavar='SECONDS',
                       help='write the state of the training %s (default: %%(default)s)' % often)


def check_unfinished(options, progress):
    """Raises where --output holds a training that has not finished, unless it is said what to do with it.

    progress: function of the facts of its state -> words that say how far it is.
    """
    if options.resume and options.restart:
        raise ValueError('--resume goes on with a training and --restart gives it up: give one of them')
    facts = None if options.resume or options.restart else read_facts(options.output)
    if facts is not None and not facts['finished']:
        raise DataError(
            'a training into --output has not finished (%s): add --resume to go on with it, or --restart to give it up'
            % progress(facts), state_path(options.output))


def add_acceleration_arguments(parser, training=False):
    """Adds --precision and --xla, and for a training --loss-scale."""
    group = parser.add_argument_group('speed, see the docstring of gplinker_kit.backend.accelerate')
    group.add_argument('--precision', choices=PRECISIONS,
                       help='what the model computes in; bfloat16 on Keras 3 only (default: as Keras is set, float32)')
    if training:
        group.add_argument('--loss-scale', type=loss_scale, metavar='X',
                           help="what the loss is multiplied by, so that small gradients are not lost in float16: a "
                                "number, or 'dynamic' (the default with float16)")
    group.add_argument('--xla', choices=COMPILERS,
                       help='compile with XLA what it can compile or, with less memory, only what it can fuse '
                            "(TensorFlow), or all of a step (jit_compile, Keras 3)")
    group.add_argument('--no-lazy-compilation', action='store_true',
                       help='with --xla auto or fusible: compile at once, not after some steps')


def loss_scale(text):
    """Returns a number, or 'dynamic'."""
    return text if text == 'dynamic' else float(text)


def accelerate(options):
    """Does what the options of `add_acceleration_arguments` ask for; call it before a model is built."""
    chosen = acceleration(options)
    if chosen is not None:
        from gplinker_kit import backend

        backend.accelerate(*chosen)


def acceleration(options):
    """Returns the arguments of `backend.accelerate` that those options say, or None where none was given."""
    if not accelerated(options):
        return None
    return options.precision, getattr(options, 'loss_scale', None), options.xla, not options.no_lazy_compilation


def accelerated(options):
    """Whether any of those options was given."""
    return (options.precision is not None or options.xla is not None or options.no_lazy_compilation
            or getattr(options, 'loss_scale', None) is not None)


def add_distribution_arguments(parser):
    """Adds --distribute and --scale-learning-rate."""
    group = parser.add_argument_group('several processes or devices, see docs/distributed.md')
    group.add_argument('--distribute', choices=DISTRIBUTIONS, metavar='KIND',
                       help='share each batch of --batch-size texts: horovod, the processes of horovodrun (TensorFlow '
                            '1.15); keras, all devices of JAX; tensorflow, all devices of TensorFlow (Keras 3)')
    group.add_argument('--scale-learning-rate', default='none', choices=SCALES,
                       help='multiply the rate by the number of workers or its root, for a --batch-size that was '
                            'multiplied by it (default: %(default)s)')


def distribute(options):
    """Does what the options of `add_distribution_arguments` ask for; call it before anything else imports the backend.

    Returns: the `Workers`, or None where nothing was asked for.
    """
    if options.distribute is None:
        if options.scale_learning_rate != 'none':
            raise ValueError('--scale-learning-rate %s: without --distribute there is one worker' % (
                options.scale_learning_rate))
        return None
    accelerate(options)
    from gplinker_kit import backend

    return backend.distribute(options.distribute)


class Progress:
    """A progress bar on standard error where that is a terminal; called with (done, total)."""

    def __init__(self, title, total=None):
        from tqdm import tqdm

        self.bar = tqdm(total=total, desc=title, unit='text', leave=False, disable=not sys.stderr.isatty())
        self.start = time.time()
        self.done = 0

    def __call__(self, done, total=None):
        self.bar.update(done - self.done)
        self.done = done

    def rate(self):
        """Returns texts per second since the start."""
        return self.done / max(time.time() - self.start, 1e-9)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.bar.close()
