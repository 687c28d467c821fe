"""Events without links, by hand."""

import math

import pytest

from gplinker_kit.baselines.grouping import make_event, one_event_a_type
from gplinker_kit.baselines.spans import Mention
from gplinker_kit.events import Argument, Event, Schema
from gplinker_kit.events.schema import TRIGGER

pytestmark = pytest.mark.once
SCHEMA = Schema([('裁员', ['裁员方', '人数']), ('上市', ['公司', ('环节', ['筹备', '终止'])])])
TEXT = '甲公司裁员三人，乙裁员，丙上市'
FIRM, COUNT, LISTED, PLANNED, ENDED = (
    SCHEMA.index(*key) for key in (('裁员', '裁员方'), ('裁员', '人数'), ('上市', '公司'), ('上市', '环节', '筹备'),
                                   ('上市', '环节', '终止')))
LAYOFF, LISTING = (SCHEMA.index(kind, TRIGGER) for kind in ('裁员', '上市'))


def probability(*logits):
    return pytest.approx(math.exp(sum(math.log(1 / (1 + math.exp(-x))) for x in logits) / len(logits)))


def test_all_of_a_type_is_one_event():
    mentions = [Mention(LAYOFF, 3, 5, 1.0), Mention(LAYOFF, 9, 11, 2.0), Mention(FIRM, 8, 9, 0.5),
                Mention(FIRM, 0, 3, 3.0), Mention(COUNT, 5, 7, 1.5), Mention(LISTED, 12, 13, 4.0)]
    layoff, listing = one_event_a_type(mentions, TEXT, SCHEMA)
    assert layoff.event_type == '裁员' and layoff.trigger == Argument(TRIGGER, '裁员', 9, (), layoff.trigger.score)
    assert [(a.role, a.text, a.start) for a in layoff.arguments] == [
        ('裁员方', '甲公司', 0), ('裁员方', '乙', 8), ('人数', '三人', 5)]
    assert layoff.trigger.score == probability(2.0) and layoff.score == probability(2.0, 3.0, 0.5, 1.5)
    assert listing.trigger is None and listing.score == listing.arguments[0].score == probability(4.0)
    assert one_event_a_type([], TEXT, SCHEMA) == ()


def test_without_scores_the_first_trigger_stands():
    mentions = [Mention(LAYOFF, 9, 11, None), Mention(LAYOFF, 3, 5, None), Mention(COUNT, 5, 7, None)]
    assert one_event_a_type(mentions, TEXT, SCHEMA) == (
        Event('裁员', Argument(TRIGGER, '裁员', 3), (Argument('人数', '三人', 5),)),)


def test_items_of_enum_roles_stay_with_their_trigger():
    mentions = [Mention(LISTING, 13, 15, 2.0), Mention(LISTING, 3, 5, 1.0), Mention(PLANNED, 13, 15, 1.0),
                Mention(ENDED, 3, 5, 5.0), Mention(ENDED, 9, 11, 1.0), Mention(ENDED, 0, 2, 2.0)]
    event, = one_event_a_type(mentions, TEXT, SCHEMA)
    assert [(a.role, a.text, a.start, a.score) for a in event.arguments] == [
        ('环节', '筹备', None, probability(1.0)), ('环节', '终止', None, probability(2.0))]


def test_a_trigger_alone():
    event = make_event('裁员', Mention(LAYOFF, 3, 5, 0.0), [], TEXT, SCHEMA)
    assert event == Event('裁员', Argument(TRIGGER, '裁员', 3, (), 0.5), (), 0.5)
