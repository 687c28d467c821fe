"""Batches that are made while the one before them trains."""

from __future__ import annotations

import queue
import threading

_END, _ERROR = 'end', 'error'


def prefetch(make, items, ahead=2):
    """Yields make(item) for each item, in order; a thread makes up to `ahead` of them in advance.

    Arguments: make: function of one item, called in another thread. items: iterable. ahead: int of at least 1.
    Raises: what `make` or the iterable raises, when it is that item's turn; ValueError for `ahead` below 1.
    """
    if ahead < 1:
        raise ValueError('ahead must be at least 1, got %r' % (ahead,))
    made, stopped = queue.Queue(ahead), threading.Event()

    def put(kind, value=None):
        while not stopped.is_set():
            try:
                made.put((kind, value), timeout=0.1)
                return
            except queue.Full:
                continue

    def work():
        try:
            for item in items:
                put(None, make(item))
                if stopped.is_set():
                    return
            put(_END)
        except BaseException as error:  # it belongs to the one who waits
            put(_ERROR, error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            kind, value = made.get()
            if kind == _END:
                return
            if kind == _ERROR:
                raise value
            yield value
    finally:
        stopped.set()
        thread.join()
