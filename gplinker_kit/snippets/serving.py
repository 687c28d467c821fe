"""WebServing: functions behind URLs, for a demonstration."""

import contextlib
import json
import logging
import sys

from gplinker_kit.errors import hint

_METHODS = ('GET', 'POST')


def _keeper():
    """Returns what makes a context for models of this thread; without a model there is nothing to keep."""
    if 'gplinker_kit.backend' not in sys.modules:
        return contextlib.suppress
    from gplinker_kit.backend.sessions import session_keeper

    return session_keeper()


class WebServing:
    """Answers requests by calling functions, with one JSON object: `{"code": 0, "desc": "succeeded", "data": result}`.

        web = WebServing(port=8864)
        web.route('/similar', similar, {'text': (None, True), 'n': (int, False)})
        web.start()  # then http://127.0.0.1:8864/similar?text=你好&n=5

    Code 1: an argument is missing; code 2: an argument could not be converted or the function raised, and `desc` says
    what. Make the object in the thread that built the models. It is for trying things out: anybody who reaches the port
    may ask.

    Arguments:
        host: address to listen on; all of the machine's by default, '127.0.0.1' for this machine alone.
        port: int; 0 takes a free one, which `start` writes into the attribute of that name.
        server: one of bottle's servers. The default, the standard library's, needs no further package; 'paste' is
            bert4keras's.

    Raises: ImportError where the package `bottle` is missing.
    """

    def __init__(self, host='0.0.0.0', port=8000, server='wsgiref'):
        try:
            import bottle
        except ImportError as error:
            raise ImportError('WebServing needs the package `bottle`: pip install "gplinker-kit[serve]" (%s)' % error) \
                from error
        self.host, self.port, self.server = host, port, server
        self.bottle = bottle
        self.app = bottle.Bottle()
        self._kept = _keeper()
        self._running = None

    def wraps(self, func, arguments, method='GET'):
        """Returns the function without arguments that reads those of `func` from the request and returns JSON."""
        def answer():
            request = self.bottle.request.GET if method == 'GET' else self.bottle.request.POST
            given = {name: request.getunicode(name) for name in arguments}
            missing = [name for name, (_, needed) in arguments.items() if needed and given[name] is None]
            if missing:
                return _answer(1, 'lack of "%s" argument' % missing[0])
            try:
                converted = {
                    name: arguments[name][0](value) if arguments[name][0] else value
                    for name, value in given.items() if value is not None
                }
                with self._kept():
                    return _answer(0, 'succeeded', func(**converted))
            except Exception as error:  # whatever it is, the client gets an answer and the server goes on
                logging.getLogger(__name__).exception('%r failed', func)
                return _answer(2, str(error) or type(error).__name__)

        return answer

    def route(self, path, func, arguments, method='GET'):
        """Calls `func` for requests to `path`.

        Arguments:
            func: returns what `json.dumps` can write.
            arguments: dict, name of an argument of `func` -> (function that converts the str of the request, or None;
                whether it must be given).
            method: 'GET' or 'POST'.
        """
        if method not in _METHODS:
            raise ValueError("method must be 'GET' or 'POST', got %r.%s" % (method, hint(method, _METHODS)))
        self.app.route(path, method=method)(self.wraps(func, arguments, method))

    def start(self):
        """Serves until `stop` is called from another thread (server 'wsgiref'), or for ever."""
        if self.server != 'wsgiref':
            self.bottle.run(self.app, host=self.host, port=self.port, server=self.server)
            return
        from wsgiref.simple_server import make_server

        self._running = make_server(self.host, self.port, self.app)
        self.port = self._running.server_port
        print('listening on http://%s:%d' % (self.host, self.port), flush=True)
        with self._running:
            self._running.serve_forever(poll_interval=0.1)

    def stop(self):
        """Ends `start` in the thread that runs it."""
        if self._running is not None:
            self._running.shutdown()


def _answer(code, text, data=None):
    return json.dumps({'code': code, 'desc': text, 'data': {} if data is None and code else data}, ensure_ascii=False)
