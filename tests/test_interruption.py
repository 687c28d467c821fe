"""Signals while something runs that must not be cut in two."""

import os
import signal
import threading

import pytest

from gplinker_kit.interruption import Interruption


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM'])
def test_the_first_signal_asks_and_the_second_stops(name):
    number, lines = getattr(signal, name), []
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        with Interruption(lines.append) as interruption:
            assert interruption.asked is None
            os.kill(os.getpid(), number)
            assert interruption.asked == name
            assert lines == ['%s: stopping after this step; once more to stop at once' % name]
            os.kill(os.getpid(), number)
            raise AssertionError('went on')
    assert signal.getsignal(number) is before


def test_at_once():
    with Interruption(print) as interruption:
        with pytest.raises(KeyboardInterrupt), interruption.at_once():
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError('went on')
    assert interruption.asked == 'SIGINT'


def test_another_thread_catches_nothing():
    before, found = signal.getsignal(signal.SIGINT), []

    def work():
        with Interruption(print):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]
