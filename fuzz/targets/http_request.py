"""Whole requests, given to the application of `gplinker serve` without a socket: method, path, headers and a body.

A case is a line with the method and the path, lines with headers, an empty line, and the body, which comes in parts.
"""

import asyncio
import functools
import json

from gplinker_kit.events import Argument, Event
from gplinker_kit.events.decoder import Extraction
from gplinker_kit.serving import Limits, Refusal, make_app
from gplinker_kit.serving.refusals import STATUSES

LIMITS = Limits(texts=4, characters=60, body_bytes=20000, timeout=5)
LEFT = ('timeout', 'slow_body', 'stopping', 'queue_full', 'extraction_failed')  # that nothing here should lead to
TEXT = json.dumps({'texts': ['甲收购乙', 'b']}).encode()


class Finder:
    """An extractor without a model."""

    schema = None

    def extract(self, texts):
        return [Extraction(text, tuple(self.events(text))) for text in texts]

    def events(self, text):
        at = text.find('收购')
        if at >= 0:
            yield Event('收购', Argument('触发词', '收购', at, score=0.9), (), score=0.9)


@functools.lru_cache(maxsize=None)
def served():
    """Returns (event loop, application) with its thread running, as `serve` has them."""
    app = make_app(Finder, LIMITS, max_delay=0.0)
    app.state.batcher.start()
    return asyncio.new_event_loop(), app


def seeds():
    import fastapi  # noqa: F401

    def request(line, *headers):
        return b'\n'.join((line,) + headers) + b'\n\n' + TEXT

    length = b'content-length: %d' % len(TEXT)
    return [
        request(b'POST /extract', b'host: a', length), request(b'POST /frame', b'content-type: text/plain'),
        request(b'POST /extract', b'content-length: \xb2'), request(b'POST /extract', b'content-length: -1'),
        request(b'POST /extract', b'content-length: ' + b'9' * 30), request(b'GET /health', b'host: [::1'),
        request(b'GET /metrics', b'host: a:b:c'), request(b'GET /', b'accept: */*'),
        request(b'GET /nothing', b'host: ['),
        request(b'DELETE /extract', b'host: a\xff'), request(b'GET /openapi.json'), request(b'GET /docs'),
        request(b'POST /extract/', b'host: evil]', b'x-forwarded-for: \xb2'), request(b'GET /..%2f..%2fetc', b''),
    ]


async def answer(app, scope, parts):
    """Returns (status, body) of what the application answers to a request whose body comes in parts."""
    waiting, found = list(parts), []

    async def receive():
        if waiting:
            part = waiting.pop(0)
            return {'type': 'http.request', 'body': part, 'more_body': bool(waiting)}
        return {'type': 'http.disconnect'}

    async def send(message):
        found.append(message)

    await app(scope, receive, send)
    starts = [message['status'] for message in found if message['type'] == 'http.response.start']
    body = b''.join(message.get('body', b'') for message in found if message['type'] == 'http.response.body')
    if len(starts) != 1:
        raise RuntimeError('%d answers' % len(starts))
    return starts[0], body


def scope_of(head):
    """Returns the ASGI scope that a server makes of the lines before an empty line."""
    lines = head.split(b'\n')
    method, _, target = lines[0].partition(b' ')
    path, _, query = target.partition(b'?')
    headers = [tuple(part.strip() for part in line.partition(b':')[::2]) for line in lines[1:] if line]
    return {'type': 'http', 'asgi': {'version': '3.0', 'spec_version': '2.3'}, 'http_version': '1.1', 'scheme': 'http',
            'method': method.decode('latin-1').upper(), 'path': path.decode('utf-8', 'replace'), 'raw_path': path,
            'query_string': query, 'root_path': '', 'headers': [(name.lower(), value) for name, value in headers],
            'client': ('127.0.0.1', 1), 'server': ('127.0.0.1', 2)}


def run(data, folder):
    loop, app = served()
    head, _, body = data.partition(b'\n\n')
    cut = len(body) * (len(head) % 3) // 3
    status, content = loop.run_until_complete(answer(app, scope_of(head), [body[:cut], body[cut:]]))
    if status < 400:
        return
    error = json.loads(content.decode('ascii'))['error']
    if STATUSES[error['name']] != status or error['name'] in LEFT:
        raise RuntimeError('%d: %s' % (status, error))
    raise Refusal(error['name'], error['message'])
