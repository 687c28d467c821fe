"""The network of an exported folder, run by onnxruntime."""

from __future__ import annotations

import os

import numpy as np

from gplinker_kit.errors import DataError
from gplinker_kit.export.facts import INPUTS, OUTPUTS


def import_onnxruntime():
    """Returns the module. Raises: ImportError that says how to install it."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError("running ONNX needs onnxruntime: pip install 'gplinker-kit[onnx]'") from error
    return onnxruntime


class OnnxPredictor:
    """Callable of two int32 arrays (b, n), token ids and segment ids, that returns the three packed score arrays.

    Several threads may call it at once.

    Arguments:
        path: of the ONNX file.
        threads: int, how many a call takes, or None for as many as there are cores.
    Raises:
        ImportError: without onnxruntime. DataError: a file that it cannot read, or of another network.
    """

    def __init__(self, path, threads=None):
        self.path, self.threads = path, threads
        if not os.path.isfile(path):
            raise DataError('no such file', path)
        runtime = import_onnxruntime()
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        # Its threads would wait for the next product by turning in a circle, on cores that a server needs for requests.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            # Without the fallback, which tries the same once more and prints to stdout, where results go.
            self.session = runtime.InferenceSession(path, options, providers=['CPUExecutionProvider'],
                                                    enable_fallback=0)
        except Exception as error:  # its errors have no common class of their own
            raise DataError('onnxruntime cannot read it; is it whole? (%s)' % error, path) from error
        self.inputs = [value.name for value in self.session.get_inputs()]
        outputs = [value.name for value in self.session.get_outputs()]
        if not self.inputs or set(self.inputs) - set(INPUTS) or set(OUTPUTS) != set(outputs):
            raise DataError('expected inputs out of %s and outputs %s, got %s and %s' % (
                ', '.join(INPUTS), ', '.join(OUTPUTS), self.inputs, outputs), path)

    def __call__(self, token_ids, segment_ids):
        given = dict(zip(INPUTS, (token_ids, segment_ids)))
        return self.session.run(list(OUTPUTS), {name: np.asarray(given[name], np.int32) for name in self.inputs})
