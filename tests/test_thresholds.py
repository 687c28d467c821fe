"""Tuning a real model's thresholds: one prediction, the same scores as the extractor's."""

import numpy as np
import pytest

from gplinker_kit.events import Example, Thresholds
from gplinker_kit.events.batches import make_batch
from gplinker_kit.fitting import compile_model, encode, train_step
from gplinker_kit.recipe import Recipe
from gplinker_kit.thresholds import gather_cases, tune_thresholds
from gplinker_kit.training import evaluate
from tests.corpus import sentences, tiny_gplinker


@pytest.fixture(scope='module')
def halfway():
    """(GPLinker that is not yet good at 8 sentences, which it reads in windows of 32 tokens; these)."""
    schema, examples = sentences(8)
    gplinker = tiny_gplinker(schema, max_length=32, window_stride=10)
    items, _ = encode(gplinker, examples)
    compile_model(gplinker, Recipe(learning_rate=5e-3), 60)
    batch = make_batch(items, 32)
    for _ in range(60):
        train_step(gplinker.model, *batch)
    return gplinker, examples


def test_what_tuning_counts_is_what_evaluation_counts(halfway):
    gplinker, examples = halfway
    unlabelled = [Example('一二三')]
    calls = []
    tuned = tune_thresholds(gplinker, examples + unlabelled, progress=lambda *state: calls.append(state))
    assert calls[-1] == (8, 8) and calls == sorted(calls)
    assert gplinker.thresholds == tuned.thresholds and gplinker.threshold_curves == tuned.curves
    scores = evaluate(gplinker, examples)
    assert (scores.event, scores.argument) == tuned.after
    gplinker.thresholds = Thresholds()
    scores = evaluate(gplinker, examples)
    assert (scores.event, scores.argument) == tuned.before
    assert sum(counts.f1 for counts in tuned.after) > sum(counts.f1 for counts in tuned.before)


def test_cases_come_in_the_order_of_the_examples(halfway):
    gplinker, examples = halfway
    cases = gather_cases(gplinker, examples, batch_size=3)
    assert [case.text for case in cases] == [example.text for example in examples]
    assert max(len(case.windows) for case in cases) > 1
    for one, two in zip(cases, gather_cases(gplinker, examples, batch_size=16)):
        for (_, offsets, packed), (_, others, twins) in zip(one.windows, two.windows):
            assert offsets == others
            for array, twin in zip(packed, twins):
                np.testing.assert_allclose(array, twin, rtol=1e-3, atol=1e-3)
