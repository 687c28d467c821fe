"""A training that is asked to stop does so between two steps, when all it has done can be saved."""

from __future__ import annotations

import contextlib
import signal
import threading

SIGNALS = ('SIGINT', 'SIGTERM')


class Interruption:
    """Catches the first Ctrl-C or SIGTERM within its block; a second one stops at once.

        with Interruption(log) as interruption:
            for batch in batches:
                ... one step ...
                if interruption.asked:
                    ...

    Within `at_once()` the first one stops at once too: where all is saved already, and no step follows soon. Outside of
    the main thread, where Python lets nobody catch a signal, it does nothing.

    Attributes: asked: None, or the name of the signal.
    """

    def __init__(self, log):
        self.log, self.asked = log, None
        self._before, self._waits = {}, True

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            for name in SIGNALS:
                number = getattr(signal, name)
                self._before[number] = signal.signal(number, self._catch)
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            if handler is not None:  # one that was not set from Python cannot be set again
                signal.signal(number, handler)

    @contextlib.contextmanager
    def at_once(self):
        self._waits = False
        try:
            yield
        finally:
            self._waits = True

    def _catch(self, number, frame):
        again, self.asked = self.asked is not None, signal.Signals(number).name
        if again or not self._waits:
            raise KeyboardInterrupt
        self.log('%s: stopping after this step; once more to stop at once' % self.asked)
