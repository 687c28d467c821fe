"""Training from files to scores, on the shipped corpus."""

import os

import numpy as np
import pytest
from safetensors.numpy import load_file

from gplinker_kit.backend import ENGINE
from gplinker_kit.events import Thresholds
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.model_folder import current_version, pointed, versions
from gplinker_kit.recipe import Recipe
from gplinker_kit.training import evaluate, train
from tests.corpus import sentences, tiny_gplinker


def quiet(line):
    """A log that nobody reads."""


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
    assert lines[1].startswith('8 dev texts; gold arguments: ')
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


@pytest.mark.parametrize('name', ['argument', 'event'])
def test_the_best_epochs_are_kept_with_their_own_thresholds(trained, name):
    gplinker, examples, folder, lines = trained
    best = max(entry['dev']['strict'][name]['f1'] for entry in gplinker.history)
    assert best > 0.9
    loaded = GPLinker.load(folder, 'best-' + name)
    tuned = evaluate(loaded, examples[:8])
    loaded.thresholds = Thresholds()
    assert getattr(evaluate(loaded, examples[:8]), name).f1 == pytest.approx(best)
    assert tuned.argument.f1 + tuned.event.f1 >= 2 * best - 0.2
    assert any(line.startswith('best ') and '%s F1' % name in line and 'crossfitted' in line for line in lines)
    assert sorted(loaded.threshold_curves) == ['arguments', 'heads', 'tails']


def test_the_selected_version_is_the_current_one(trained):
    gplinker, _, folder, _ = trained
    assert current_version(folder) == current_version(folder, 'best-argument')
    loaded = GPLinker.load(folder)
    assert loaded.thresholds == gplinker.thresholds
    for one, two in zip(loaded.model.get_weights(), gplinker.model.get_weights()):
        np.testing.assert_array_equal(one, two)


def test_what_an_entry_of_the_history_holds(trained):
    history = trained[0].history
    rates = [entry['learning_rate'] for entry in history]
    assert max(rates) == pytest.approx(5e-3) and rates[7] == max(rates) and rates[-1] == pytest.approx(0.05 * 5e-3)
    groups = history[-1]['groups']
    assert sorted(groups) == ['one_event', 'several_of_a_type', 'shared_trigger']
    assert groups['one_event']['texts'] > 0 and groups['one_event']['argument']['f1'] > 0.8


def test_a_loss_that_is_not_finite_stops(tmp_path):
    schema, examples = sentences(4)
    gplinker = tiny_gplinker(schema)
    weights = gplinker.model.get_weights()
    gplinker.model.set_weights([np.full_like(w, np.nan) for w in weights])
    with pytest.raises(FloatingPointError, match='the loss became nan in epoch 1/1, batch 1: it is the first one'):
        train(gplinker, examples, (), Recipe(epochs=1), save_to=str(tmp_path), log=quiet)
    assert os.listdir(str(tmp_path)) == ['bad_batch.npz']


def test_no_example():
    schema, examples = sentences(1)
    with pytest.raises(ValueError, match='train_examples holds no labelled sentence'):
        train(tiny_gplinker(schema), [], log=quiet)
    with pytest.raises(ValueError, match='patience is 3, but there are no labelled dev examples'):
        train(tiny_gplinker(schema), examples, recipe=Recipe(patience=3), log=quiet)


@pytest.mark.once('keras2')
def test_without_dev_sentences_the_last_epoch_is_saved(tmp_path):
    schema, examples = sentences(4)
    gplinker, lines = tiny_gplinker(schema), []
    train(gplinker, examples, (), Recipe(epochs=2, batch_size=4), str(tmp_path), lines.append, progress=False)
    assert pointed(str(tmp_path)) == {'current': 1} and versions(str(tmp_path)) == [1]
    assert len(lines) == 3 and 'dev' not in ''.join(lines) and 'dev' not in gplinker.history[0]
    assert len(GPLinker.load(str(tmp_path)).history) == 2


@pytest.mark.once('keras2')
def test_patience_ends_a_training_that_does_not_improve(tmp_path):
    """With a learning rate of 1e-9 nothing is ever found, so that no epoch is a best one."""
    schema, examples = sentences(4)
    gplinker, lines = tiny_gplinker(schema), []
    recipe = Recipe(epochs=9, batch_size=4, learning_rate=1e-9, patience=2)
    gplinker.model.layers[-1].set_weights([0 * weight for weight in gplinker.model.layers[-1].get_weights()])
    history = train(gplinker, examples, examples, recipe, str(tmp_path), lines.append, progress=False, tune=None)
    f1 = [entry['dev']['strict']['argument']['f1'] for entry in history]
    last = max([k for k, value in enumerate(f1, 1) if value > max([0] + f1[:k - 1])] or [0])
    assert len(history) == last + 2 < 9
    assert lines[-1] == 'stopped: no dev F1 has risen for 2 epochs'


@pytest.mark.once('keras2')
def test_averaged_weights_are_evaluated_and_saved(tmp_path):
    """The same training twice, with and without the average: losses are equal, what is saved is not."""
    saved, losses = [], []
    for ema in (None, 0.9):
        schema, examples = sentences(8)
        gplinker = tiny_gplinker(schema, 1)
        recipe = Recipe(epochs=6, batch_size=4, length_multiple=64, ema=ema)
        history = train(gplinker, examples, (), recipe, str(tmp_path), quiet, progress=False)
        losses.append([entry['loss'] for entry in history])
        saved.append(load_file(os.path.join(current_version(str(tmp_path)), 'weights.safetensors')))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    apart = [abs(saved[0][name] - saved[1][name]).max() for name in saved[0]]
    assert 1e-5 < max(apart) < 0.1


@pytest.mark.parametrize('exchange', [0.0, 0.5])
def test_exchanged_arguments_are_new_in_every_epoch(exchange, monkeypatch):
    """13 texts make 4 batches in each epoch, whatever becomes of their lengths: the schedule counts on that."""
    schema, examples = sentences(13)
    gplinker, seen = tiny_gplinker(schema), []

    def look(inputs, targets):
        """Stands for a step: what is learned does not matter here."""
        seen.append({tuple(token for token in row if token) for row in np.asarray(inputs[0]).tolist()})
        return 1.0

    monkeypatch.setattr(gplinker.model, 'train_on_batch', look)
    train(gplinker, examples, recipe=Recipe(epochs=3, batch_size=4, length_multiple=8, exchange=exchange), log=quiet)
    assert len(seen) == 3 * 4 and [entry['epoch'] for entry in gplinker.history] == [1, 2, 3]
    assert gplinker.history[-1]['learning_rate'] == pytest.approx(5e-4 * 0.05)
    epochs = [set().union(*seen[at:at + 4]) for at in (0, 4, 8)]
    again = [len(one & two) for one, two in zip(epochs, epochs[1:])]
    assert max(again) < 7 if exchange else again == [13, 13]


@pytest.mark.once('keras2')
def test_long_texts_are_trained_in_windows_and_links_can_be_typed():
    schema, examples = sentences(6)
    gplinker, lines = tiny_gplinker(schema, max_length=24, window_stride=8, typed_links=True), []
    recipe = Recipe(epochs=60, batch_size=8, learning_rate=5e-3)
    train(gplinker, examples, examples, recipe, log=lines.append, progress=False)
    assert lines[0].startswith('6 training texts in ') and ' 0 beyond the window' in lines[0]
    assert gplinker.predict(*(np.ones((1, 4), 'int32'),) * 2)[1].shape == (1, 4, 4 + 2 * len(schema.event_types))
    assert evaluate(gplinker, examples).argument.f1 > 0.8


@pytest.mark.skipif(ENGINE != 'jax', reason='JAX says what it compiles')
def test_the_shapes_in_the_log_are_the_programs_that_are_compiled(caplog):
    import jax

    schema, examples = sentences(40)
    gplinker, lines = tiny_gplinker(schema), []
    with caplog.at_level('WARNING'), jax.log_compiles():
        train(gplinker, examples, recipe=Recipe(epochs=3, batch_size=10), log=lines.append, progress=False)
    heard = [record.getMessage() for record in caplog.records]
    compiled = [line for line in heard if 'Finished XLA compilation of jit(train_step)' in line]
    said = [line for line in lines if 'XLA compiles a program for each' in line]
    new = sum(int(line.split(', ')[-1].split()[0]) for line in said)
    assert said[0].startswith('epoch 1/3: batches of ') and 2 <= new == len(compiled) <= 6, (said, compiled)
