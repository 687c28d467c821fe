import json
import os
import random
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import read_examples
from gplinker_kit.events.schema import TRIGGER, Argument, Event
from gplinker_kit.events.submission import (
    read_texts,
    submission_line,
    without_duplicates,
    without_subsets,
    write_submission,
)

DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'data')
EVENTS, EXPECTED = os.path.join(DATA, 'submission_events.json'), os.path.join(DATA, 'submission_expected.json')


def event(words, event_type='甲', start=None):
    """event('ab'): arguments of the role 物 with these texts."""
    return Event(event_type, None, [Argument('物', word, start) for word in words])


def content(path):
    with open(str(path), 'rb') as stream:
        return stream.read()


def test_golden_file(tmp_path):
    lines = [submission_line(example.id, example.events) for example in read_examples(EVENTS)]
    path, archive = tmp_path / 'duee.json', tmp_path / 'duee.zip'
    write_submission(str(path), lines, str(archive))
    assert content(path) == content(EXPECTED)
    with zipfile.ZipFile(str(archive)) as opened:
        assert opened.namelist() == ['duee.json'] and opened.read('duee.json') == content(EXPECTED)
    again = tmp_path / 'again'
    again.mkdir()
    write_submission(str(again / 'duee.json'), lines, str(again / 'duee.zip'))
    assert content(again / 'duee.zip') == content(archive)


@pytest.mark.parametrize('words, kept', [
    (['abc', 'ab'], ['abc']),
    (['ab', 'abc'], ['abc']),  # whichever comes first
    (['ab', 'ba', 'ab'], ['ab']),
    (['ab', 'bc', 'ca', 'abc'], ['abc']),
    (['ab', 'bc', 'ca'], ['ab', 'bc', 'ca']),
    (['a', 'b', 'bcd', 'cd'], ['a', 'bcd']),
    (['', 'a'], ['a']),
    (['', ''], ['']),
    ([], []),
])
def test_events_that_another_one_contains(words, kept):
    assert [''.join(a.text for a in one.arguments) for one in without_subsets([event(w) for w in words])] == kept


@given(st.lists(st.tuples(st.sampled_from('甲乙'), st.text('abcd', max_size=4)), max_size=8))
def test_subsets_agree_with_comparing_all_pairs(made):
    events = [event(words, event_type) for event_type, words in made]
    keys = [(event_type, set(words)) for event_type, words in made]
    first = [one for number, one in enumerate(events) if keys[number] not in keys[:number]]
    assert without_duplicates(events) == first
    assert without_subsets(events) == [
        one for one in first if not any(
            event_type == one.event_type and {a.text for a in one.arguments} < words for event_type, words in keys)
    ]


def test_what_the_file_does_not_say_tells_no_events_apart():
    pair = [Event('甲', Argument(TRIGGER, '买', 0), [Argument('物', 'a', 1, score=0.9)]),
            Event('甲', Argument(TRIGGER, '购', 5), [Argument('物', 'a', 7)])]
    assert submission_line('x', pair) == {
        'id': 'x', 'event_list': [{'event_type': '甲', 'arguments': [{'role': '物', 'argument': 'a'}]}]}
    # role and type do
    others = [event('a'), event('a', '乙'), Event('甲', None, [Argument('人', 'a')])]
    assert len(submission_line('x', others)['event_list']) == 3


def test_nested_events_stay_where_they_are_wanted():
    events = [event('abc'), event('ab'), event('ba'), event('')]
    lines = submission_line(7, events, contained='keep')['event_list']
    assert [''.join(a['argument'] for a in one['arguments']) for one in lines] == ['abc', 'ab']
    with pytest.raises(ValueError, match="unknown contained 'droop'. Did you mean 'drop'"):
        submission_line(7, events, contained='droop')


def test_many_events_take_little_time():
    # 3,000 events of 12 of 2,000 arguments: 4.5 million pairs of events, were each compared with each
    generator = random.Random(0)
    events = [event([str(n) for n in generator.sample(range(2000), 12)]) for _ in range(3000)]
    start = time.process_time()
    assert len(without_subsets(events)) == 3000
    assert time.process_time() - start < 2


def test_reading_texts(tmp_path):
    path = tmp_path / 'test.json'
    path.write_text('{"id": "a", "text": "一", "title": 3}\n\n{"id": 7, "text": "", "event_list": "broken"}\n',
                    encoding='utf-8')
    assert read_texts(str(path)) == [('a', '一'), (7, '')]


@pytest.mark.parametrize('second, message', [
    ({'text': '二'}, "test.json:3: there is no 'id'"),
    ({'ID': 'b', 'text': '二'}, "test.json:3: there is no 'id'"),
    ({'id': 'b', 'txt': '二'}, "test.json:3: there is no 'text'. Did you mean 'txt'"),
    ({'id': None, 'text': '二'}, "test.json:3: expected 'id' as a string or an integer, got None"),
    ({'id': True, 'text': '二'}, "test.json:3: expected 'id' as a string or an integer, got True"),
    ({'id': 'a', 'text': '二'}, "test.json:3: the id 'a' is on line 1 already"),
    ({'id': 'b', 'text': ['二']}, "test.json:3: expected 'text' as a string"),
])
def test_wrong_lines_are_named(tmp_path, second, message):
    path = tmp_path / 'test.json'
    path.write_text('{"id": "a", "text": "一"}\n\n' + json.dumps(second) + '\n', encoding='utf-8')
    with pytest.raises(DataError, match=message):
        read_texts(str(path))


def test_a_failed_submission_leaves_the_old_files(tmp_path):
    path, archive = tmp_path / 'duee.json', tmp_path / 'duee.zip'
    path.write_text('old')

    def lines():
        yield submission_line('a', [])
        raise DataError('no more')

    with pytest.raises(DataError):
        write_submission(str(path), lines(), str(archive))
    with pytest.raises(ValueError, match='need two names'):
        write_submission(str(path), [], os.path.join(str(tmp_path), '.', 'duee.json'))
    assert path.read_text() == 'old' and os.listdir(str(tmp_path)) == ['duee.json']


def test_half_a_character_does_not_break_the_file(tmp_path):
    path = tmp_path / 'duee.json'
    write_submission(str(path), [submission_line('a', [event(['断\ud83d'])])])
    line = json.loads(content(path).decode('utf-8'))
    assert line['event_list'][0]['arguments'][0]['argument'] == '断\ud83d'
