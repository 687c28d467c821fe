"""An extractor without a model, and servers of it; `python -m tests.serving.fakes SECONDS` is one until SIGTERM."""

import http.client
import json
import sys
import threading
import time
from contextlib import contextmanager

from gplinker_kit.events import Argument, Event
from gplinker_kit.events.decoder import Extraction
from gplinker_kit.serving import make_app, serve
from gplinker_kit.serving.server import listen, make_server


class Finder:
    """Finds the event 收购 with the trigger 收购 and what stands around it. Its batches take `delay` seconds.

    A text with 坏 fails. `hold` is an Event of threading: while it is not set, nothing is extracted.
    """

    schema = None

    def __init__(self, delay=0.0):
        self.delay, self.batches, self.hold = delay, [], threading.Event()
        self.hold.set()

    def extract(self, texts):
        self.batches.append(list(texts))
        self.hold.wait(20)
        time.sleep(self.delay)
        if any('坏' in text for text in texts):
            raise ValueError('scores of a text are NaN')
        return [Extraction(text, tuple(events_of(text))) for text in texts]


def events_of(text):
    at = text.find('收购')
    if at > 0:
        arguments = [Argument('收购方', text[:at], 0, score=0.9)]
        if text[at + 2:]:
            arguments.append(Argument('被收购方', text[at + 2:], at + 2, score=0.6))
        links = [(0, 1, 0.8)] + [(0, 2, 0.7), (1, 2, 0.5)] * (len(arguments) - 1)
        yield Event('收购', Argument('触发词', '收购', at, score=0.95), arguments, score=0.8, links=links)


@contextmanager
def served(finder, **options):
    """Yields the port of a server in a thread of this process."""
    app = make_app(lambda: finder, **dict({'page': False}, **options))
    with listen('127.0.0.1', 0) as place:
        server = make_server(app, grace=5)
        thread = threading.Thread(target=server.run, kwargs={'sockets': [place]})
        port = place.getsockname()[1]
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield port
        finally:
            finder.hold.set()
            server.should_exit = True
            thread.join(10)


def request(port, method, path, body=None, headers=None):
    """Returns (status, headers, bytes) of a request on a connection of its own."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def extract(port, body):
    """Returns (status, JSON) of what /extract answers to an object."""
    status, _, answer = request(port, 'POST', '/extract', json.dumps(body))
    return status, json.loads(answer.decode('utf-8'))


if __name__ == '__main__':
    serve(make_app(lambda: Finder(float(sys.argv[1])), page=False), port=0, said=lambda line: print(line, flush=True))
    print('ended', flush=True)
