import pytest

from gplinker_kit.events.findings import ERROR, NOTE, WARNING, Findings, Kind

pytestmark = pytest.mark.once

KINDS = [Kind('long', NOTE, 'long texts', 'cut them'), Kind('bad', ERROR, 'bad lines', 'repair them'),
         Kind('odd', WARNING, 'odd names', 'rename them'), Kind('worse', ERROR, 'worse lines', 'delete them')]


def test_the_report_is_grouped_and_begins_with_what_is_most_serious():
    findings = Findings(KINDS)
    assert findings.report() == '' and len(findings) == 0
    for number in range(1, 4):
        findings.add('bad', 'fault %d' % number, 'a.json', number)
    findings.add('long', 'a text', 'a.json', 7)
    findings.add('odd', 'a name', 's.json')
    findings.add('odd', 'no place')
    assert findings.report(show=2) == '\n'.join([
        'errors: 3', '', '  bad lines: 3', '    -> repair them', '    a.json:1: fault 1', '    a.json:2: fault 2',
        '    … and 1 more', '',
        'warnings: 2', '', '  odd names: 2', '    -> rename them', '    s.json: a name', '    no place', '',
        'notes: 1', '', '  long texts: 1', '    -> cut them', '    a.json:7: a text'])
    assert 'a.json:3: fault 3' in findings.report(None) and '…' not in findings.report(None)
    assert (findings.count(ERROR), findings.count(WARNING), findings.count(NOTE), len(findings)) == (3, 2, 1, 6)
    assert findings.as_dicts()[0] == {
        'level': 'error', 'kind': 'bad', 'message': 'fault 1', 'path': 'a.json', 'line': 1}
    assert [found['kind'] for found in findings.as_dicts()] == ['bad', 'bad', 'bad', 'odd', 'odd', 'long']


def test_unknown_kinds_and_levels_are_named():
    with pytest.raises(ValueError, match="unknown kind of finding 'wors'. Did you mean 'worse'"):
        Findings(KINDS).add('wors', 'x')
    with pytest.raises(ValueError):
        Findings([Kind('x', 'fatal', 'x', 'x')])
