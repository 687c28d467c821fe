import os

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.events.checking import KINDS, check_corpus
from gplinker_kit.events.findings import ERROR, WARNING
from tests.events.corpora import argument, found, layoff, line, write_corpus
from tests.events.test_token_fit import Tokenizer

pytestmark = pytest.mark.once

LISTING = {'event_type': '公司上市', 'trigger': '上市', 'trigger_start_index': 1, 'arguments': [
    argument('公司', '乙', 0), argument('环节', '筹备上市')]}
OTHER = dict(LISTING, arguments=[argument('公司', '乙', 0), argument('环节', '正式上市')])
GOOD = [line(layoff()), line(LISTING, text='乙上市'), line(OTHER, text='乙上市!')]


def check(folder, train, dev=None, **options):
    folder = write_corpus(folder, train, dev)
    paths = [os.path.join(folder, 'duee_%s.json' % name) for name in ('event_schema', 'train', 'dev')]
    return check_corpus(*(paths if dev is not None else paths[:2]), **dict({'rare': 1}, **options))


def test_a_good_corpus_has_no_finding(tmp_path):
    checked = check(tmp_path, GOOD, [line(layoff(), text='甲公司昨日裁员300人。')], tokenizer=Tokenizer())
    assert found(checked.findings) == []
    report = checked.report()
    assert 'duee_train.json: 3 texts, 3 labelled, 0 of these without events; 3 events, 7 arguments' in report
    assert 'characters a text: median 4, 95% at most 11, longest 11' in report
    assert 'tokens a text: median 6, 95% at most 11, longest 11' in report
    assert 'nothing was found' in report and report.endswith('0 errors, 0 warnings, 0 notes')
    assert '  裁员 1/1: 裁员方 1/1, 时间 1/1, 裁员人数 1/1' in report
    assert '  公司上市 2/0: 公司 2/0, 环节=筹备上市 1/0, 环节=正式上市 1/0' in report


def test_what_cliques_lose_is_said_in_words(tmp_path):
    inside = layoff(argument('时间', '昨日', 3))
    checked = check(tmp_path, GOOD + [line(layoff(), inside, text='甲公司昨日裁员300人。')])
    assert found(checked.findings) == [
        ('contained', 4, 'event 2 (裁员) lies inside: '
                         '触发词 裁员 at 5; 裁员方 甲公司 at 0; 时间 昨日 at 3; 裁员人数 300人 at 7')]
    text, pairs = 'abcdefg', ((1, 2), (2, 3), (1, 3))
    triangle = [layoff(*(argument('时间', text[place], place) for place in pair), trigger='a', trigger_start_index=0)
                for pair in pairs]
    checked = check(tmp_path, GOOD + [line(*triangle, text=text)])
    assert found(checked.findings) == [
        ('triangle', 4, 'events 1, 2, 3 (裁员) come back as: 触发词 a at 0; 时间 b at 1; 时间 c at 2; 时间 d at 3')]
    crossing = [layoff(argument('裁员方', 'b', 1), argument('时间', 'c', 2), trigger='a', trigger_start_index=0),
                {'event_type': '公司上市', 'trigger': 'a', 'arguments': [argument('公司', 'b')]},
                {'event_type': '公司上市', 'trigger': 'a', 'arguments': [argument('公司', 'c')]}]
    (kind, number, words), = found(check(tmp_path, GOOD + [line(*crossing, text=text)]).findings)
    assert (kind, number) == ('crossed', 4) and words.startswith('events 2, 3 (公司上市) come back as: 触发词 a at 0; ')
    assert found(check(tmp_path, GOOD + [line(*crossing, text=text)], typed_links=True).findings) == []


def test_the_report_of_a_bad_corpus(tmp_path):
    text = '甲公司昨日裁员300人'
    train = GOOD + ['{', line(layoff(argument('时间', '昨日', 2)), id=1, text=text + '!'),
                    line(layoff(event_type='裁人'), id=1, text=text + '?')]
    checked = check(tmp_path, train, GOOD[:1], rare=2)
    errors = [(kind.name, finding.line) for kind, some in checked.findings.groups(ERROR) for finding in some]
    assert errors == [('broken', 4), ('offset', 5), ('unknown_type', 6), ('leak', 1), ('id_twice', 6)]
    assert {kind.name for kind, _ in checked.findings.groups(WARNING)} == {'rare'}
    report = checked.report()
    titles = [kind.title for kind in KINDS]
    printed = [part.strip().rsplit(':', 1)[0] for part in report.splitlines() if part.startswith('  ')]
    order = [titles.index(title) for title in printed if title in titles]
    assert order == sorted(order) and len(order) == len(checked.findings.groups())
    path = os.path.join(str(tmp_path), 'duee_train.json')
    for place in ('%s:4: broken JSON' % path, "%s:5: event 1 (裁员): role '时间': '昨日' is said" % path,
                  '%s:6: the id 1 is on line 5' % path, "%s:2: 公司上市: role" % path.replace('train', 'event_schema')):
        assert place in report, place


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match='no such file'):
        check_corpus(str(tmp_path / 'schema.json'), str(tmp_path / 'train.json'))


def test_fewfc(shared_data):
    folder = os.path.join(shared_data, 'fewfc')
    checked = check_corpus(*(os.path.join(folder, 'duee_%s.json' % name) for name in ('event_schema', 'train', 'dev')),
                           rare=10)
    counts = {kind.name: len(some) for kind, some in checked.findings.groups()}
    assert counts['contained'] == 107 and counts['triangle'] == 6 and counts['leak'] == 3 and counts['rare'] == 1
    assert not {'broken', 'structure', 'offset', 'absent', 'unused', 'untrained', 'no_trigger'} & set(counts)
