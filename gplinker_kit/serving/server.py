"""Runs the application with uvicorn until it is told to stop."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading

HOST, PORT = '127.0.0.1', 8000


@contextlib.contextmanager
def quiet_end():
    """Within it SIGTERM, which newer uvicorns raise again when they have stopped, ends nothing any more."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def listen(host, port):
    """Returns a socket that listens. Raises: OSError that names the address."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    # The protocol by name: where it is 0, asyncio leaves Nagle's algorithm on, and each answer of a kept connection
    # waits 40 ms for the other side's delayed acknowledgement.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        raise OSError('cannot listen on %s port %s: %s' % (host, port, error)) from error
    return found


def make_server(app, grace=30.0):
    """Returns uvicorn's server of an application; `serve` runs one. grace: as in `serve`."""
    import uvicorn

    return uvicorn.Server(uvicorn.Config(
        app, log_level='warning', access_log=False, timeout_graceful_shutdown=max(1, int(round(grace))),
        server_header=False, lifespan='on', ws='none',
    ))  # fmt: skip


def serve(app, host=HOST, port=PORT, grace=30.0, said=None):
    """Serves until SIGTERM or Ctrl-C: then no new connection is taken, and what has come is answered.

    Arguments:
        app: what `make_app` returns. host, port: where it listens; port 0 takes a free one.
        grace: seconds that requests have to end when the server stops. said: called with the address, a str.
    Raises: OSError where the port is taken; what the loading of the extractor raises.
    """
    with listen(host, port) as place:
        app.state.batcher.start()
        server = make_server(app, grace)
        place.listen(2048)
        if said is not None:
            said('http://%s:%d' % ('[%s]' % host if ':' in host else host, place.getsockname()[1]))
        with quiet_end():
            server.run(sockets=[place])
