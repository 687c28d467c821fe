"""The server over HTTP, with an extractor that has no model."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import http_request
from gplinker_kit.events.duee import extraction_line
from gplinker_kit.serving import Limits, Refusal, make_app
from tests.serving.fakes import Finder, extract, request, served

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL = Limits(texts=3, characters=20, body_bytes=400, timeout=5)


@pytest.fixture(scope='module')
def port():
    with served(Finder(), limits=SMALL) as port:
        yield port


def test_answers_are_the_lines_of_extract(port):
    texts = ['甲收购乙', '无事', '']
    lines = [extraction_line({'text': one.text}, one, None) for one in Finder().extract(texts)]
    status, headers, body = request(port, 'POST', '/extract', json.dumps({'texts': texts}))
    assert status == 200 and headers['Content-Type'] == 'application/json; charset=utf-8'
    assert body.decode('utf-8') == '{"results": [%s]}' % ', '.join(lines)
    assert extract(port, {'text': '甲收购乙'})[1]['results'] == [json.loads(lines[0])]


@pytest.mark.parametrize('body, status, name, message', [
    (b'{', 400, 'bad_json', 'not JSON'), (b'"\xff"', 400, 'bad_json', 'byte 1'),
    (b'[' * 399, 400, 'bad_json', 'JSON|deeply'), (b'[]', 422, 'bad_request', 'got a list'),
    (b'{}', 422, 'bad_request', 'got neither'), (b'{"text": "", "texts": []}', 422, 'bad_request', 'got both'),
    (b'{"test": ""}', 422, 'bad_request', "unknown key 'test'. Did you mean 'text'"),
    (b'{"texts": "a"}', 422, 'bad_request', 'a list of strings, got a string'),
    (b'{"texts": []}', 422, 'bad_request', 'empty'), (b'{"texts": ["", 1]}', 422, 'bad_request', '1. must be a string'),
    (b'{"text": "\\ud800"}', 422, 'bad_request', 'surrogate'),
    (b'{"texts": ["", "", "", ""]}', 422, 'too_many_texts', 'at most 3 texts a request, got 4'),
    (b'{"texts": ["%s", "b"]}' % (b'a' * 20), 422, 'too_many_characters', 'at most 20 characters a request, got 21'),
    (b' ' * 401, 413, 'body_too_large', 'at most 400 bytes'),
])
def test_a_refusal_has_a_name_and_says_the_limit(port, body, status, name, message):
    found, _, answer = request(port, 'POST', '/extract', body)
    error = json.loads(answer.decode('utf-8'))['error']
    assert (found, error['name']) == (status, name) and re.search(message, error['message']), error


def test_a_body_without_a_length_is_bounded_too(port):
    parts = iter([b'{"text": "', b'a' * 300, b'a' * 300, b'"}'])
    status, _, answer = request(port, 'POST', '/extract', parts)
    assert status == 413 and b'body_too_large' in answer


def test_wrong_paths_and_methods(port):
    assert request(port, 'GET', '/')[0] == 404 and b'"not_found"' in request(port, 'GET', '/nothing')[2]
    status, _, answer = request(port, 'GET', '/extract')
    assert status == 405 and b'"method_not_allowed"' in answer


def test_health_metrics_and_openapi(port):
    status, _, answer = request(port, 'GET', '/health')
    assert status == 200 and json.loads(answer.decode())['status'] == 'ok'
    extract(port, {'texts': ['甲收购乙', '丙']})
    request(port, 'POST', '/extract', b'{')
    text = request(port, 'GET', '/metrics')[2].decode('utf-8')
    values = dict(line.rsplit(' ', 1) for line in text.split('\n') if line and not line.startswith('#'))
    assert float(values['gplinker_requests_total{path="/extract",status="200"}']) >= 1
    assert float(values['gplinker_errors_total{error="bad_json"}']) >= 1
    assert float(values['gplinker_events_total']) >= 1 and values['gplinker_queue_texts'] == '0.0'
    assert float(values['gplinker_batch_texts_count']) >= 1 and 'gplinker_batch_seconds_sum' in values
    assert 'gplinker_request_seconds_bucket{le="0.005",path="/extract"}' in values
    described = json.loads(request(port, 'GET', '/openapi.json')[2].decode('utf-8'))
    assert set(described['paths']) == {'/extract', '/health', '/metrics'}
    own = described['paths']['/extract']['post']
    assert set(own['responses']) >= {'200', '400', '408', '413', '422', '503', '504'}
    many = own['requestBody']['content']['application/json']['schema']['oneOf'][0]
    assert many['properties']['texts']['maxItems'] == 3
    assert request(port, 'GET', '/docs')[0] == 200


TEXTS = st.text(max_size=25)
JSONS = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
                     lambda some: st.lists(some, max_size=5) | st.dictionaries(TEXTS, some, max_size=4), max_leaves=9)
BODIES = st.binary(max_size=500) | st.one_of(
    JSONS, st.fixed_dictionaries({'texts': st.lists(TEXTS | JSONS, max_size=5)}),
    st.fixed_dictionaries({'text': TEXTS}),
).map(lambda value: json.dumps(value, ensure_ascii=False).encode('utf-8', 'surrogatepass'))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(body=BODIES)
def test_hostile_bodies_get_an_answer_with_a_name(port, body):
    status, _, answer = request(port, 'POST', '/extract', body)
    value = json.loads(answer.decode('utf-8'))
    if status == 200:
        assert len(value['results']) == len(json.loads(body.decode('utf-8')).get('texts', [0]))
    else:
        assert status in (400, 413, 422) and set(value['error']) == {'name', 'message'}


def together(calls):
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_many_clients_share_batches_and_get_their_own_events():
    finder, answers = Finder(delay=0.02), {}
    with served(finder) as port:
        names = ['%d号收购%d号' % (k, k + 1) for k in range(24)]
        together([lambda name=name: answers.update({name: extract(port, {'text': name})}) for name in names])
    for name in names:
        (event,) = answers[name][1]['results'][0]['event_list']
        assert [one['argument'] for one in event['arguments']] == name.split('收购')
    assert len(finder.batches) < 24 and sum(map(len, finder.batches)) == 24


def test_a_full_queue_a_timeout_and_a_failure():
    finder = Finder()
    with served(finder, limits=Limits(texts=2, timeout=3), max_queue=2) as port:
        assert extract(port, {'text': '坏'})[1]['error']['name'] == 'extraction_failed'
        finder.hold.clear()
        answers = []
        busy = threading.Thread(target=lambda: answers.append(extract(port, {'text': 'a'})))
        busy.start()
        while len(finder.batches) < 2:
            time.sleep(0.001)
        waits = threading.Thread(target=lambda: answers.append(extract(port, {'texts': ['b', 'c']})))
        waits.start()
        while b'gplinker_queue_texts 2.0' not in request(port, 'GET', '/metrics')[2]:
            time.sleep(0.001)
        status, headers, answer = request(port, 'POST', '/extract', b'{"text": "d"}')
        assert (status, headers['Retry-After']) == (503, '1') and b'"queue_full"' in answer
        busy.join(20)
        waits.join(20)
        assert [(status, value['error']['name']) for status, value in answers] == [(504, 'timeout')] * 2
        finder.hold.set()
        assert extract(port, {'text': 'e'})[0] == 200
    assert ['b', 'c'] not in finder.batches


def test_a_kept_connection_does_not_wait_for_acknowledgements():
    with served(Finder(), max_delay=0.0) as port:
        connection, seconds = http.client.HTTPConnection('127.0.0.1', port, timeout=20), []
        for _ in range(24):
            started = time.perf_counter()
            connection.request('POST', '/extract', b'{"text": "a"}')
            connection.getresponse().read()
            seconds.append(time.perf_counter() - started)
        connection.close()
    assert sorted(seconds)[8] < 0.035  # with a delayed acknowledgement a request takes 40 ms and more


def test_sigterm_answers_what_has_come_and_takes_no_more():
    process = subprocess.Popen([sys.executable, '-m', 'tests.serving.fakes', '4'], cwd=ROOT, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, universal_newlines=True)
    try:
        port = int(process.stdout.readline().rsplit(':', 1)[1])
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(extract(port, {'text': '甲'}))) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(2)  # all three have come, none is answered
        process.send_signal(signal.SIGTERM)
        with pytest.raises(OSError):
            while any(thread.is_alive() for thread in threads):
                request(port, 'GET', '/health')
                time.sleep(0.01)
        for thread in threads:
            thread.join(20)
        assert [status for status, _ in answers] == [200] * 3
        assert process.wait(20) == 0 and process.stdout.read() == 'ended\n'
    finally:
        process.kill()
        process.communicate()


def test_a_request_that_never_fits_and_missing_packages_are_named():
    with pytest.raises(ValueError, match='may have 64 texts, but only 8 may wait'):
        make_app(Finder, max_queue=8)
    with pytest.raises(ValueError, match='timeout of Limits must be a positive number, got 0'):
        Limits(timeout=0)
    with mock.patch.dict(sys.modules, {'fastapi': None}):
        with pytest.raises(ImportError, match=r"pip install 'gplinker-kit\[serve\]'"):
            make_app(Finder)


def test_a_length_that_is_no_number_is_refused():
    """Without a socket: a server may pass on what it has not understood. str.isdigit takes '²' for a digit."""
    with pytest.raises(Refusal, match='at most 20000 bytes a body'):
        http_request.run(b'POST /extract\ncontent-length: \xb2\n\n{"text": ""}', None)
