"""Fast gradient training as published for bert4keras on TF 1.15 and Keras 2.3.1, written anew in its idiom."""

import numpy as np

from gplinker_kit.backend import K, search_layer


def adversarial_training(model, embedding_name, epsilon=1.0):
    """Replaces the train function of a compiled model by one that perturbs an embedding through numpy."""
    if model.train_function is None:
        model._make_train_function()
    old_train_function = model.train_function
    for output in model.outputs:
        embedding_layer = search_layer(output, embedding_name)
        if embedding_layer is not None:
            break
    embeddings = embedding_layer.embeddings
    gradients = K.gradients(model.total_loss, [embeddings])
    gradients = K.zeros_like(embeddings) + gradients[0]  # a sparse gradient becomes dense
    inputs = model._feed_inputs + model._feed_targets + model._feed_sample_weights
    embedding_gradients = K.function(inputs=inputs, outputs=[gradients], name='embedding_gradients')

    def train_function(inputs):
        grads = embedding_gradients(inputs)[0]
        delta = epsilon * grads / (np.sqrt((grads**2).sum()) + 1e-8)
        K.set_value(embeddings, K.eval(embeddings) + delta)
        outputs = old_train_function(inputs)
        K.set_value(embeddings, K.eval(embeddings) - delta)
        return outputs

    model.train_function = train_function


def sparse_crossentropy(y_true, y_pred):
    """Written out, since TensorFlow's own has no second derivative."""
    chosen = K.one_hot(K.cast(K.flatten(y_true), 'int32'), K.int_shape(y_pred)[-1])
    return -K.log(K.sum(chosen * y_pred, axis=-1) + K.epsilon())


def loss_with_gradient_penalty(loss, embedding_name, epsilon=1.0):
    """A loss function that adds the penalty on the gradients of the places of an embedding."""

    def loss_function(y_true, y_pred):
        value = K.mean(loss(y_true, y_pred))
        embeddings = search_layer(y_pred, embedding_name).embeddings
        penalty = K.sum(K.gradients(value, [embeddings])[0].values**2)
        return value + 0.5 * epsilon * penalty

    return loss_function
