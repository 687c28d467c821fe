"""A model without Keras for the tests of bulk extraction, which can also die at a text of the test's choice."""

import os
import signal

import numpy as np

from gplinker_kit.events.extractor import Extractor
from gplinker_kit.events.schema import TRIGGER, Schema
from tests.events.decoding import Characters

SCHEMA = Schema([('胜负', ['胜者', '败者'])])
ROLES = (('胜', TRIGGER), ('甲', '胜者'), ('乙', '败者'))
DEADLY = '亡'


def texts(count):
    """Texts of which no two are equal, some without a token or an event."""
    return ['%d%s%s' % (number, '甲' * (number % 3), '胜乙' * (number % 5)) if number % 11 else ' ' * number
            for number in range(count)]


def predict(token_ids, segment_ids):
    """胜 is a trigger, 甲 wins, 乙 loses, all are linked to all; scores depend on the place."""
    b, n = token_ids.shape
    arguments = np.full((b, n, n + 2 * len(SCHEMA)), -9, np.float32)
    for character, role in ROLES:
        label = SCHEMA.index('胜负', role)
        sample, token = np.nonzero(token_ids == ord(character))
        arguments[sample, token, token] = 1 + token / 7
        arguments[sample, token, n + label] = arguments[sample, token, n + len(SCHEMA) + label] = 0
    links = np.ones((b, n, n + 2), np.float32)
    return arguments, links, links.copy()


class Load:
    """What a ShardWorker loads with.

    marker: a path, or None. The process that meets a text with `DEADLY` in it kills itself: each time, or with a marker
        only where there is no such file yet, which it writes before. computes: what it says that it computes with.
    """

    def __init__(self, marker=None, computes='stand-in'):
        self.marker, self.computes = marker, computes

    def predict(self, token_ids, segment_ids):
        if (token_ids == ord(DEADLY)).any() and not (self.marker and os.path.exists(self.marker)):
            if self.marker:
                open(self.marker, 'w').close()
            os.kill(os.getpid(), signal.SIGKILL)
        return predict(token_ids, segment_ids)

    def __call__(self):
        return Extractor(Characters(), SCHEMA, self.predict, batch_size=4), SCHEMA, {'engine': self.computes}
