"""Gradients on the replicas of a `tf.distribute` strategy."""

import tensorflow as tf


def on_replicas():
    """Whether this runs on one of several replicas."""
    context = tf.distribute.get_replica_context()
    return context is not None and context.num_replicas_in_sync > 1


def summed(gradients):
    """Returns the sums over the replicas of a list of dense gradients, whose entries may be None.

    Keras has divided the loss of each by their number. What follows, clipping above all, is then the same on each.
    """
    if not on_replicas():
        return gradients
    found = [gradient for gradient in gradients if gradient is not None]
    sums = iter(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, found) if found else ())
    return [None if gradient is None else next(sums) for gradient in gradients]
