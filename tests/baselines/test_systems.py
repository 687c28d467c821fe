"""Every system learns sixteen sentences by heart, as far as it can; reads long texts in windows; names its limits."""

import os
from dataclasses import replace

import pytest

from gplinker_kit.backend import ENGINE
from gplinker_kit.baselines.names import NETWORKS
from gplinker_kit.baselines.pipeline import MOST_TRIGGERS
from gplinker_kit.baselines.results import score_run
from gplinker_kit.baselines.systems import SYSTEMS, make_system
from gplinker_kit.baselines.training import train
from gplinker_kit.baselines.tuning import crossfit
from gplinker_kit.events import Schema, read_examples, read_schema
from gplinker_kit.events.groups import groups_of
from gplinker_kit.recipe import Recipe
from gplinker_kit.tokenizers import Tokenizer
from tests.corpus import CORPUS, SCHEMA, VOCAB, fresh_graph, sentences, tiny_settings

# The least F1 of all arguments and of single events that each learns by heart, and between what F1 it finds the events
# of sentences with several of a type, and with a trigger that several share.
LEARNED = {
    'gplinker': (0.95, 0.95, (0.6, 1.0), (0.5, 1.0)),
    'grouped': (0.95, 0.95, (0.0, 0.0), (0.0, 0.0)),
    'pipeline': (0.95, 0.95, (0.4, 0.8), (0.0, 0.0)),
    'crf': (0.9, 0.5, (0.0, 0.0), (0.0, 0.0)),
}
# What others train on every stack as well is trained where that costs least.
TRAINED = [pytest.param(name, marks=pytest.mark.once('keras2')) if name in ('gplinker', 'grouped') else name
           for name in LEARNED]


def quiet(line):
    """A log that nobody reads."""


def make(name, schema, **settings):
    fresh_graph()
    tokenizer = Tokenizer(VOCAB, do_lower_case=True)
    return make_system(name, tiny_settings(tokenizer, **settings), schema, tokenizer)


def mixed(count):
    """Returns the schema and so many training examples: a half with one event, a half with several of a type."""
    schema = read_schema(SCHEMA)
    examples = read_examples(os.path.join(CORPUS, 'duee_train.json'), schema)
    several = [example for example in examples if 'several_of_a_type' in groups_of(example.events)][:count // 2]
    types = {event.event_type for example in several for event in example.events}
    one = [example for example in examples if groups_of(example.events) == ('one_event',)
           and example.events[0].event_type in types][:count // 2]
    return Schema.from_lines([line for line in schema.to_lines() if line['event_type'] in types]), one + several


def shape(events):
    """What an event consists of; its scores depend on the batch it was read in, by roundings."""
    return [(event.event_type, [(node.role, node.text, node.start) for node in event.nodes()]) for event in events]


def test_names():
    assert list(SYSTEMS) == list(NETWORKS) == list(LEARNED)
    with pytest.raises(ValueError, match="unknown system 'crff'. Did you mean 'crf'"):
        make_system('crff', None, None, None)


@pytest.mark.parametrize('name', TRAINED)
def test_it_learns_by_heart_what_it_can(name):
    schema, examples = mixed(16)
    system, lines = make(name, schema, dropout_rate=0, attention_dropout_rate=0), []
    assert len(system.networks) == NETWORKS[name]
    recipe = Recipe(epochs=50, batch_size=8, learning_rate=5e-3, length_multiple=64)
    seconds = train(system, examples, recipe, lines.append, progress=False)
    assert seconds > 0 and len(lines) == 51 * NETWORKS[name] and 'epoch 50/50: loss' in lines[-1]
    assert '; 2 steps an epoch' in lines[0]
    found = system.predict([example.text for example in examples], batch_size=16)
    scores = score_run([example.events for example in examples], found)
    arguments, alone, of_a_type, shared = LEARNED[name]
    groups = {group: found['event']['f1'] for group, found in scores['groups'].items()}
    assert scores['strict']['argument']['f1'] >= arguments and groups['one_event'] >= alone
    assert of_a_type[0] <= groups['several_of_a_type'] <= of_a_type[1]
    assert shared[0] <= groups['shared_trigger'] <= shared[1]
    assert (None in [event.score for of_text in found for event in of_text]) == (name == 'crf')
    assert system.predict([]) == [] and system.predict(['', ' ']) == [(), ()]

    readings = system.readings([example.text for example in examples] + [''], batch_size=16)
    zero = [system.decide(reading, (0.0,) * len(system.axes)) for reading in readings]
    assert [shape(events) for events in zero] == [shape(events) for events in found] + [[]]
    tuned, points = crossfit(system, readings, [example.events for example in examples] + [()])
    assert len(tuned) == len(readings) and [len(point) for point in points] == [len(system.axes)] * 2


@pytest.mark.smoke
@pytest.mark.parametrize('name', ['pipeline', 'crf'])
def test_another_engine_trains_it(name):
    if ENGINE == 'tensorflow':
        pytest.skip('trained above')
    schema, examples = sentences(4)
    system, lines = make(name, schema), []
    train(system, examples, Recipe(epochs=2, batch_size=4, learning_rate=5e-3), lines.append, progress=False)
    losses = [float(line.split('loss ')[1].split(',')[0]) for line in lines if 'loss' in line]
    assert losses[-1] < losses[-2]
    assert len(system.predict([example.text for example in examples])) == 4


def test_where_everything_is_a_trigger_the_best_places_are_read_on():
    schema, examples = sentences(4)
    system = make('pipeline', schema)
    network = system.networks[0].model
    weights = network.get_weights()
    weights[-1] = weights[-1] + 100  # the bias of all cells
    network.set_weights(weights)
    events, = system.predict([examples[0].text[:10]])  # of 55 spans
    assert len({(event.trigger.start, event.trigger.end) for event in events}) == MOST_TRIGGERS
    assert len(events) == MOST_TRIGGERS * len(schema.event_types)


def test_what_cannot_be_trained():
    schema, examples = sentences(4)
    system = make('pipeline', schema)
    bare = [replace(example, events=[replace(event, trigger=None) for event in example.events]) for example in examples]
    with pytest.raises(ValueError, match='nothing that the network of roles can learn from'):
        train(system, bare, Recipe(epochs=1), quiet)
    with pytest.raises(ValueError, match='baselines are trained without ema, got 0.9'):
        train(system, examples, Recipe(epochs=1, ema=0.9), quiet)
