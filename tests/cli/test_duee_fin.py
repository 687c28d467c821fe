"""Documents, with a model that knows what each text says: what is tested is the way from file to file."""

import json
import os
import re
from collections import namedtuple

import pytest

from gplinker_kit import thresholds
from gplinker_kit.cli import main
from gplinker_kit.events.corpus import DUEE, DUEE_FIN
from gplinker_kit.events.decoder import Extraction
from gplinker_kit.events.duee_fin import read_documents
from gplinker_kit.events.policy import DOCUMENTS, RECOMMENDED
from gplinker_kit.events.schema import Event
from gplinker_kit.files import write_json
from gplinker_kit.model_folder import new_version, pointed
from tests.events.corpora import write_lines
from tests.events.fin_corpus import SCHEMA, documents

pytestmark = pytest.mark.once

Known = namedtuple('Known', 'path lines examples policies model other')


class Extractor:
    """Returns of each text what it knows of it, and has a KeyError for any other text."""

    schema = SCHEMA

    def __init__(self, events):
        self.events = events

    def extract(self, texts, progress):
        progress(len(texts))
        return [Extraction(text, self.events[text]) for text in texts]

    def iter_extract(self, texts, chunk=2048):
        return (Extraction(text, self.events[text]) for text in texts)


def model_folder(path, **settings):
    """A folder that says what its model was trained on, and holds no more; returns its path as str."""
    with new_version(str(path)) as draft:
        write_json(os.path.join(draft, 'config.json'), {'settings': settings})
    return str(path)


@pytest.fixture
def known(tmp_path, monkeypatch):
    """`model` was trained on documents; `other` is from before there were any, and reads as DuEE."""
    from gplinker_kit.gplinker import GPLinker

    lines = documents(12, seed=4)
    lines[2]['event_list'][0]['arguments'][0]['argument'] = '查无 此值'
    path = write_lines(tmp_path / 'documents.json', *lines)
    examples, policies = read_documents(path, SCHEMA), []
    # every event is found, and the first one of each text twice; and one of nothing
    events = {one.text: one.events[:1] + one.events + (Event('质押', None),) for one in examples}

    class Model:
        schema = SCHEMA

        def extractor(self, policy, batch_size):
            policies.append(policy)
            return Extractor(events)

        def save(self, folder, pointers):
            model_folder(folder, corpus='duee-fin')

    monkeypatch.setattr(GPLinker, 'load_version', classmethod(lambda cls, version: Model()))
    return Known(path, lines, examples, policies, model_folder(tmp_path / 'model', corpus='duee-fin'),
                 model_folder(tmp_path / 'other'))


def read(path):
    return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]


def test_evaluation(known, tmp_path, capsys):
    scores = tmp_path / 'scores.json'
    arguments = ['evaluate', '--model', known.model, '--data', known.path, '--json', str(scores)]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    event = known.lines[2]['event_list'][0]
    assert "1 gold values do not occur in their document; the first: %s:3: event 1 (%s), role %r: '查无 此值'" % (
        known.path, event['event_type'], event['arguments'][0]['role']) in captured.err
    assert 'official DuEE-fin' in captured.out and 'and text equal' in captured.out
    assert known.policies == [DOCUMENTS]
    written = json.loads(scores.read_text())
    assert written['policy'] == DOCUMENTS.to_dict() and written['options']['positions'] is False
    size = sum(len(event.arguments) for example in known.examples for event in example.events)
    for counts in written['official_fin'].values():
        assert (counts['correct'], counts['predicted'], counts['gold'], counts['f1']) == (size, size, size, 1)
    assert len(written['official_fin']) == 2 and written['texts'] == 12
    assert main(arguments + ['--trigger-policy', 'drop', '--same-text', 'apart']) == 0
    assert (known.policies[1].trigger_policy, known.policies[1].same_text) == ('drop', 'apart')


def test_submission(known, tmp_path):
    output, archive = tmp_path / 'test_duee_fin.json', tmp_path / 'duee-fin.zip'
    assert main(['submit', '--model', known.model, '--data', known.path, '--output', str(output),
                 '--zip', str(archive)]) == 0
    assert known.policies == [DOCUMENTS] and archive.exists()
    assert read(output) == [
        {'id': example.id, 'event_list': [
            {'event_type': event.event_type,
             'arguments': [{'role': one.role, 'argument': one.text} for one in event.arguments]}
            for event in example.events]}
        for example in known.examples]


def test_extraction(known, tmp_path):
    output = tmp_path / 'events.json'
    assert main(['extract', '--model', known.model, known.path, '--output', str(output)]) == 0
    lines = read(output)
    assert [line['text'] for line in lines] == [example.text for example in known.examples]
    assert all(sorted(line) == ['event_list', 'id', 'text'] for line in lines)
    assert known.policies == [DOCUMENTS]


def test_the_option_wins_over_the_model_and_says_so(known, tmp_path, capsys):
    """A model that was trained on sentences can be tried on documents, and the other way round."""
    arguments = ['submit', '--data', known.path, '--output', str(tmp_path / 'out.json')]
    assert main(arguments + ['--model', known.other, '--corpus', 'duee-fin']) == 0
    assert '%s was trained on duee; its texts are read and its events decoded as those of duee-fin' % known.other in (
        capsys.readouterr().err)
    assert known.policies == [DOCUMENTS]
    assert main(arguments + ['--model', known.model, '--corpus', 'duee-fin']) == 0
    assert 'was trained on' not in capsys.readouterr().err
    with pytest.raises(KeyError):  # the text of a sentence is that of its line, which nobody knows
        main(arguments + ['--model', known.model, '--corpus', 'duee'])
    assert 'trained on duee-fin; its texts are read and its events decoded as those of duee (' in (
        capsys.readouterr().err)
    with pytest.raises(KeyError):
        main(arguments + ['--model', known.other])
    assert known.policies[2:] == [RECOMMENDED] * 2 and capsys.readouterr().err == ''


@pytest.mark.parametrize('given, corpus, objective', [
    (['--model', 'model'], DUEE_FIN, 'official'),
    (['--model', 'model', '--objective', 'event'], DUEE_FIN, 'event'),
    (['--model', 'other', '--corpus', 'duee-fin'], DUEE_FIN, 'official'),
    (['--model', 'other'], DUEE, 'sum'),
])
def test_tuning(known, given, corpus, objective, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(thresholds, 'tune_thresholds', lambda *arguments: calls.append(arguments) or 'tuned')
    folder = getattr(known, given[1])
    given = ['tune', '--data', known.path, '--model', folder] + given[2:]
    assert main(given) == 0 and capsys.readouterr().out == 'tuned\n' and pointed(folder) == {'current': 2}
    (_, examples, tuned_for, policy, _, _, _, found), = calls
    assert (tuned_for, policy, found) == (objective, corpus.policy, corpus)
    assert examples == [one for one in corpus.read_labelled(known.path, SCHEMA, None) if one.events is not None]
    assert (len(examples) == 12) is (corpus is DUEE_FIN)  # documents without events are labelled, too


def test_an_objective_of_documents_alone(known, capsys):
    assert main(['tune', '--model', known.other, '--data', known.path, '--objective', 'official']) == 2
    assert "unknown objective 'official' for the corpus duee, whose are" in capsys.readouterr().err


def test_a_page(known, tmp_path):
    """Gold without places is compared by its texts; with --predictions, too."""
    page, predictions = tmp_path / 'page.html', tmp_path / 'predictions.json'
    assert main(['view', '--model', known.model, known.path, '--output', str(page)]) == 0
    assert known.policies == [DOCUMENTS]
    first = sentences(page)
    assert [one['name'] for one in first] == [line['id'] for line in known.lines]
    statuses = [row[2] for one in first for card in one['cards'] for row in card['rows']]
    assert statuses.count('right') > 50 and 'missed' not in statuses
    assert main(['extract', '--model', known.model, known.path, '--output', str(predictions)]) == 0
    assert main(['view', '--predictions', str(predictions), '--gold', known.path, '--corpus', 'duee-fin',
                 '--output', str(page)]) == 0
    assert sentences(page) == first


def sentences(path):
    page = path.read_text(encoding='utf-8')
    return list(map(json.loads, re.search(r'id="sentences">(.*?)</script>', page, re.S).group(1).split('\n')))


def corpus_folder(path, lines, nested=False):
    """The files of DuEE-fin; nested as the unpacked downloads are, a folder of its own around each."""
    names = DUEE_FIN.files
    for name, some in ((names['schema'], SCHEMA.to_lines()), (names['train'], lines), (names['dev'], lines[:2])):
        folder = path / name if nested else path
        folder.mkdir(parents=True, exist_ok=True)
        write_lines(folder / name, *some)
    (path / 'vocab.txt').write_text('[PAD]\n[UNK]\n[CLS]\n[SEP]\n', encoding='utf-8')
    return str(path)


@pytest.mark.parametrize('options, message', [
    (['--exchange', '0.3'], 'exchange must be 0 for the corpus duee-fin, got 0.3'),
    (['--corpus', 'duee'], 'duee_event_schema.json'),
    (['--objective', 'official', '--corpus', 'duee', '--schema', 'SCHEMA', '--train', 'TRAIN'],
     "unknown objective 'official' for the corpus duee, whose are 'argument', 'event', 'sum'"),
])
def test_what_a_training_refuses(known, tmp_path, capsys, options, message):
    folder = corpus_folder(tmp_path / 'corpus', known.lines)
    places = {name.upper(): os.path.join(folder, DUEE_FIN.files[name]) for name in ('schema', 'train')}
    options = [places.get(word, word) for word in options]
    assert main(['train', '--corpus', 'duee-fin', '--data', folder, '--output', str(tmp_path / 'out')] + options) == 2
    assert message in capsys.readouterr().err and not os.path.exists(str(tmp_path / 'out' / 'current'))


@pytest.mark.parametrize('nested', [False, True])
def test_the_files_of_a_training_are_found(known, tmp_path, capsys, nested):
    """Up to the first thing that is wrong, which is a size that does not exist; values that are missing are told."""
    folder = corpus_folder(tmp_path / 'corpus', known.lines, nested)
    assert main(['train', '--corpus', 'duee-fin', '--data', folder, '--output', str(tmp_path / 'out'),
                 '--size', 'huge']) == 2
    said = capsys.readouterr().err
    assert '1 gold values do not occur in their document; the first: %s' % folder in said
    assert "unknown size 'huge'" in said


@pytest.mark.parametrize('command, needed', [
    ('evaluate', ['--data']), ('submit', ['--output', 'none.json', '--data']), ('extract', [])])
def test_a_wrong_title_is_named(known, command, needed, tmp_path, capsys):
    path = write_lines(tmp_path / 'wrong.json', known.lines[0], dict(known.lines[1], title=5))
    assert main([command, '--model', known.model] + needed + [path]) == 2
    assert "wrong.json:2: expected 'title' as a string, got 5" in capsys.readouterr().err
    assert known.policies == []
