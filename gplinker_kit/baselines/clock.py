"""How long a comparison will still take."""

from __future__ import annotations

from gplinker_kit.rehearsal import duration


class Clock:
    """Estimates from the time that the trainings of networks have taken so far.

    Arguments: networks: how many networks will be trained. The systems take unequal times, so that the estimate is
        rough until each has been trained once.
    """

    def __init__(self, networks):
        self.networks = networks
        self.done = self.seconds = 0.0

    def add(self, share, seconds):
        """Counts a share, 0 to 1, of the training of a network."""
        self.done += share
        self.seconds += seconds

    def left(self):
        """Returns the time that is left, as '2 h 5 min'; call it after `add`."""
        return duration(max(0.0, self.networks - self.done) * self.seconds / self.done)
