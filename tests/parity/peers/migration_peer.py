"""Runs the scripts of a folder one after another in this process, and writes down what each of them prints.

    python migration_peer.py FOLDER [ARGUMENT ...] out.npz

Every script SCRIPT.py gets the arguments and `--initial FOLDER/SCRIPT.h5`. out.npz holds the printed lines under
SCRIPT; those of a script that fails end with its traceback.
"""

import contextlib
import glob
import io
import os
import runpy
import sys
import traceback

import numpy as np


def main(folder, *arguments):
    sys.path.insert(0, folder)
    printed = {}
    for path in sorted(glob.glob(os.path.join(folder, '[!_]*_*.py'))):
        stem = os.path.splitext(path)[0]
        sys.argv = [path, '--initial', stem + '.h5'] + list(arguments[:-1])
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            try:
                namespace = runpy.run_path(path, run_name='__main__')
                namespace['keras'].backend.clear_session()
            except Exception:
                traceback.print_exc(file=stream)
        printed[os.path.basename(stem)] = np.array(stream.getvalue().splitlines())
    np.savez(arguments[-1], **printed)


if __name__ == '__main__':
    main(*sys.argv[1:])
