import json
import os

import pytest

from gplinker_kit.cli import main
from gplinker_kit.events import read_schema
from tests.corpus import CORPUS
from tests.events.corpora import SCHEMA, argument, layoff, line, write_corpus, write_lines

pytestmark = pytest.mark.once


def test_the_shipped_corpus_is_clean_and_its_schema_is_found_again(tmp_path, capsys):
    output = str(tmp_path / 'schema.json')
    assert main(['schema', 'propose', os.path.join(CORPUS, 'duee_train.json'), '--output', output]) == 0
    assert set(read_schema(output).labels) == set(read_schema(os.path.join(CORPUS, 'duee_event_schema.json')).labels)
    printed = capsys.readouterr()
    assert '785 labelled texts' in printed.out and 'schema check' in printed.err
    assert main(['schema', 'check', '--data', CORPUS, '--schema', output, '--strict']) == 0
    printed = capsys.readouterr()
    assert 'nothing was found' in printed.out and 'tokens a text' in printed.out and printed.err == ''


def test_the_exit_status_and_the_list_of_findings(tmp_path, capsys):
    folder = write_corpus(tmp_path, [line(layoff())])
    check = ['schema', 'check', '--data', folder]
    assert main(check) == 0
    printed = capsys.readouterr()
    assert 'unused' not in printed.out and 'labels of the schema that never occur: 1' in printed.out
    assert 'not checked without --vocab' in printed.err
    assert main(check + ['--strict']) == 1
    wrong = [line(layoff(argument('时间', '昨日', place))) for place in (0, 1, 2)]
    write_corpus(tmp_path, [line(layoff())] + wrong)
    findings = tmp_path / 'findings.jsonl'
    assert main(check + ['--show', '1', '--json', str(findings)]) == 1
    printed = capsys.readouterr().out
    assert 'words that do not stand at their offsets: 3' in printed and '… and 2 more' in printed
    written = [json.loads(one) for one in findings.read_text(encoding='utf-8').splitlines()]
    assert [(one['kind'], one['line']) for one in written if one['kind'] == 'offset'] == [
        ('offset', 2), ('offset', 3), ('offset', 4)]
    assert main(check + ['--show', '0']) == 1
    assert '…' not in capsys.readouterr().out


def test_documents(tmp_path, capsys):
    event = layoff(argument('裁员方', '甲公司'), argument('时间', '昨日'), argument('裁员人数', '500  人'),
                   trigger_start_index=None)
    train = [{'id': 'a', 'title': '甲公司', 'text': '昨日  裁员300人', 'event_list': [event]},
             {'id': 'b', 'title': '乙', 'text': '无事'}]
    schema = write_lines(tmp_path / 'duee_fin_event_schema.json', *SCHEMA.to_lines())
    path = write_lines(tmp_path / 'duee_fin_train.json', *train)
    check = ['schema', 'check', '--corpus', 'duee-fin', '--data', str(tmp_path), '--show', '0']
    assert main(check) == 1
    printed = capsys.readouterr().out
    assert 'duee_fin_train.json: 2 texts, 2 labelled, 1 of these without events; 1 events, 2 arguments' in printed
    assert "duee_fin_train.json:1: event 1 (裁员): role '裁员人数': '500 人'" in printed
    assert 'there is no \'event_list\'' not in printed
    event['arguments'].pop()
    write_lines(tmp_path / 'duee_fin_train.json', *train)
    assert main(check) == 0
    capsys.readouterr()
    assert main(['schema', 'propose', path, '--corpus', 'duee-fin', '--output', schema]) == 0
    assert read_schema(schema).roles('裁员') == ('裁员方', '时间')
    assert main(check) == 0 and 'never occur' not in capsys.readouterr().out


def test_wrong_calls(tmp_path, capsys):
    assert main(['schema', 'check']) == 2
    assert 'give --data DIR' in capsys.readouterr().err
    assert main(['schema', 'check', '--data', str(tmp_path / 'no')]) == 2
    assert 'no such folder' in capsys.readouterr().err
    folder = write_corpus(tmp_path, [line(layoff())])
    assert main(['schema', 'check', '--data', folder, '--max-length', '2']) == 2
    assert '--max-length must be at least 3, got 2' in capsys.readouterr().err
    path = write_lines(tmp_path / 'x.json', line(layoff()), '{')
    output = tmp_path / 'schema.json'
    assert main(['schema', 'propose', path, '--output', str(output)]) == 2
    assert 'x.json:2: broken JSON' in capsys.readouterr().err and not output.exists()
