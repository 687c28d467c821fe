"""The demo corpus is what its generator writes, and has the properties that it was written for."""

import json
import os
import re
import runpy
import subprocess
import sys
from collections import Counter

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORPUS = os.path.join(ROOT, 'examples', 'corpus')
GENERATOR = os.path.join(ROOT, 'examples', 'make_corpus.py')
FILES = ('duee_dev.json', 'duee_event_schema.json', 'duee_train.json', 'vocab.txt')
NAMED_ROLES = {'收购方', '被收购方', '任命方', '被任命者', '被告人', '冠军', '发布方', '裁员方', '签约方'}


def read_lines(name):
    with open(os.path.join(CORPUS, name), encoding='utf-8') as stream:
        return [json.loads(line) for line in stream]


@pytest.fixture(scope='module')
def generator():
    return runpy.run_path(GENERATOR)


@pytest.fixture(scope='module')
def schema():
    lines = read_lines('duee_event_schema.json')
    return {line['event_type']: [role['role'] for role in line['role_list']] for line in lines}


@pytest.fixture(scope='module', params=['train', 'dev'])
def split(request):
    return read_lines('duee_%s.json' % request.param)


@pytest.fixture(scope='module')
def train():
    return read_lines('duee_train.json')


@pytest.fixture(scope='module')
def dev():
    return read_lines('duee_dev.json')


def spans(event):
    """Returns the (start, end, role) of an event's arguments."""
    return [(a['argument_start_index'], a['argument_start_index'] + len(a['argument']), a['role'])
            for a in event['arguments']]


def trigger_span(event):
    return event['trigger_start_index'], event['trigger_start_index'] + len(event['trigger'])


def is_inside(inner, outer):
    return outer[0] <= inner[0] and inner[1] <= outer[1] and inner[:2] != outer[:2]


def test_the_committed_files_are_the_generators(tmp_path):
    process = subprocess.run([sys.executable, GENERATOR, '--output', str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.returncode == 0 and '12 event types' in process.stdout
    assert sorted(os.listdir(str(tmp_path))) == sorted(os.listdir(CORPUS)) == list(FILES)
    for name in FILES:
        with open(os.path.join(CORPUS, name), 'rb') as committed, open(str(tmp_path / name), 'rb') as made:
            assert committed.read() == made.read(), '%s: run `python examples/make_corpus.py`' % name


def test_size():
    assert sum(os.path.getsize(os.path.join(CORPUS, name)) for name in FILES) <= 500 * 1000


def test_schema(schema):
    assert len(schema) >= 8
    for event_type, roles in schema.items():
        assert len(roles) >= 3 and len(set(roles)) == len(roles), event_type


def test_the_librarys_reader_takes_it(schema):
    from gplinker_kit.events import duee

    read = duee.read_schema(os.path.join(CORPUS, 'duee_event_schema.json'))
    assert len(read) == sum(1 + len(roles) for roles in schema.values())
    for name in ('train', 'dev'):
        examples = duee.read_examples(os.path.join(CORPUS, 'duee_%s.json' % name), read)
        assert sum(len(example.events) for example in examples) > len(examples) // 2


def test_everything_stands_at_its_offset(split, schema):
    assert len({line['text'] for line in split}) == len({line['id'] for line in split}) == len(split)
    for line in split:
        text = line['text']
        for event in line['event_list']:
            start, end = trigger_span(event)
            assert event['trigger'] and text[start:end] == event['trigger'], line['id']
            assert event['class'] == event['event_type'].split('-')[0]
            assert event['arguments'], line['id']
            for argument, (start, end, role) in zip(event['arguments'], spans(event)):
                assert argument['argument'] and text[start:end] == argument['argument'], line['id']
                assert role in schema[event['event_type']], line['id']
                assert argument['alias'] == []
            assert len(set(spans(event))) == len(spans(event)), line['id']


def test_every_type_and_role_occurs_in_both_files(split, schema):
    events = [event for line in split for event in line['event_list']]
    types = Counter(event['event_type'] for event in events)
    roles = Counter((event['event_type'], role) for event in events for _, _, role in spans(event))
    assert set(types) == set(schema) and min(types.values()) >= 5
    # One role in a hundred may be missing from the small dev file.
    missing = [(name, role) for name, named in schema.items() for role in named if not roles[name, role]]
    assert len(missing) <= 1, missing


def test_six_patterns_a_type_are_all_in_use(generator, schema, train):
    read_schema, patterns = generator['read_patterns'](os.path.join(ROOT, 'examples', 'corpus_patterns.txt'))
    assert read_schema == schema
    single = Counter(types[0] for types, _, _ in patterns if len(types) == 1)
    assert set(single) == set(schema) and min(single.values()) >= 6
    # The longest fixed piece of text of a pattern, outside of brackets, is found in the training file.
    texts = '\n'.join(line['text'] for line in train)
    for _, _, template in patterns:
        plain = re.sub(r'[<\[({][^<>\[\](){}]*[>\])}]', '\0', template)
        while re.search(r'[<\[({][^<>\[\](){}]*[>\])}]', plain):
            plain = re.sub(r'[<\[({][^<>\[\](){}]*[>\])}]', '\0', plain)
        longest = max(plain.split('\0'), key=len)
        assert longest in texts, template


def test_nested_spans(split):
    same_event = [(role, other) for line in split for event in line['event_list'] for start, end, role in spans(event)
                  for s, e, other in spans(event) if is_inside((start, end), (s, e)) and role != other]
    assert {('地点', '法院'), ('地点', '赛事'), ('地点', '机构'), ('任命方', '职务')} <= set(same_event)
    across = [line for line in split for event in line['event_list'] for other in line['event_list']
              if other['event_type'] != event['event_type']
              and any(is_inside(a, b) for a in spans(event) for b in spans(other))]
    assert len(same_event) >= 20 and across


def test_several_events(split):
    pairs = [(a, b) for line in split for i, a in enumerate(line['event_list']) for b in line['event_list'][i + 1:]]
    same_type = [(a, b) for a, b in pairs if a['event_type'] == b['event_type']]
    shared_trigger = [(a, b) for a, b in same_type if trigger_span(a) == trigger_span(b)]
    other_trigger = [(a, b) for a, b in same_type if trigger_span(a) != trigger_span(b)]
    mixed_types = [(a, b) for a, b in pairs if a['event_type'] != b['event_type']]
    share = len(split) / 100.0
    assert len(shared_trigger) > 3 * share and len(other_trigger) > share and len(mixed_types) > 5 * share
    # Events of one trigger are told apart by their arguments; two that are equal could not be found again.
    assert all(set(spans(a)) != set(spans(b)) for a, b in shared_trigger)
    shared_argument = [1 for a, b in pairs if set(s[:2] for s in spans(a)) & set(s[:2] for s in spans(b))]
    assert len(shared_argument) > 3 * share


def test_two_defendants_share_a_trigger_and_get_22_and_20_years_each_their_own(train):
    found = [line for line in train if len(line['event_list']) == 2
             and all(event['event_type'] == '司法-判决' for event in line['event_list'])
             and trigger_span(line['event_list'][0]) == trigger_span(line['event_list'][1])]
    assert len(found) >= 10
    for line in found:
        for role in ('被告人', '刑期'):
            one, other = [
                {a['argument'] for a in event['arguments'] if a['role'] == role} for event in line['event_list']
            ]
            assert len(one) == len(other) == 1 and one != other, line['id']


def test_a_role_with_several_values(split):
    assert any(len([role for _, _, role in spans(event) if role == '签约方']) >= 2
               for line in split for event in line['event_list'])


def test_sentences_without_events_and_distractors(split):
    empty = [line for line in split if not line['event_list']]
    assert 0.1 * len(split) <= len(empty) <= 0.25 * len(split)
    # Words that are triggers elsewhere stand in sentences without an event.
    triggers = {event['trigger'] for line in split for event in line['event_list']}
    assert any(trigger in line['text'] for line in empty for trigger in triggers)
    # Numbers, times and the like that belong to no argument of an event.
    distracted = 0
    for line in split:
        covered = {i for event in line['event_list'] for start, end, _ in spans(event) for i in range(start, end)}
        numbers = [match.start() for match in re.finditer(r'\d+[年月日人个岁%万亿]', line['text'])]
        distracted += bool(line['event_list'] and set(numbers) - covered)
    assert distracted >= 0.15 * len(split)


def test_dev_names_are_unseen(generator, train, dev):
    texts = '\n'.join(line['text'] for line in train)
    for pool, names in generator['NAMES'].items():
        kept, seen = generator['share'](names, 'dev'), generator['share'](names, 'train')
        assert kept and not set(kept) & set(seen) and len(kept) + len(seen) == len(set(names)), pool
    named = {a['argument'] for line in dev for event in line['event_list'] for a in event['arguments']
             if a['role'] in NAMED_ROLES}
    # 赵某 of dev occurs inside 赵某某 of train only as a string; what counts is that it is nobody's name there.
    names = {a['argument'] for line in train for event in line['event_list'] for a in event['arguments']}
    assert len(named) >= 50 and not named & names
    assert [name for name in named if name in texts and '某' not in name] == []


def test_vocabulary(train, dev):
    with open(os.path.join(CORPUS, 'vocab.txt'), encoding='utf-8') as stream:
        tokens = stream.read().split('\n')[:-1]
    assert tokens[:5] == ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] and len(set(tokens)) == len(tokens)
    assert {chr(code) for code in range(33, 127)} <= set(tokens)
    # Every number and Latin word can be written with pieces.
    assert {'##' + c for c in '0123456789abcdefghijklmnopqrstuvwxyz'} <= set(tokens)
    characters = {c for line in train + dev for c in line['text'].lower()}
    assert characters <= set(tokens)
