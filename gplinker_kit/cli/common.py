"""What the commands share."""

import sys
import time

from gplinker_kit.model_folder import POINTER, POINTERS

# As `backend.acceleration` has them, which would import TensorFlow.
PRECISIONS = ('float32', 'float16', 'bfloat16')
COMPILERS = ('auto', 'fusible', 'jit_compile')


def add_model_argument(parser, required=True):
    """Adds --model, the folder, and --which, the version in it."""
    parser.add_argument('--model', required=required, metavar='DIR', help='model folder')
    parser.add_argument('--which', default=POINTER, choices=POINTERS,
                        help='the version: the best by argument or by event F1 on the dev sentences of its training, '
                             'or the current one (default)')


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
    if accelerated(options):
        from gplinker_kit import backend

        backend.accelerate(options.precision, getattr(options, 'loss_scale', None), options.xla,
                           not options.no_lazy_compilation)


def accelerated(options):
    """Whether any of those options was given."""
    return (options.precision is not None or options.xla is not None or options.no_lazy_compilation
            or getattr(options, 'loss_scale', None) is not None)


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
