"""ONNX of Keras 3 on PyTorch."""

import warnings

import numpy as np
import torch

OPSET = 18


class Scores(torch.nn.Module):
    """A model of Keras as a module that takes and returns tensors by place."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *arrays):
        return tuple(self.model(list(arrays), training=False))


def write_onnx(model, inputs, outputs, path):
    import onnx
    import onnxscript

    # Sizes above 1 that differ: a size of 1, or two equal ones, would be taken for a fact about the network.
    example = tuple(torch.as_tensor(np.ones((3, 7), 'int32')) for _ in inputs)
    free = {0: torch.export.Dim('batch'), 1: torch.export.Dim('length')}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(
            Scores(model).eval(), example, path, input_names=list(inputs), output_names=list(outputs),
            dynamic_shapes=(tuple(free for _ in inputs),), opset_version=OPSET, dynamo=True, external_data=False,
            verbose=False)
    return {'torch': torch.__version__, 'onnx': onnx.__version__, 'onnxscript': onnxscript.__version__}
