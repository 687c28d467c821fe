import pytest

from gplinker_kit.events.schema import TRIGGER, Label
from gplinker_kit.events.usage import check_usage, count_labels
from tests.events.corpora import SCHEMA, found, no_findings
from tests.events.decoding import event

pytestmark = pytest.mark.once

LAYOFF = event('裁员', ('裁', 0), ('时间', '昨', 1), ('时间', '今', 2))
LISTING = event('公司上市', None, ('公司', '甲', 0), ('环节', '筹备上市', None))


def check(train, dev=None, rare=3):
    findings = no_findings()
    check_usage(count_labels(train, SCHEMA), None if dev is None else count_labels(dev, SCHEMA), SCHEMA, rare,
                lambda event_type: ('schema.json', SCHEMA.event_types.index(event_type) + 1), findings)
    return found(findings)


def test_counts():
    types, labels = count_labels([LAYOFF, LISTING, LISTING], SCHEMA)
    assert types == {'裁员': 1, '公司上市': 2}
    assert labels == {Label('裁员', TRIGGER, None): 1, Label('裁员', '时间', None): 2,
                      Label('公司上市', '公司', None): 2, Label('公司上市', '环节', '筹备上市'): 2}


def test_labels_that_are_never_or_seldom_there():
    assert check([LAYOFF] * 3 + [LISTING]) == [
        ('unused', 1, "裁员: role '裁员方'"), ('unused', 1, "裁员: role '裁员人数'"),
        ('unused', 2, "公司上市: role '环节', item '正式上市'"),
        ('rare', 2, "event type '公司上市': 1 event in train"),
        ('rare', 2, "公司上市: role '公司': 1 argument in train"),
        ('rare', 2, "公司上市: role '环节', item '筹备上市': 1 argument in train")]
    full = event('裁员', ('裁', 0), ('时间', '昨', 1), ('裁员方', '今', 2), ('裁员人数', '三', 3))
    both = [event('公司上市', ('上', 0), ('公司', '甲', 0), ('环节', item, None)) for item in ('筹备上市', '正式上市')]
    assert check([full] * 3 + both * 3) == [] != check([full] * 3 + both * 3, rare=4)


def test_labels_of_dev_alone():
    both = event('公司上市', ('上', 0), ('公司', '甲', 0))
    messages = check([LISTING] * 3, [LAYOFF, both])
    assert ('untrained', 1, "event type '裁员': 0 events in train, 1 in dev") in messages
    assert ('untrained', 2, "公司上市: role '触发词': 0 arguments in train, 1 in dev") in messages
    assert [kind for kind, number, _ in messages if number == 1] == ['untrained']  # not each role of the type again
    assert ('unused', 1, "event type '裁员'") in check([LISTING] * 3)
