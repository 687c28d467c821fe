"""Training from files to scores, on the shipped corpus."""

import os

import numpy as np
import pytest

from gplinker_kit.gplinker import GPLinker
from gplinker_kit.training import Recipe, compile_model, encode, evaluate, make_batch, train, train_step
from tests.corpus import sentences, tiny_gplinker


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """(GPLinker that has learned 24 sentences, these, its folder, the log lines)."""
    schema, examples = sentences(24)
    gplinker = tiny_gplinker(schema)
    folder, lines = str(tmp_path_factory.mktemp('model')), []
    recipe = Recipe(epochs=80, batch_size=12, learning_rate=5e-3, length_multiple=64)
    train(gplinker, examples, examples[:8], recipe, save_to=folder, log=lines.append, progress=False)
    return gplinker, examples, folder, lines


def test_it_learns_the_sentences_by_heart(trained):
    gplinker, examples, _, lines = trained
    scores = evaluate(gplinker, examples)
    assert scores.argument.f1 > 0.9 and scores.event.f1 > 0.7 and scores.official.f1 > 0.9
    assert lines[0].startswith('24 training texts; gold arguments: ') and 'kept' in lines[0]
    assert len(gplinker.history) == 80 and gplinker.history[-1]['loss'] < 0.1 * gplinker.history[0]['loss']


def test_a_saved_model_extracts_the_same(trained):
    gplinker, examples, folder, _ = trained
    texts = [example.text for example in examples]
    before = gplinker.extract(texts)
    assert sum(len(extraction.events) for extraction in before) > 20
    loaded = GPLinker.load(folder)
    assert loaded.schema == gplinker.schema and loaded.settings == gplinker.settings
    assert loaded.history == gplinker.history
    after = loaded.extract(texts)
    for one, two in zip(before, after):
        assert [(e.event_type, e.trigger.text) for e in one.events if e.trigger] == [
            (e.event_type, e.trigger.text) for e in two.events if e.trigger
        ]
        np.testing.assert_allclose([e.score for e in one.events], [e.score for e in two.events], rtol=1e-5)


def test_the_best_epoch_on_dev_is_kept(trained):
    gplinker, examples, folder, _ = trained
    best = max(entry['dev']['strict']['argument']['f1'] for entry in gplinker.history)
    assert best > 0.9
    assert evaluate(gplinker, examples[:8]).argument.f1 == pytest.approx(best)
    assert evaluate(GPLinker.load(folder), examples[:8]).argument.f1 == pytest.approx(best)


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


def test_a_loss_that_is_not_finite_stops(tmp_path):
    schema, examples = sentences(4)
    gplinker = tiny_gplinker(schema)
    weights = gplinker.model.get_weights()
    gplinker.model.set_weights([np.full_like(w, np.nan) for w in weights])
    with pytest.raises(FloatingPointError, match='the loss became nan after 1 batches of epoch 1/1'):
        train(gplinker, examples, (), Recipe(epochs=1), save_to=str(tmp_path), log=lambda line: None)
    assert os.listdir(str(tmp_path)) == []


def test_no_example():
    schema, _ = sentences(1)
    with pytest.raises(ValueError, match='train_examples holds no labelled sentence'):
        train(tiny_gplinker(schema), [])


@pytest.mark.parametrize(
    'values, message',
    [
        ({'epochs': 0}, 'epochs must be at least 1, got 0'),
        ({'learning_rate': 0}, 'learning_rate must be positive, got 0'),
        ({'warmup': 1.5}, r'warmup must lie in \[0, 1\], got 1.5'),
        ({'clipnorm': -1}, 'clipnorm must be positive or None, got -1'),
    ],
)
def test_a_bad_recipe_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**values)
