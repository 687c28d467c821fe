"""From examples to steps: encode, give the model its losses and its optimizer, run an epoch."""

from __future__ import annotations

import math
import sys

from gplinker_kit.adversarial import adversarial_training, gradient_penalty
from gplinker_kit.backend import ENGINE, Model
from gplinker_kit.events.alignment import AlignmentReport
from gplinker_kit.events.batches import length_batches, make_batch
from gplinker_kit.events.labels import encode_example
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.optimizers import Adam


def encode(gplinker, examples):
    """Tokenizes and aligns examples: returns ([(token ids, segment ids, Targets)], AlignmentReport of them all).

    There is one item a window: a text that is longer than `max_length` tokens is cut into overlapping ones. Examples
    whose file said nothing about events are left out; those with an empty event list are not.
    """
    examples = [example for example in examples if example.events is not None]
    settings = gplinker.settings
    encoded = gplinker.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    items, report = [], AlignmentReport()
    for example, output in zip(examples, encoded):
        windows, found = encode_example(
            output, example, gplinker.schema, settings.max_length, settings.window_stride, settings.typed_links
        )
        items.extend(windows)
        report = report + found
    return items, report


def compile_model(gplinker, recipe, steps):
    """Returns the model to train, with its three losses and its optimizer for `steps` steps.

    It is `gplinker.model` itself, or for adversarial training another one with the same layers.
    """
    links = gplinker.link_labels
    losses = [factorised_pointer_crossentropy(labels) for labels in (len(gplinker.schema), links, links)]
    optimizer = Adam(recipe.schedule(steps), global_clipnorm=recipe.clipnorm)
    model = gplinker.model
    if recipe.fgm is not None or recipe.gradient_penalty is not None:
        model = Model(model.inputs, model.outputs, name=model.name)  # an earlier training may have compiled the other
    if recipe.gradient_penalty is not None:
        model = gradient_penalty(model, epsilon=recipe.gradient_penalty)
    if recipe.fgm is not None:
        model = adversarial_training(model, epsilon=recipe.fgm)
    model.compile(loss=losses, optimizer=optimizer)
    return model


def epoch_batches(items, recipe, max_length, random):
    """Returns the batches of one epoch, see `length_batches`; `random` is a numpy RandomState."""
    multiple = recipe.length_multiple or (32 if ENGINE == 'jax' else 8)
    return length_batches([len(item[0]) for item in items], recipe.batch_size, random, multiple, max_length)


def run_epoch(model, items, batches, title, progress=True, after_step=None):
    """Makes one step a batch and returns the mean loss.

    Arguments:
        items: as `encode` returns them. batches: as `epoch_batches`. title: str, of the progress bar and of messages.
        progress: bool, show a bar where standard error is a terminal. after_step: function without arguments, or None.
    Raises:
        FloatingPointError: the loss is no longer finite.
    """
    from tqdm import tqdm

    total = 0.0
    bar = tqdm(batches, title, unit='batch', disable=not progress or not sys.stderr.isatty(), leave=False)
    for done, (indices, width) in enumerate(bar, 1):
        inputs, targets = make_batch([items[i] for i in indices], width)
        loss = train_step(model, inputs, targets)
        if not math.isfinite(loss):
            raise FloatingPointError(
                'the loss became %r after %d batches of %s; lower the learning rate' % (loss, done, title)
            )
        if after_step is not None:
            after_step()
        total += loss
        bar.set_postfix(loss='%.3f' % (total / done))
    return total / len(batches)


def train_step(model, inputs, targets):
    """One step on one batch; returns its loss."""
    if hasattr(model, 'reset_metrics'):
        model.reset_metrics()
    result = model.train_on_batch(inputs[: len(model.inputs)], targets)
    return float(result[0] if isinstance(result, (list, tuple)) else result)
