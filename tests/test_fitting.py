"""Encoding into windows, and single steps."""

from types import SimpleNamespace

import numpy as np
import pytest

from gplinker_kit.events import Argument, Event, Example
from gplinker_kit.events.batches import make_batch
from gplinker_kit.events.corpus import DUEE, DUEE_FIN
from gplinker_kit.fitting import close_update, compile_model, encode, train_step
from gplinker_kit.gplinker import Settings
from gplinker_kit.recipe import Recipe
from gplinker_kit.tokenizers import Tokenizer
from tests.corpus import VOCAB, sentences, tiny_gplinker


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


@pytest.mark.once
def test_values_without_a_place_are_labelled_as_the_corpus_has_it():
    """Only the schema, the tokenizer and the settings matter here."""
    schema, _ = sentences(1)
    event_type = schema.event_types[0]
    event = Event(event_type, None, [Argument(schema.roles(event_type)[0], '甲')])
    example = Example('甲乙甲乙甲', [event])

    def count(corpus, *occurrences):
        items, _ = encode(SimpleNamespace(schema=schema, tokenizer=Tokenizer(VOCAB, do_lower_case=True), corpus=corpus,
                                          settings=Settings(max_length=64)), [example], *occurrences)
        return sum(len(targets.arguments) for _, _, targets in items)

    assert (count(DUEE), count(DUEE_FIN)) == (1, 3)
    assert (count(DUEE, 'all'), count(DUEE_FIN, 'nearest'), count(DUEE_FIN, None)) == (3, 1, 3)


@pytest.mark.smoke
def test_accumulated_batches_are_one_large_batch():
    """Ten texts in batches of two, three batches an update: one update of six texts, and one of the four left."""

    def trained(accumulate, groups):
        schema, examples = sentences(10)
        gplinker = tiny_gplinker(schema, 1, dropout_rate=0, attention_dropout_rate=0)
        items, _ = encode(gplinker, sorted(examples, key=lambda example: len(example.text)))
        recipe, first = Recipe(accumulate=accumulate, clipnorm=0.3), gplinker.model.get_weights()
        model, ended = compile_model(gplinker, recipe, 1, schedule=1e-2), []
        for done, group in enumerate(groups, 1):
            chosen = [items[i] for i in group]
            train_step(model, *make_batch(chosen, 32 if max(len(item[0]) for item in chosen) <= 32 else 64))
            ended.append(close_update(model, recipe, done, len(groups)))
        return first, gplinker.model.get_weights(), ended

    first, small, ended = trained(3, [[2 * k, 2 * k + 1] for k in range(5)])
    assert ended == [False, False, True, False, True]
    _, large, ended = trained(1, [range(6), range(6, 10)])
    assert ended == [True, True] and max(abs(a - b).max() for a, b in zip(first, large)) > 0.01
    for one, two in zip(small, large):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-6)
