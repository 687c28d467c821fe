"""Keeps the weights of the epoch that was best on the dev examples."""

from __future__ import annotations

import os

import numpy as np

from gplinker_kit.model_folder import require_files, versions
from gplinker_kit.models.weights import load_weights


class BestEpoch:
    """Keeps the best epoch in memory and as a version of a model folder.

    An epoch is the best when its value is above that of all earlier ones; of equals the first one stays. The version
    before the best one stays beside it.

    Arguments: owner: TaskModel, whose model holds the weights to keep. folder: model folder or None.
    Attributes: best: (value, epoch, list of weights), or None.
    """

    def __init__(self, owner, folder=None):
        self.owner, self.folder, self.best = owner, folder, None
        self._number = None  # of the version of the best epoch
        self._held = ()  # versions that a state of the training names

    def look(self, epoch, value):
        """Takes the model after an epoch, whose value on the dev examples is `value`; returns whether it is the best.
        """
        if self.best is not None and not value > self.best[0]:
            return False
        self.best = (value, epoch, [np.array(weight) for weight in self.owner.model.get_weights()])
        self._save()
        return True

    def finish(self):
        """Gives the model its best weights, or leaves the last ones where there is no best, and writes the version
        with the whole history.
        """
        if self.best is not None:
            self.owner.model.set_weights(self.best[2])
        self._save()

    def state(self):
        """Returns, for JSON, what `restore` needs beside the version of the best epoch, which stays until then."""
        self._held = () if self._number is None else (self._number,)
        return None if self.best is None else {'value': self.best[0], 'epoch': self.best[1], 'version': self._number}

    def restore(self, state):
        """Goes on from a `state` of an earlier process in the same folder. The model's weights change.

        Raises: DataError or CheckpointError where the version that it names is gone or damaged.
        """
        if state is None:
            return
        version = os.path.join(os.fspath(self.folder), 'versions', str(state['version']))
        require_files(version, ['weights.safetensors'])
        load_weights(self.owner.model, os.path.join(version, 'weights.safetensors'))
        weights = [np.array(weight) for weight in self.owner.model.get_weights()]
        self.best, self._number = (state['value'], state['epoch'], weights), state['version']
        self._held = (self._number,)

    def _save(self):
        if self.folder is not None:
            self.owner.save(self.folder, protect=self._held)
            self._number = versions(self.folder)[-1]
