import os

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import read_examples, read_schema, write_schema
from gplinker_kit.events.proposing import propose_schema
from gplinker_kit.events.schema import Example, Schema
from tests.events.decoding import event

pytestmark = pytest.mark.once

LAYOFF = event('裁员', ('裁', 0), ('时间', '昨', 1))


def test_types_and_roles_come_by_their_counts():
    events = [event('上市', None, ('公司', '甲', None)), LAYOFF,
              event('裁员', None, ('裁员方', '甲', 2), ('时间', '昨', 1))]
    proposal = propose_schema([Example('裁昨甲', events), Example('裁'), Example('裁', [])])
    assert proposal.schema == Schema({'裁员': ['时间', '裁员方'], '上市': ['公司']})
    printed = str(proposal)
    assert printed.startswith('2 labelled texts, 1 without event_list: 3 events, 2 event types, 5 labels')
    assert '裁员: 2 events, 1 trigger\n        2  时间\n        1  裁员方\n' in printed and 'to look at' not in printed


def test_enum_roles_are_those_whose_words_do_not_occur():
    listings = [event('上市', ('上市', 1), ('公司', '乙', 0), ('环节', stage, None))
                for stage in ('筹备上市', '暂停上市', '上市')]
    proposal = propose_schema([Example('乙上市', [one]) for one in listings + listings[:1]])
    assert proposal.schema.enum_items('上市', '环节') == ('筹备上市', '暂停上市', '上市')
    assert "role '环节' is taken for one of a few items" in str(proposal)
    many = [Example('乙上市', [event('上市', None, ('环节', str(number), None))]) for number in range(21)]
    proposal = propose_schema(many)
    assert proposal.schema == Schema({'上市': ['环节']})
    assert "上市: role '环节': 21 of 21 arguments do not occur in their texts" in str(proposal)


def test_what_to_look_at():
    bare = event('传闻', ('闻', 0))
    slip = event('裁员', None, ('裁员方的', '甲', 2))
    proposal = propose_schema([Example('裁昨甲', [event('裁员', None, ('裁员方', '甲', 2))] * 10 + [slip, bare])])
    assert proposal.schema == Schema({'裁员': ['裁员方', '裁员方的']})
    assert "裁员: role '裁员方的' (1) looks like '裁员方' (10)" in str(proposal)
    assert '传闻 is left out: a schema needs a role, and its event has no arguments' in str(proposal)
    with pytest.raises(DataError, match='x.json: there is no event with an argument'):
        propose_schema([Example('闻', [bare])], 'x.json')


def test_the_schema_of_fewfc_is_found_again(shared_data, tmp_path):
    folder = os.path.join(shared_data, 'fewfc')
    real = read_schema(os.path.join(folder, 'duee_event_schema.json'))
    proposal = propose_schema(read_examples(os.path.join(folder, 'duee_train.json')))
    assert set(proposal.schema.labels) == set(real.labels) and len(proposal.schema) == len(real)
    path = str(tmp_path / 'schema.json')
    write_schema(path, proposal.schema)
    assert read_schema(path) == proposal.schema
