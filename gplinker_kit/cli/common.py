"""What the commands share."""

import sys
import time

from gplinker_kit.model_folder import POINTER, POINTERS


def add_model_argument(parser, required=True):
    """Adds --model, the folder, and --which, the version in it."""
    parser.add_argument('--model', required=required, metavar='DIR', help='model folder')
    parser.add_argument('--which', default=POINTER, choices=POINTERS,
                        help='the version: the best by argument or by event F1 on the dev sentences of its training, '
                             'or the current one (default)')


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
