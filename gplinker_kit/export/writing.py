"""Exporting a model folder. The result is a folder of versions too, and each version holds all that is needed."""

from __future__ import annotations

import os
import shutil
import tempfile

import numpy as np

from gplinker_kit.export.facts import BESIDE, FILE, INPUTS, NETWORKS, ONNX_FILE, OUTPUTS, check_format, read_facts
from gplinker_kit.export.session import OnnxPredictor, import_onnxruntime
from gplinker_kit.files import write_json
from gplinker_kit.model_folder import POINTER, current_version, new_version, newest_version

# Numbers of a matrix, below which int8 leaves it: a rotation of heads 64 wide has 4,096.
SMALL = 8192


def export_model(model, output, format='onnx', int8=False, which=POINTER):
    """Writes a version of a model folder for other programs, as a new version of the folder `output`.

    Arguments:
        model: path of a model folder. output: path of another one, made where it is not there.
        format: 'onnx', or 'saved-model', whose versions TensorFlow Serving reads from `output`/versions.
        int8: whether weights of matrix products become 8-bit integers (onnx only); scores change a little.
        which: the version of the model folder.
    Returns: the path of the new version.
    Raises:
        ValueError: an unknown format, `int8` with another than onnx, `output` that is the model folder, or a stack that
            cannot write the format. DataError: as `GPLinker.load`. ImportError: without the extra `export`.
    """
    check_format(format)
    if int8 and format != 'onnx':
        raise ValueError('int8 is for onnx; a SavedModel keeps its float32 weights')
    if os.path.realpath(model) == os.path.realpath(output):
        raise ValueError('output must be another folder than the model folder, got %s' % output)
    version = current_version(model, which)
    if read_facts(version) is not None:
        raise ValueError('%s has been exported already: give the model folder of `gplinker train`' % model)
    from gplinker_kit.backend import exporting, versions
    from gplinker_kit.gplinker import GPLinker

    gplinker = GPLinker.load_version(version)
    inputs = list(INPUTS[:len(gplinker.encoder.inputs)])
    facts = {'format': format, 'int8': bool(int8), 'inputs': inputs, 'outputs': list(OUTPUTS),
             'model': os.path.basename(version), 'written_with': dict(versions())}
    with new_version(output) as draft:
        path = os.path.join(draft, NETWORKS[format])
        if format == 'onnx':
            facts['written_with'].update(exporting.write_onnx(gplinker.model, inputs, list(OUTPUTS), path))
            if int8:
                facts['written_with'].update(quantize(path))
            OnnxPredictor(path)  # what onnxruntime cannot read is no result
        else:
            exporting.write_saved_model(gplinker.model, inputs, list(OUTPUTS), draft)
        for name in BESIDE:
            shutil.copyfile(os.path.join(version, name), os.path.join(draft, name))
        write_json(os.path.join(draft, FILE), facts)
    return newest_version(output)


def small_products(path):
    """Returns the names of an ONNX file's matrix products by a constant of fewer than `SMALL` numbers."""
    import onnx

    graph = onnx.load(path).graph
    small = {constant.name for constant in graph.initializer if np.prod(constant.dims) < SMALL}
    return [node.name for node in graph.node if node.op_type == 'MatMul' and small.intersection(node.input)]


def quantize(path):
    """Makes embeddings and the weights of an ONNX file's matrix products 8-bit integers, in place.

    Each column of a matrix has a scale of its own, and small matrices stay as they are: the rotations by position, and
    biases of links, where 8-bit inputs change events and nothing is saved.

    Returns: {package: version} of what did it.
    """
    runtime = import_onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # In a folder of its own: older ones leave another file beside what they read.
    with tempfile.TemporaryDirectory(prefix='.int8-', dir=os.path.dirname(path)) as folder:
        whole = os.path.join(folder, ONNX_FILE)
        os.replace(path, whole)
        quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True,
                         nodes_to_exclude=small_products(whole))
    return {'onnxruntime': runtime.__version__}
