"""Models used in another thread than the one that built them."""

import contextlib

from gplinker_kit.backend.stack import STACK, keras


def session_keeper():
    """Returns a function that gives a context in which any thread sees this thread's graph and session.

    TF 1.15 keeps both for each thread apart, so a model would look uninitialised elsewhere. Keras 3 has neither.
    """
    if STACK == 'keras3':
        return contextlib.suppress
    import tensorflow as tf

    graph, session = tf.compat.v1.get_default_graph(), keras.backend.get_session()

    @contextlib.contextmanager
    def kept():
        with graph.as_default():
            keras.backend.set_session(session)
            yield

    return kept
