"""SavedModel and ONNX of TensorFlow 1.15, with either Keras."""

import contextlib
from collections import OrderedDict

import tensorflow as tf

from gplinker_kit.backend.stack import keras

OPSET = 13  # the newest that both tf2onnx and the last onnxruntime beside TensorFlow 1.15 (1.10) know well


@contextlib.contextmanager
def _inference(model, inputs, outputs):
    """Yields (session, int32 placeholders, outputs) in a graph that holds what predicts, and nothing of a training."""
    session = keras.backend.get_session()  # initialises variables that nobody has initialised yet
    weights = model.get_weights()
    config = model.get_config()
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as own:
        keras.backend.set_session(own)
        keras.backend.set_learning_phase(0)  # of this graph: dropout's counters, which nobody initialises, stay out
        try:
            clone = type(model).from_config(config)
            clone.set_weights(weights)
            places = [tf.compat.v1.placeholder('int32', (None, None), name=name) for name in inputs]
            found = clone([tf.cast(place, into.dtype) for place, into in zip(places, clone.inputs)])
            yield own, places, [tf.identity(tensor, name=name) for tensor, name in zip(found, outputs)]
        finally:
            keras.backend.set_session(session)


def write_saved_model(model, inputs, outputs, folder):
    with _inference(model, inputs, outputs) as (session, places, found):
        tf.compat.v1.saved_model.simple_save(session, folder, dict(zip(inputs, places)), dict(zip(outputs, found)))


def write_onnx(model, inputs, outputs, path):
    import onnx
    import tf2onnx
    from tf2onnx import optimizer, tf_loader, tfonnx

    with _inference(model, inputs, outputs) as (session, _, _):
        frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
            session, session.graph.as_graph_def(), list(outputs))
    feeds, fetches = [[name + ':0' for name in names] for names in (inputs, outputs)]
    with tf.Graph().as_default():
        frozen = tf_loader.tf_optimize(feeds, fetches, frozen)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(frozen, name='')
        made = tfonnx.process_tf_graph(
            graph, opset=OPSET, input_names=feeds, output_names=fetches,
            tensors_to_rename={name + ':0': name for name in inputs + outputs})
        # Without one pass: it writes 0, 'as in the input', for sizes of a reshape, whose input another pass then
        # replaces by one of another shape.
        passes = OrderedDict(pair for pair in optimizer._optimizers.items() if pair[0] != 'reshape_optimizer')
        made = optimizer.optimize_graph(made, optimizers=passes).make_model('gplinker_kit')
    onnx.save(made, path)
    return {'tf2onnx': tf2onnx.__version__, 'onnx': onnx.__version__}
