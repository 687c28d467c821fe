"""SavedModel of Keras 3 on TensorFlow."""

import contextlib
import io

import keras
import tensorflow as tf


def write_saved_model(model, inputs, outputs, folder):
    def scores(*arrays):
        return dict(zip(outputs, model(list(arrays), training=False)))

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint('serve', scores, [tf.TensorSpec((None, None), tf.int32, name=name) for name in inputs])
    with contextlib.redirect_stdout(io.StringIO()):  # it prints the signature
        archive.write_out(folder, verbose=False)
