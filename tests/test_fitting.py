"""Encoding into windows, and single steps."""

import numpy as np

from gplinker_kit.events import Example
from gplinker_kit.events.batches import make_batch
from gplinker_kit.fitting import compile_model, encode, train_step
from gplinker_kit.recipe import Recipe
from tests.corpus import sentences, tiny_gplinker


def test_the_same_seed_gives_the_same_losses():
    def losses():
        schema, examples = sentences(8)
        gplinker = tiny_gplinker(schema, 1, dropout_rate=0.3, attention_dropout_rate=0.3)
        items, _ = encode(gplinker, examples)
        compile_model(gplinker, Recipe(), 4)
        return [train_step(gplinker.model, *make_batch(items, 64)) for _ in range(3)]

    first = losses()
    np.testing.assert_allclose(losses(), first, rtol=1e-6)
    assert first[0] != first[2]


def test_another_seed_gives_other_weights():
    schema, _ = sentences(1)
    one, two = (tiny_gplinker(schema, seed).model.get_weights() for seed in (1, 2))
    assert abs(one[0] - two[0]).max() > 1e-3


def test_no_argument_of_a_long_text_is_lost():
    schema, examples = sentences(5)
    whole, report = encode(tiny_gplinker(schema), examples)
    cut, cut_report = encode(tiny_gplinker(schema, max_length=24, window_stride=6), examples)
    assert len(whole) == 5 < len(cut) and all(len(ids) <= 24 for ids, _, _ in cut)
    assert report.beyond_window == cut_report.beyond_window == 0 and report.kept == cut_report.kept > 0
    arguments = [sum(len(targets.arguments) for _, _, targets in items) for items in (whole, cut)]
    assert arguments[0] <= arguments[1]


def test_unlabelled_examples_are_left_out_and_those_without_events_are_not():
    schema, examples = sentences(1)
    items, report = encode(tiny_gplinker(schema), [Example('一'), Example('二', events=()), examples[0]])
    assert len(items) == 2 and len(items[0][2].arguments) == 0
    assert report == encode(tiny_gplinker(schema), examples)[1]
