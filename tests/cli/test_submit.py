import json
import os
import zipfile
from dataclasses import replace

import pytest

from gplinker_kit.cli import main, parser
from gplinker_kit.cli.policies import policy_from
from gplinker_kit.events import Policy
from gplinker_kit.events.policy import DOCUMENTS, RECOMMENDED


def read(path):
    return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]


def test_submission_of_a_test_file(model, corpus, tmp_path, capsys):
    given = read(corpus / 'duee_dev.json')
    test = tmp_path / 'test.json'
    lines = [{'id': line['id'], 'text': line['text']} for line in given] + [{'id': 'empty', 'text': ''}]
    test.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    output, archive = tmp_path / 'duee.json', tmp_path / 'duee.zip'
    arguments = ['submit', '--model', model, '--data', str(test), '--output', str(output), '--zip', str(archive)]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out == '' and '%d texts' % len(lines) in captured.err
    found = read(output)
    assert [list(line) for line in found] == [['id', 'event_list']] * len(lines)
    assert [line['id'] for line in found] == [line['id'] for line in lines]
    assert found[-1]['event_list'] == []
    with zipfile.ZipFile(str(archive)) as opened:
        assert opened.namelist() == ['duee.json'] and opened.read('duee.json') == output.read_bytes()
    # the model knows these sentences by heart, so that most of what it says is what they say
    gold, told = [
        {(line['id'], event['event_type'], argument['role'], argument['argument'])
         for line in some for event in line['event_list'] for argument in event['arguments']}
        for some in (given, found)
    ]
    assert len(gold & told) > 0.7 * max(len(gold), len(told)) > 30
    # labelled lines give the same, whatever their events are
    for line in given:
        line['event_list'] = [{'no': 'event'}]
    test.write_text(''.join(json.dumps(line) + '\n' for line in given))
    assert main(arguments[:-2]) == 0
    assert read(output) == found[:-1]


def test_wrong_input_writes_nothing(model, tmp_path, capsys):
    test, output = tmp_path / 'test.json', tmp_path / 'out' / 'duee.json'
    output.parent.mkdir()
    arguments = ['submit', '--model', model, '--data', str(test), '--output', str(output)]
    for second, message in (('{"id": 1, "text": "b"}', 'test.json:2: the id 1 is on line 1 already'),
                            ('{"text": "b"}', "test.json:2: there is no 'id'"),
                            ('{', 'test.json:2: broken JSON')):
        test.write_text('{"id": 1, "text": "a"}\n%s\n' % second)
        assert main(arguments) == 2
        assert message in capsys.readouterr().err
    test.write_text('{"id": 1, "text": "a"}\n')
    assert main(arguments + ['--zip', str(output)]) == 2
    assert 'need two names' in capsys.readouterr().err
    assert os.listdir(str(output.parent)) == []


@pytest.mark.parametrize('command, needed', [
    ('extract', []), ('evaluate', ['--data', 'FILE']), ('submit', ['--data', 'FILE', '--output', 'FILE']),
    ('tune', ['--data', 'FILE']), ('view', ['FILE', '--output', 'FILE'])])
def test_the_commands_share_the_options_of_the_policy(command, needed):
    given = [command, '--model', 'DIR'] + needed
    assert policy_from(parser().parse_args(given), RECOMMENDED) == RECOMMENDED
    options = ['--trigger-policy', 'drop', '--unlinked', 'drop', '--contained', 'keep', '--same-span', 'apart']
    options += ['--same-text', 'together']
    assert policy_from(parser().parse_args(given + options), RECOMMENDED) == Policy(
        trigger_policy='drop', unlinked='drop', contained='keep', same_span='apart', same_text='together')
    some = parser().parse_args(given + ['--contained', 'drop'])
    assert policy_from(some, DOCUMENTS) == replace(DOCUMENTS, contained='drop')
    with pytest.raises(SystemExit):
        parser().parse_args(given + ['--unlinked', 'atach'])


def test_evaluate_says_by_which_policy(model, corpus, tmp_path):
    scores = tmp_path / 'scores.json'
    arguments = ['evaluate', '--model', model, '--data', str(corpus / 'duee_dev.json'), '--json', str(scores)]
    assert main(arguments + ['--trigger-policy', 'drop', '--unlinked', 'drop']) == 0
    written = json.loads(scores.read_text())
    assert written['policy']['unlinked'] == 'drop' and written['options']['triggerless'] == 'drop'
