import pytest

from gplinker_kit.events.checked_lines import read_checked_lines
from gplinker_kit.events.duplicates import check_file, check_leaks
from tests.events.corpora import SCHEMA, TEXT, argument, found, layoff, line, no_findings, write_lines

pytestmark = pytest.mark.once

SPACED = '甲公司 昨日裁员300人'


def check(tmp_path, *lines):
    findings = no_findings()
    path = write_lines(tmp_path / 'x.json', *lines)
    check_file(path, read_checked_lines(path, SCHEMA, findings), findings)
    return found(findings)


def moved(event, by=1):
    """The event where its text has a space before 昨日."""
    parts = [dict(part, argument_start_index=part['argument_start_index'] + (by if part['role'] != '裁员方' else 0))
             for part in event['arguments']]
    return dict(event, trigger_start_index=event['trigger_start_index'] + by, arguments=parts)


def test_nothing_is_twice(tmp_path):
    other = '乙' + TEXT[1:]
    lines = [line(layoff(), id=1), line(id='1', text=other), line(text='丙'), line(text=''), line(text='')]
    assert check(tmp_path, *lines) == []


def test_ids(tmp_path):
    assert check(tmp_path, line(id=7), line(id=7, text='乙'), line(id=None, text='丙')) == [
        ('id_twice', 2, 'the id 7 is on line 1 already')]


@pytest.mark.parametrize('again, kind, message', [
    (line(layoff()), 'text_twice', "the text of line 1 again: '甲公司昨日裁员300人'"),
    (line(dict(layoff(), arguments=layoff()['arguments'][::-1])), 'text_twice', 'the text of line 1 again: '),
    (line(moved(layoff()), text=SPACED), 'text_twice', 'the text of line 1 again, but for spaces or case: '),
    ({'text': TEXT}, 'text_twice', 'the text of line 1 again: '),
    (line(), 'conflict', 'the text of line 1 again; events there 1, here 0: '),
    (line(layoff(argument('时间', '昨日', 3))), 'conflict', 'the text of line 1 again; events there 1, here 1: '),
    (line(text=SPACED), 'conflict', 'the text of line 1 again, but for spaces or case; events there 1, here 0: '),
])
def test_texts(tmp_path, again, kind, message):
    (name, number, words), = [one for one in check(tmp_path, line(layoff()), again) if one[0] != 'unlabelled']
    assert (name, number) == (kind, 2) and words.startswith(message)


def test_events(tmp_path):
    twice = layoff(arguments=layoff()['arguments'][::-1], **{'class': 'x'})
    assert check(tmp_path, line(layoff(), layoff(argument('时间', '昨日', 3)), twice)) == [
        ('event_twice', 1, 'event 3 (裁员) is event 1 again')]


def test_leaks(tmp_path):
    findings = no_findings()
    train = write_lines(tmp_path / 'train.json', line(text='乙'), line(text='An event'), line(text=''))
    dev = write_lines(tmp_path / 'dev.json', line(text='丙'), line(text='anevent'), line(text='乙'), line(text=''))
    read = [read_checked_lines(path, SCHEMA, findings) for path in (train, dev)]
    check_leaks(train, read[0], dev, read[1], findings)
    assert found(findings) == [
        ('leak', 2, "the text of %s:2, but for spaces or case: 'anevent'" % train),
        ('leak', 3, "the text of %s:1: '乙'" % train)]
    assert {finding.path for finding in findings.of('leak')} == {dev}
