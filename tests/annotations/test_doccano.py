import json
import os

import pytest

from gplinker_kit.annotations import KINDS, assemble, read_doccano
from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import read_examples
from gplinker_kit.events.findings import Findings
from gplinker_kit.events.schema import Example
from tests.annotations.exports import doccano_line, marked, plain, write_doccano
from tests.corpus import CORPUS
from tests.events.corpora import found

pytestmark = pytest.mark.once

LINE = {'id': 7, 'text': '甲公司裁员', 'Comments': [], 'entities': [
    {'id': 1, 'label': '裁员', 'start_offset': 3, 'end_offset': 5},
    {'id': 2, 'label': '公司', 'start_offset': 0, 'end_offset': 3}],
    'relations': [{'id': 9, 'from_id': 1, 'to_id': 2, 'type': '裁员方'}]}


def change(path, value):
    """LINE with the value at a path of keys changed; None deletes it."""
    line = holder = json.loads(json.dumps(LINE))
    for key in path[:-1]:
        holder = holder[key]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return line


@pytest.mark.parametrize('name', ['duee_train.json', 'duee_dev.json'])
def test_a_corpus_round_trips(tmp_path, name):
    examples = read_examples(os.path.join(CORPUS, name))
    findings = Findings(KINDS)
    path = write_doccano(tmp_path / 'export.jsonl', examples)
    assert assemble(read_doccano(path, findings), findings) == [plain(example) for example in examples] != []
    without = [number for number, example in enumerate(examples, 1) if not example.events]
    assert [(kind, number) for kind, number, _ in found(findings)] == [('no_span', number) for number in without]


def test_fewfc_round_trips(tmp_path, shared_data):
    """Real events come back as they are, but for arguments that are annotated twice in one event."""
    examples = read_examples(os.path.join(shared_data, 'fewfc', 'duee_dev.json'))
    findings = Findings(KINDS)
    back = assemble(read_doccano(write_doccano(tmp_path / 'export.jsonl', examples), findings), findings)
    twice = findings.of('twice')
    assert len(twice) == sum(len(event.arguments) - len(set(event.arguments)) for example in examples
                             for event in example.events)
    changed = {finding.line for finding in twice}
    for number, (ours, theirs) in enumerate(zip(back, examples), 1):
        if number not in changed:
            assert sorted(map(repr, plain(ours).events)) == sorted(map(repr, plain(theirs).events))
    assert len(back) == len(examples) == 899 and len(changed) < 5


def test_keys_that_are_kept(tmp_path):
    line = dict(LINE, source='a', Comments=['look'], event_list=[])
    path = tmp_path / 'x.jsonl'
    path.write_text(json.dumps(line), encoding='utf-8')
    findings = Findings(KINDS)
    item, = read_doccano(str(path), findings)
    assert item.extra == {'source': 'a', 'Comments': ['look']}
    assert found(findings) == [('key', 1, "'event_list'")]
    path.write_text(json.dumps(dict(doccano_line(Example('乙', []), 1), data='甲')), encoding='utf-8')
    item, = read_doccano(str(path), findings, 'data')
    assert item.text == '甲'
    assert marked(Example('乙', [])) == ([], [])


@pytest.mark.parametrize('line, words', [
    ('{', 'broken JSON'),
    ({'id': 1, 'text': '甲', 'label': [[0, 1, 'X']]}, "there is no 'entities'; expected a line of the export \"JSONL"),
    (change(['text'], 3), "expected 'text' as a string, got 3"),
    (change(['entities'], {}), "expected 'entities' as a list of entities, got {}"),
    (change(['entities', 0, 'label'], None), "entities[0]: there is no 'label'"),
    (change(['entities', 0, 'label'], ' '), "entities[0]: expected 'label' as a name, got ' '"),
    (change(['entities', 1, 'id'], 1), 'entities[1]: the id 1 is that of another entity'),
    (change(['entities', 1, 'end_offset'], 6), 'entities[1]: expected start_offset below end_offset, both within the 5 '
                                               'characters of the text, got 0 and 6'),
    (change(['entities', 1, 'start_offset'], 3), 'got 3 and 3'),
    (change(['entities', 1, 'start_offset'], '0'), "entities[1]: expected 'start_offset' as an integer, got '0'"),
    (change(['relations', 0, 'from_id'], None), "relations[0]: there is no 'from_id'"),
    (change(['relations', 0, 'type'], 4), "relations[0]: expected 'type' as a string, got 4"),
])
def test_a_broken_line_is_named(tmp_path, line, words):
    path = tmp_path / 'x.jsonl'
    path.write_text('%s\n%s\n' % (json.dumps(LINE), line if isinstance(line, str) else json.dumps(line)))
    with pytest.raises(DataError) as caught:
        read_doccano(str(path), Findings(KINDS))
    assert str(caught.value).startswith('%s:2: ' % path) and words in str(caught.value)
