"""From examples to steps: encode, give the model its losses and its optimizer, run an epoch."""

from __future__ import annotations

import contextlib
import sys

import numpy as np

from gplinker_kit.adversarial import adversarial_training, gradient_penalty
from gplinker_kit.backend import Model, compile_options, workers
from gplinker_kit.backend.acceleration import compiles_shapes
from gplinker_kit.events.alignment import AlignmentReport
from gplinker_kit.events.batches import GOLD_MULTIPLE, length_batches, make_batch
from gplinker_kit.events.labels import encode_example, padded_golds
from gplinker_kit.events.shares import even_height
from gplinker_kit.losses import DistilledPointerCrossentropy, FactorisedPointerCrossentropy
from gplinker_kit.optimizers import Adam, extend_with_gradient_accumulation, flush_gradients
from gplinker_kit.prefetching import prefetch
from gplinker_kit.processes import share_weights


def encode(gplinker, examples, occurrences=None):
    """Tokenizes and aligns examples: returns ([(token ids, segment ids, Targets)], AlignmentReport of them all).

    There is one item a window: a text that is longer than `max_length` tokens is cut into overlapping ones. Examples
    whose file said nothing about events are left out; those with an empty event list are not. `occurrences` says where
    a value without a place is labelled, see `align`; None: as the corpus has it.
    """
    examples = [example for example in examples if example.events is not None]
    settings, occurrences = gplinker.settings, occurrences or gplinker.corpus.occurrences
    encoded = gplinker.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    items, report = [], AlignmentReport()
    for example, output in zip(examples, encoded):
        windows, found = encode_example(
            output, example, gplinker.schema, settings.max_length, settings.window_stride, settings.typed_links,
            occurrences,
        )
        items.extend(windows)
        report = report + found
    return items, report


def compile_model(gplinker, recipe, steps, schedule=None):
    """Returns the model to train, with its three losses and its optimizer for `steps` steps.

    With `Recipe.teacher_weight` the losses take SoftTargets, else Targets.
    `schedule`, a function of the step, takes the place of the recipe's learning rate.
    It is `gplinker.model` itself, or for adversarial training another one with the same layers. Precision, loss scale
    and XLA are those of `backend.accelerate`. All processes of `backend.distribute` get the weights of the first.
    """
    loss = FactorisedPointerCrossentropy if recipe.teacher_weight is None else DistilledPointerCrossentropy
    return compile_network(gplinker.model, pointer_losses(gplinker, loss), recipe, steps, schedule)


def pointer_losses(gplinker, loss=FactorisedPointerCrossentropy):
    """Returns the losses of the three heads; `loss` is a class whose argument is the number of labels."""
    links = gplinker.link_labels
    return [loss(labels) for labels in (len(gplinker.schema), links, links)]


def compile_network(model, losses, recipe, steps, schedule=None):
    """Does what `compile_model` does for any Keras model and its losses."""
    schedule = recipe.schedule(steps) if schedule is None else schedule
    if recipe.accumulate > 1:
        accumulating = extend_with_gradient_accumulation(Adam)
        optimizer = accumulating(schedule, global_clipnorm=recipe.clipnorm, grad_accum_steps=recipe.accumulate)
    else:
        optimizer = Adam(schedule, global_clipnorm=recipe.clipnorm)
    if recipe.fgm is not None or recipe.gradient_penalty is not None:
        model = Model(model.inputs, model.outputs, name=model.name)  # an earlier training may have compiled the other
    if recipe.gradient_penalty is not None:
        model = gradient_penalty(model, epsilon=recipe.gradient_penalty)
    if recipe.fgm is not None:
        model = adversarial_training(model, epsilon=recipe.fgm)
    model.compile(loss=losses, optimizer=optimizer, **compile_options())
    share_weights(model)
    return model


def epoch_batches(items, recipe, max_length, random):
    """Returns the batches of one epoch, see `length_batches`; `random` is a numpy RandomState."""
    return length_batches(
        [len(item[0]) for item in items], recipe.batch_size, random, recipe.length_multiple or length_multiple(),
        max_length, recipe.batch_tokens)


def length_multiple():
    """Returns what lengths of batches are rounded up to: 8, or 32 where XLA compiles a program for each of them."""
    return 32 if compiles_shapes() else 8


def batch_shapes(items, batches):
    """Returns the set of the shapes of `batches`: (texts, tokens, golds of arguments, of head links, of tail links).

    XLA compiles a program for each of them.
    """
    found = set()
    for members, width in batches:
        targets = [items[i][2] for i in members]
        golds = [max(len(getattr(one, name)) for one in targets) for name in ('arguments', 'heads', 'tails')]
        height = even_height(len(members), workers().parts)
        found.add((height, width) + tuple(padded_golds(count, GOLD_MULTIPLE) for count in golds))
    return found


def count_batches(items, recipe, max_length):
    """Returns how many batches an epoch of `items` has."""
    return len(epoch_batches(items, recipe, max_length, np.random.RandomState(0)))


def close_update(model, recipe, done, count):
    """Ends an update after `done` of the `count` batches of an epoch, where one ends there; returns whether it does.

    With `Recipe.accumulate` that is after so many batches, and after the last one with those that are left.
    """
    if done % recipe.accumulate == 0:
        return True
    if done < count:
        return False
    flush_gradients(model)
    return True


def run_epoch(model, items, batches, title, progress=True, watch=None, after_step=None, done=0, total=0.0,
              make=make_batch):
    """Makes one step a batch and returns the mean loss.

    Arguments:
        items: as `encode` returns them. batches: as `epoch_batches`. title: str, of the progress bar and of messages.
        make: function of items and their width -> (inputs, targets).
        progress: bool, show a bar where standard error is a terminal. watch: LossWatch, or None. after_step: function
            of the number of batches that are done and the sum of their losses, or None. done, total: these two of an
            epoch that goes on.
    Raises:
        NotFinite: of `watch`.
    """
    from tqdm import tqdm

    bar = tqdm(total=len(batches), desc=title, unit='batch', disable=not progress or not sys.stderr.isatty(),
               leave=False, initial=done)
    made = prefetch(lambda batch: make([items[i] for i in batch[0]], batch[1]), batches[done:])
    with bar, contextlib.closing(made):
        for inputs, targets in made:
            loss, done = train_step(model, inputs, targets), done + 1
            if watch is not None:
                watch.look(loss, inputs, targets, '%s, batch %d' % (title, done))
            total += loss
            bar.update()
            bar.set_postfix(loss='%.3f' % (total / done))
            if after_step is not None:
                after_step(done, total)
    return total / len(batches)


def train_step(model, inputs, targets):
    """One step on one batch; returns its loss. The workers of a `backend.distribute` share it."""
    if hasattr(model, 'reset_metrics'):
        model.reset_metrics()
    result = workers().train_on_batch(model, inputs[: len(model.inputs)], targets)
    return float(result[0] if isinstance(result, (list, tuple)) else result)
