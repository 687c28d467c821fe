"""Writing a network for other programs: a SavedModel of TensorFlow, an ONNX file.

Which function does it depends on the stack; a stack that cannot raises a ValueError that names one that can.

Names: `inputs` are those of the network's inputs in its order, each int32 (b, n); `outputs` those of its outputs.
"""

from gplinker_kit.backend.acceleration import ENGINE
from gplinker_kit.backend.stack import STACK


def write_saved_model(model, inputs, outputs, folder):
    """Writes a SavedModel, signature `serving_default`, into an empty folder.

    Raises:
        ValueError: JAX or PyTorch runs Keras.
    """
    if ENGINE != 'tensorflow':
        raise ValueError('a SavedModel is written by TensorFlow, and Keras runs on %s: set KERAS_BACKEND=tensorflow; a '
                         'model folder is the same on all backends' % ENGINE)
    if STACK == 'keras3':
        from gplinker_kit.backend import exporting_keras3 as stack
    else:
        from gplinker_kit.backend import exporting_tf1 as stack
    stack.write_saved_model(model, inputs, outputs, folder)


def write_onnx(model, inputs, outputs, path):
    """Writes an ONNX file whose axes b and n are free; returns {package: version} of what wrote it.

    Raises:
        ValueError: Keras 3 runs on TensorFlow or JAX. ImportError: a package of the extra `export` is missing.
    """
    if STACK == 'keras3' and ENGINE != 'torch':
        raise ValueError('ONNX is written by PyTorch or by TensorFlow 1.15, and Keras 3 runs on %s: set '
                         'KERAS_BACKEND=torch; a model folder is the same on all backends' % ENGINE)
    if STACK == 'keras3':
        from gplinker_kit.backend import exporting_torch as stack
    else:
        from gplinker_kit.backend import exporting_tf1 as stack
    try:
        return stack.write_onnx(model, inputs, outputs, path)
    except ImportError as error:
        raise ImportError("writing ONNX needs the extra: pip install 'gplinker-kit[export]' (%s)" % error) from error
