"""--corpus duee-fin, with a model that knows what each text says: what is tested is the way from file to file."""

import json
from collections import namedtuple

import pytest

from gplinker_kit.cli import main
from gplinker_kit.events.decoder import Extraction
from gplinker_kit.events.duee_fin import read_documents
from gplinker_kit.events.policy import DOCUMENTS
from gplinker_kit.events.schema import Event
from tests.events.corpora import write_lines
from tests.events.fin_corpus import SCHEMA, documents

pytestmark = pytest.mark.once

Known = namedtuple('Known', 'path lines examples policies')


class Extractor:
    """Returns of each text what it knows of it, and has a KeyError for any other text."""

    def __init__(self, events):
        self.events = events

    def extract(self, texts, progress):
        progress(len(texts))
        return [Extraction(text, self.events[text]) for text in texts]

    def iter_extract(self, texts):
        return (Extraction(text, self.events[text]) for text in texts)


@pytest.fixture
def known(tmp_path, monkeypatch):
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

    monkeypatch.setattr(GPLinker, 'load', classmethod(lambda cls, folder, which: Model()))
    return Known(path, lines, examples, policies)


def read(path):
    return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]


def test_evaluation(known, tmp_path, capsys):
    scores = tmp_path / 'scores.json'
    arguments = ['evaluate', '--model', 'DIR', '--data', known.path, '--json', str(scores), '--corpus', 'duee-fin']
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
    assert main(['submit', '--model', 'DIR', '--data', known.path, '--output', str(output), '--zip', str(archive),
                 '--corpus', 'duee-fin']) == 0
    assert known.policies == [DOCUMENTS] and archive.exists()
    assert read(output) == [
        {'id': example.id, 'event_list': [
            {'event_type': event.event_type,
             'arguments': [{'role': one.role, 'argument': one.text} for one in event.arguments]}
            for event in example.events]}
        for example in known.examples]


def test_extraction(known, tmp_path):
    output = tmp_path / 'events.json'
    assert main(['extract', '--model', 'DIR', known.path, '--output', str(output), '--corpus', 'duee-fin']) == 0
    lines = read(output)
    assert [line['text'] for line in lines] == [example.text for example in known.examples]
    assert all(sorted(line) == ['event_list', 'id', 'text'] for line in lines)
    assert known.policies == [DOCUMENTS]


@pytest.mark.parametrize('command, needed', [
    ('evaluate', ['--data']), ('submit', ['--output', 'none.json', '--data']), ('extract', [])])
def test_a_wrong_title_is_named(known, command, needed, tmp_path, capsys):
    path = write_lines(tmp_path / 'wrong.json', known.lines[0], dict(known.lines[1], title=5))
    assert main([command, '--model', 'DIR', '--corpus', 'duee-fin'] + needed + [path]) == 2
    assert "wrong.json:2: expected 'title' as a string, got 5" in capsys.readouterr().err
    assert known.policies == []
