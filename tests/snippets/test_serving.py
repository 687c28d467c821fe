"""WebServing answers requests, from another thread than the one that built the model."""

import json
import sys
import threading
import time
import urllib.parse
import urllib.request

import numpy as np
import pytest

from gplinker_kit.snippets import WebServing


@pytest.fixture(scope='module')
def serving():
    from gplinker_kit.backend import Input, Model, layers

    inputs = Input((2,))
    model = Model(inputs, layers.Dense(1, use_bias=False, kernel_initializer='ones')(inputs))

    def total(first, second=1.0):
        if first < 0:
            raise ValueError('负数')
        return float(model.predict(np.array([[first, second]]))[0, 0])

    web = WebServing('127.0.0.1', 0)
    web.route('/sum', total, {'first': (float, True), 'second': (float, False)})
    web.route('/text', lambda text: [text, None], {'text': (None, True)}, method='POST')
    web.route('/broken', object, {})
    thread = threading.Thread(target=web.start, daemon=True)
    thread.start()
    for _ in range(200):
        if web.port:
            break
        time.sleep(0.05)
    yield web
    web.stop()
    thread.join(20)
    assert not thread.is_alive()


def ask(web, path, query=None, data=None):
    url = 'http://127.0.0.1:%d%s' % (web.port, path)
    if query:
        url += '?' + urllib.parse.urlencode(query)
    body = None if data is None else urllib.parse.urlencode(data).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy would not know this machine
    with opener.open(url, body, timeout=60) as answer:
        return json.loads(answer.read().decode('utf-8'))


def test_answers(serving):
    assert ask(serving, '/sum', {'first': '2'}) == {'code': 0, 'desc': 'succeeded', 'data': 3.0}
    assert ask(serving, '/sum', {'first': '2', 'second': '4.5'})['data'] == 6.5
    assert ask(serving, '/text', data={'text': '你好 &'})['data'] == ['你好 &', None]
    assert ask(serving, '/sum') == {'code': 1, 'desc': 'lack of "first" argument', 'data': {}}


def test_what_goes_wrong_is_told_and_the_server_goes_on(serving):
    assert ask(serving, '/sum', {'first': '-1'}) == {'code': 2, 'desc': '负数', 'data': {}}
    assert ask(serving, '/sum', {'first': 'x'})['code'] == 2
    assert 'not JSON serializable' in ask(serving, '/broken')['desc']
    assert ask(serving, '/sum', {'first': '1'})['code'] == 0


def test_wrong_arguments_and_a_missing_package(monkeypatch):
    with pytest.raises(ValueError, match="method must be 'GET' or 'POST', got 'PUT'"):
        WebServing().route('/', len, {}, method='PUT')
    monkeypatch.setitem(sys.modules, 'bottle', None)
    with pytest.raises(ImportError, match='gplinker-kit.serve.'):
        WebServing()
