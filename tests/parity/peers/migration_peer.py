"""Runs the main functions of scripts in this process, and writes down what each of them prints.

    python migration_peer.py FOLDER '{"SCRIPT": ["ARGUMENT", ...], ...}' out.npz

out.npz holds the printed lines under SCRIPT. Where an argument is `--initial`, they end with the losses and metrics of
the first batch under the weights in that file; those of a script that fails end with its traceback.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback

import numpy as np

from tests.conftest import plain_session


def first_batch(model, batches, initial):
    """Returns what the model makes of the batch it is trained on first, before it is."""
    model.load_weights(initial)
    model.reset_metrics()
    np.random.seed(7)
    return np.ravel(model.test_on_batch(*next(batches.forfit())))


def main(folder, commands, out):
    sys.path.insert(0, folder)
    printed = {}
    for script, arguments in json.loads(commands).items():
        if sys.version_info < (3, 8):  # Keras 2.3.1
            import keras

            keras.backend.set_session(plain_session())
        sys.argv = [os.path.join(folder, script + '.py')] + arguments
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            try:
                namespace = runpy.run_path(sys.argv[0])
                model, batches = namespace['main']()
                if '--initial' in arguments:
                    values = first_batch(model, batches, arguments[arguments.index('--initial') + 1])
                    print('first batch:', *values)
                namespace['keras'].backend.clear_session()
            except Exception:
                traceback.print_exc(file=stream)
        printed[script] = np.array(stream.getvalue().splitlines())
    np.savez(out, **printed)


if __name__ == '__main__':
    main(*sys.argv[1:])
