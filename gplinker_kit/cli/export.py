"""Exports a model folder for other programs, into another folder of versions.

onnx: run by `gplinker extract` and `gplinker_kit.loading` without TensorFlow or Keras, or by onnxruntime anywhere. It
is written on TensorFlow 1.15, or on Keras 3 with KERAS_BACKEND=torch. saved-model: for TensorFlow and its Serving,
which reads DIR/versions; written on TensorFlow 1.15, or on Keras 3 with KERAS_BACKEND=tensorflow. See docs/export.md.
It needs pip install 'gplinker-kit[export]'.
"""

from gplinker_kit.cli.common import add_model_argument
from gplinker_kit.export import FORMATS

HELP = 'write a model as SavedModel or ONNX'


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--format', required=True, choices=FORMATS)
    parser.add_argument('--output', required=True, metavar='DIR', help='folder of the exported versions')
    parser.add_argument('--int8', action='store_true',
                        help='onnx: weights of matrix products as 8-bit integers, smaller and less exact')


def run(options):
    from gplinker_kit.export.writing import export_model

    print(export_model(options.model, options.output, options.format, options.int8, options.which))
