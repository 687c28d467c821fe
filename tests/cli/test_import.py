import json
import os

import pytest

from gplinker_kit.cli import main
from gplinker_kit.events import read_examples, read_schema
from tests.annotations.exports import plain, write_doccano, write_label_studio
from tests.corpus import CORPUS, ROOT

pytestmark = pytest.mark.once

TRAIN = os.path.join(CORPUS, 'duee_train.json')
FORMATS = {'doccano': write_doccano, 'label-studio': write_label_studio}


def read_folder(folder):
    schema = read_schema(os.path.join(folder, 'duee_event_schema.json'))
    names = [name for name in ('duee_train.json', 'duee_dev.json') if os.path.exists(os.path.join(folder, name))]
    return schema, [read_examples(os.path.join(folder, name), schema) for name in names]


@pytest.mark.parametrize('name', FORMATS)
def test_an_export_becomes_a_corpus(tmp_path, name, capsys):
    examples = read_examples(TRAIN)
    path = FORMATS[name](tmp_path / 'export', examples)
    folder = str(tmp_path / 'corpus')
    command = ['import', '--format', name, '--input', path, '--output', folder]
    assert main(command + ['--dev', '0.1', '--seed', '3']) == 0
    printed = capsys.readouterr()
    assert '785 texts: 706 in train, 79 in dev' in printed.out and 'schema check --data %s' % folder in printed.err
    schema, (train, dev) = read_folder(folder)
    assert set(schema.labels) == set(read_schema(os.path.join(CORPUS, 'duee_event_schema.json')).labels)
    assert sorted(train + dev, key=lambda example: example.id) == [plain(example) for example in examples]
    report = os.path.join(folder, 'import_report.txt')
    with open(report, encoding='utf-8') as stream:
        assert stream.read().startswith('785 texts: 706 in train, 79 in dev')
    assert main(['schema', 'check', '--data', folder, '--strict', '--rare', '0']) == 0
    capsys.readouterr()
    assert main(command) == 2
    assert 'there is a corpus already' in capsys.readouterr().err
    assert main(command + ['--overwrite', '--schema', os.path.join(CORPUS, 'duee_event_schema.json')]) == 0
    schema, (train,) = read_folder(folder)
    assert schema == read_schema(os.path.join(CORPUS, 'duee_event_schema.json')) and len(train) == 785


def test_the_shipped_exports_say_the_same(tmp_path):
    folder, found = os.path.join(ROOT, 'examples', 'annotations'), []
    for name, file in (('doccano', 'doccano.jsonl'), ('label-studio', 'label_studio.json')):
        output = str(tmp_path / name)
        assert main(['import', '--format', name, '--input', os.path.join(folder, file), '--output', output]) == 0
        found.append(read_folder(output))
    assert found[0] == found[1] and len(found[0][1][0]) == 12


def test_what_is_left_out_is_reported_and_nothing_half_written(tmp_path, capsys):
    relations = [{'id': 1, 'from_id': 1, 'to_id': 2, 'type': '裁员方'}]
    line = {'id': 1, 'text': '甲裁员', 'relations': relations, 'entities': [
        {'id': k, 'label': label, 'start_offset': start, 'end_offset': end}
        for k, label, start, end in ((1, '裁员', 1, 3), (2, '公司', 0, 1), (3, '字', 1, 2))]}
    path, folder = tmp_path / 'x.jsonl', str(tmp_path / 'corpus')
    path.write_text(json.dumps(line), encoding='utf-8')
    command = ['import', '--format', 'doccano', '--input', str(path), '--output', folder]
    assert main(command) == 0
    assert "x.jsonl:1: 字 '裁' at 1" in capsys.readouterr().out
    line['entities'][0]['end_offset'] = 9
    path.write_text(json.dumps(line), encoding='utf-8')
    for more, message in (
            ([], 'x.jsonl:1: entities[0]: expected start_offset below end_offset'), (['--dev', '1'], '--dev must lie'),
            (['--show', '-1'], '--show must be at least 0'), (['--text-key', 'data'], "there is no 'data'")):
        other = str(tmp_path / 'other')
        assert main(command[:-1] + [other] + more) == 2
        assert message in capsys.readouterr().err and not os.path.exists(other)
