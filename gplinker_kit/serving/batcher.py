"""Batches across requests: a bounded queue, and one thread that extracts what waits in it.

All that touches the model, its loading too, happens in that one thread: a graph of TF 1.15 belongs to the thread that
built it, and no model has to be safe for several.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future

from gplinker_kit.serving.refusals import Refusal


class Job:
    """The texts of one request: how many of them have been taken, and what came of them."""

    def __init__(self, texts):
        self.texts, self.taken, self.results, self.future = texts, 0, [], Future()


class Batcher:
    """Extracts the texts of many requests together.

    The thread takes what waits, at most `max_batch` texts in the order they came, as soon as there are so many or the
    first one has waited for `max_delay`. A request may be spread over batches. One that nobody waits for any more is
    dropped. Where a batch fails, its requests are tried one by one, so that none fails for another's text.

    Arguments:
        load: function without arguments that returns the extractor, an object with `.extract(texts)` -> list; called
            once, by `start`, in the thread that will use it.
        max_batch: int, texts a batch. max_delay: float, seconds. max_queue: int, texts that may wait.
        observe: called as observe(texts, seconds) after each batch, in the thread.
    """

    def __init__(self, load, max_batch=32, max_delay=0.005, max_queue=512, observe=None):
        for name, value in (('max_batch', max_batch), ('max_queue', max_queue)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError('%s must be an integer of at least 1, got %r' % (name, value))
        if not 0 <= max_delay <= 60:
            raise ValueError('max_delay must be between 0 and 60 seconds, got %r' % (max_delay,))
        self.load, self.max_batch, self.max_delay, self.max_queue = load, max_batch, max_delay, max_queue
        self.observe = observe
        self.extractor = None
        self.waiting = 0  # texts that have not been taken
        self.stopping = False
        self._jobs, self._changed = deque(), threading.Condition()
        self._thread = None

    def start(self):
        """Loads the extractor and begins; returns when it is loaded, or raises what its loading raised."""
        loaded = Future()
        self._thread = threading.Thread(target=self._run, args=(loaded,), name='extraction', daemon=True)
        self._thread.start()
        self.extractor = loaded.result()
        return self

    def submit(self, texts):
        """Returns the Future of the texts' results, a list in their order; cancel it where nobody waits any more.

        Raises: Refusal: queue_full, stopping.
        """
        job = Job(list(texts))
        if not job.texts:
            job.future.set_result([])
            return job.future
        with self._changed:
            if self.stopping:
                raise Refusal('stopping', 'the server is stopping')
            if self.waiting + len(job.texts) > self.max_queue:
                self._drop_abandoned()  # the thread, busy with a batch, has not come to them
            if self.waiting + len(job.texts) > self.max_queue:
                raise Refusal('queue_full', '%d texts are waiting, and at most %d may' % (self.waiting, self.max_queue))
            self.waiting += len(job.texts)
            self._jobs.append(job)
            self._changed.notify()
        return job.future

    def alive(self):
        return self._thread is not None and self._thread.is_alive() and not self.stopping

    def stop(self, timeout=None):
        """Refuses new texts, waits until all that were waiting are done, and ends the thread.

        Returns: whether it ended within `timeout` seconds.
        """
        with self._changed:
            self.stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def _run(self, loaded):
        try:
            extractor = self.load()
        except BaseException as error:  # raised again by `start`, in the thread that waits for it
            loaded.set_exception(error)
            return
        loaded.set_result(extractor)
        while True:
            parts = self._take()
            if not parts:
                return
            started = time.monotonic()
            self._extract(extractor, parts)
            if self.observe is not None:
                self.observe(sum(len(texts) for _, texts in parts), time.monotonic() - started)

    def _take(self):
        """Waits for a batch; returns [(job, its texts in the batch)], empty when there is nothing left and no more."""
        with self._changed:
            while True:
                while not self._jobs and not self.stopping:
                    self._changed.wait()
                self._drop_abandoned()
                if self._jobs:
                    self._wait_for_more()
                    self._drop_abandoned()
                    parts = self._cut()
                    if parts:
                        return parts
                elif self.stopping:
                    return []

    def _wait_for_more(self):
        end = time.monotonic() + self.max_delay
        while self.waiting < self.max_batch and not self.stopping:
            left = end - time.monotonic()
            if left <= 0:
                return
            self._changed.wait(left)

    def _cut(self):
        """Takes a batch off the queue; empty where nobody waits any more."""
        parts, room = [], self.max_batch
        while self._jobs and room:
            job = self._jobs[0]
            texts = job.texts[job.taken:job.taken + room]
            job.taken += len(texts)
            room -= len(texts)
            self.waiting -= len(texts)
            if job.taken == len(job.texts):
                self._jobs.popleft()
            parts.append((job, texts))
        return parts

    def _drop_abandoned(self):
        """Forgets requests that timed out, or of which an earlier part failed."""
        kept = deque()
        for job in self._jobs:
            if job.future.done():
                self.waiting -= len(job.texts) - job.taken
            else:
                kept.append(job)
        self._jobs = kept

    def _extract(self, extractor, parts):
        try:
            results = self._results(extractor, [text for _, texts in parts for text in texts])
        except Exception as error:
            if len(parts) == 1:
                settle(parts[0][0].future, error=error)
            else:
                for part in parts:
                    self._extract(extractor, [part])
            return
        for job, texts in parts:
            job.results.extend(results[:len(texts)])
            del results[:len(texts)]
            if len(job.results) == len(job.texts):
                settle(job.future, job.results)

    def _results(self, extractor, texts):
        results = list(extractor.extract(texts))
        if len(results) != len(texts):
            raise ValueError('extract must return a result a text, got %d of %d texts' % (len(results), len(texts)))
        return results


def settle(future, result=None, error=None):
    """Sets a Future's result or error, unless it was cancelled."""
    if future.set_running_or_notify_cancel():
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
