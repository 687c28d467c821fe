"""A training on documents: what is scored, kept and refused, and what it takes to go on. The network is a stand-in."""

import os
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from gplinker_kit import fitting, resumption
from gplinker_kit.errors import DataError
from gplinker_kit.events.corpus import DUEE_FIN
from gplinker_kit.events.decoder import Extraction
from gplinker_kit.events.document_scores import DocumentScores
from gplinker_kit.events.official_fin import score_documents
from gplinker_kit.events.submission import submitted_events
from gplinker_kit.files import read_json
from gplinker_kit.fitting import encode
from gplinker_kit.model_folder import current_version, pointed
from gplinker_kit.recipe import Recipe
from gplinker_kit.state_file import read_facts
from gplinker_kit.training import train
from tests.endless_training import Network, StandIn
from tests.events.corpora import write_lines
from tests.events.fin_corpus import SCHEMA, short_documents, write_folder

pytestmark = pytest.mark.once


class Killed(BaseException):
    """Stands for the end of the process."""


class OneLayer(Network):
    """A network that is its own only layer, whose weights can be read from a version again."""

    name = 'Embedding-Token'

    def set_weights(self, weights):
        self.weights, self.layers = list(weights), [self]


class Known(StandIn):
    """A GPLinker without a network, which finds in each epoch what it is told to: `finds` of the gold events."""

    finds = ()  # functions of the gold events of a text, one an epoch

    def __init__(self, version, examples):
        super().__init__(version)
        self.model = OneLayer(os.path.join(version, 'weights.safetensors'), len(self.schema))
        self.gold, self.looks = {example.text: example.events for example in examples}, 0

    def extractor(self, policy=None, batch_size=32):
        return self

    def extract(self, texts, progress=None):
        found, self.looks = self.finds[self.looks], self.looks + 1
        return [Extraction(text, found(self.gold[text])) for text in texts]


def pieces(events):
    """Every argument is right, and no event."""
    return [replace(event, trigger=None, arguments=[one]) for event in events for one in event.arguments]


def most(events):
    """The first of every two events, and a copy, which is not handed in."""
    return events[::2] + events[:1]


def nothing(events):
    return ()


EPOCHS = pieces, most, nothing


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """(a version with a model for documents, 12 documents); the state of a training is that of the stand-in."""
    monkeypatch.setattr(resumption, 'read_state', Network.state)
    monkeypatch.setattr(resumption, 'write_state', Network.restore)
    write_folder(tmp_path, short_documents(12, 2))
    settings = dict(max_length=24, corpus='duee-fin', encoder={})
    start = tmp_path / 'start'
    start.mkdir()
    write_lines(start / 'config.json', {'settings': settings})
    write_lines(start / 'schema.json', *SCHEMA.to_lines())
    save_file({'Embedding-Token.0': np.ones((2, 2), 'float32')}, str(start / 'weights.safetensors'))
    return str(start), DUEE_FIN.read_labelled(str(tmp_path / DUEE_FIN.files['train']), SCHEMA, None)


def run(documents, folder, finds=EPOCHS, log=None, occurrences=None, **options):
    """Returns (history, GPLinker) of a training of three epochs, the last of which find what they are told to."""
    start, examples = documents
    gplinker = Known(start, examples)
    gplinker.finds = finds
    options = dict({'tune': None, 'progress': False, 'log': [].append if log is None else log.append}, **options)
    recipe = Recipe(epochs=len(EPOCHS), batch_size=8, occurrences=occurrences)
    return train(gplinker, examples, examples, recipe, save_to=folder, **options), gplinker


def test_dev_scores_are_those_of_documents(documents, tmp_path):
    """The official one is in the history and in the log, and chooses."""
    folder, log, examples = str(tmp_path / 'model'), [], documents[1]
    history, gplinker = run(documents, folder, log=log)
    gold = [example.events for example in examples]
    for entry, found, line in zip(history, EPOCHS, [line for line in log if line.startswith('epoch ')]):
        official = score_documents(gold, [submitted_events(found(events), 'keep') for events in gold])
        assert entry['dev']['official']['argument'] == official.as_dict()
        assert entry['dev']['options'] == DocumentScores().as_dict()['options']
        assert 'official F1 %.2f' % (100 * official.f1) in line
    assert [entry['dev']['strict']['argument']['f1'] == 1 for entry in history] == [True, False, False]
    assert history[0]['dev']['official']['argument']['f1'] < history[1]['dev']['official']['argument']['f1'] < 1
    assert history[1]['groups']['one_event']['event']['f1'] == 1, 'positions do not count there either'
    windows = len(encode(gplinker, examples)[0])
    assert windows > 12 and ['12 %s texts in %d windows' % (name, windows) for name in ('training', 'dev')] == [
        line.split(';')[0] for line in log[:2]]
    versions = pointed(folder)
    assert versions['current'] == versions['best-event'] != versions['best-argument']
    assert read_json(os.path.join(current_version(folder), 'config.json'))['settings']['corpus'] == 'duee-fin'


def test_a_training_that_is_stopped_goes_on(documents, tmp_path, monkeypatch):
    """It ends as one without a stop; with other labels it does not go on."""
    real, steps, last = fitting.train_step, [], []

    def mortal(*arguments):
        steps.append(1)
        if len(steps) in last:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(fitting, 'train_step', mortal)
    history, whole = run(documents, str(tmp_path / 'whole'))
    last.append(len(steps) + len(steps) // 2 + 1)  # in the second of three epochs
    folder, log = str(tmp_path / 'model'), []
    with pytest.raises(Killed):
        run(documents, folder, state_every=0)
    about = read_facts(folder)['about']
    assert about['settings']['corpus'] == 'duee-fin' and about['choice'] == {'select': 'official', 'tune': None}
    with pytest.raises(DataError, match="occurrences: None then, 'first' now"):
        run(documents, folder, resume=True, occurrences='first')
    resumed, gplinker = run(documents, folder, EPOCHS[1:], log, resume=True)
    assert any(line.startswith('going on in epoch 2 after ') and ' 0 batches' not in line for line in log)
    assert [one['dev'] for one in resumed] == [one['dev'] for one in history]
    for one, two in zip(gplinker.model.get_weights(), whole.model.get_weights()):
        np.testing.assert_allclose(one, two, rtol=1e-6)


def test_another_corpus_does_not_go_on(documents, tmp_path):
    """The state of a training on sentences names no corpus, as one from before there were documents."""
    start, examples = documents
    sentences, folder = Known(start, examples), str(tmp_path / 'model')
    sentences.settings, sentences.finds = replace(sentences.settings, corpus='duee'), EPOCHS[:1]  # no second epoch
    with pytest.raises(IndexError):
        train(sentences, examples, examples, Recipe(epochs=3, batch_size=8), folder, [].append, progress=False)
    assert 'corpus' not in read_facts(folder)['about']['settings']
    with pytest.raises(DataError, match="corpus: None then, 'duee-fin' now"):
        run(documents, folder, resume=True)


def test_what_documents_cannot_have(documents, monkeypatch):
    start, examples = documents
    with pytest.raises(ValueError, match='exchange must be 0 for the corpus duee-fin'):
        train(Known(start, examples), examples, examples, Recipe(exchange=0.5), log=[].append)
    with pytest.raises(ValueError, match="unknown objective 'oficial' for the corpus duee-fin.*Did you mean 'offi"):
        train(Known(start, examples), examples, examples, tune='oficial', log=[].append)
    monkeypatch.setitem(sys.modules, 'scipy.optimize', None)
    with pytest.raises(ImportError, match='needs the package `scipy`'):
        train(Known(start, examples), examples, examples, log=[].append)
