"""Which epochs of a training are worth keeping, and when to stop."""

from __future__ import annotations

import os

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.model_folder import POINTER, POINTERS, drop_pointers, pointed, require_files, versions

SELECT = ('argument', 'event', 'official')


class Selection:
    """Keeps the best epochs by strict argument F1 and by strict event F1, in memory and as versions of a model folder.

    An epoch is the best when its F1 is above that of all earlier ones and above 0; of equals the first one stays. The
    pointers `best-argument` and `best-event` name these versions, which can be one and the same, and `current` names
    the best by `select`. Until there is a best one, `current` names the first epoch: some version exists as soon as
    an epoch is done.

    Arguments:
        gplinker: GPLinker, whose model holds the weights to keep whenever a method is called.
        folder: model folder or None.
        select: 'argument', 'event' or 'official'. patience: int or None, see `Recipe`.
    Attributes:
        best: {name: (F1, epoch, list of weights)}. written: {name: number of its version}.
    Raises:
        ValueError: an unknown `select`.
    """

    def __init__(self, gplinker, folder=None, select='argument', patience=None):
        if select not in SELECT:
            raise ValueError('unknown select %r.%s' % (select, hint(select, SELECT)))
        self.gplinker, self.folder, self.select, self.patience = gplinker, folder, select, patience
        self.best = {}
        self.written = {}
        self.risen = 0  # the last epoch at which one of the F1 that are looked at rose
        self._held = set()  # versions that a state of the training names
        self._before = pointed(folder) if folder is not None else {}
        self._saved = False

    def look(self, epoch, scores):
        """Judges the model after an epoch by its EventScores on the dev sentences; writes a version where it is best.

        Returns:
            Whether to stop: neither argument nor event F1, nor the official one where it selects, has risen for
            `patience` epochs.
        """
        values = {'argument': scores.argument.f1, 'event': scores.event.f1}
        if self.select == 'official':
            values['official'] = scores.official.f1
        risen = [name for name, f1 in values.items() if f1 > self.best.get(name, (0.0,))[0]]
        if risen:
            self.risen = epoch
            weights = [np.array(weight) for weight in self.gplinker.model.get_weights()]
            self.best.update((name, (values[name], epoch, weights)) for name in risen)
        if risen or not self._saved:
            self._save(risen, self.select in risen or self.select not in self.best and not self._saved)
        return self.patience is not None and epoch - self.risen >= self.patience

    def finish(self, tune=None):
        """Writes the best versions again, now with the whole history and tuned thresholds.

        The selected one comes last and is what the GPLinker holds then; without a best epoch that is the last one.

        Arguments:
            tune: None, or a function of a list of names, such as ['argument', 'event'], by which these weights were
                chosen, empty for those of the last epoch; it sets the GPLinker's thresholds for them.
        """
        epochs = {}
        for name, (_, epoch, weights) in self.best.items():
            epochs.setdefault(epoch, (weights, []))[1].append(name)
        ordered = sorted(epochs.values(), key=lambda found: self.select in found[1])
        if self.select not in self.best:
            ordered.append((self.gplinker.model.get_weights(), []))
        for weights, names in ordered:
            self.gplinker.model.set_weights(weights)
            if tune is not None:
                tune(names)
            self._save(names, self.select in names or not names)

    def state(self):
        """Returns, for JSON, what `restore` needs to go on from here, beside the versions, which stay until then."""
        self._held = set(self.written.values())
        return {
            'best': {name: [f1, epoch, self.written[name]] for name, (f1, epoch, _) in self.best.items()},
            'risen': self.risen, 'before': self._before, 'saved': self._saved,
        }

    def restore(self, state):
        """Goes on from a `state` of an earlier process in the same folder. The GPLinker's weights change.

        Raises: DataError or CheckpointError where a version that it names is gone or damaged.
        """
        from gplinker_kit.models.weights import load_weights

        self.risen, self._before, self._saved = state['risen'], state['before'], state['saved']
        for name, (f1, epoch, number) in state['best'].items():
            version = os.path.join(os.fspath(self.folder), 'versions', str(number))
            require_files(version, ['weights.safetensors'])
            load_weights(self.gplinker.model, os.path.join(version, 'weights.safetensors'))
            self.best[name] = (f1, epoch, [np.array(weight) for weight in self.gplinker.model.get_weights()])
            self.written[name] = number
        self._held = set(self.written.values())

    def _save(self, names, current):
        if self.folder is None:
            return
        pointers = ['best-' + name for name in names if 'best-' + name in POINTERS] + [POINTER] * current
        protect = self._held | ({self._before[POINTER]} if POINTER in self._before else set())
        self.gplinker.save(self.folder, protect=protect, pointers=pointers)
        self.written.update(dict.fromkeys(names, versions(self.folder)[-1]))
        if not self._saved:  # the others still name versions of an earlier training
            drop_pointers(self.folder, [name for name in POINTERS if name not in pointers])
            self._saved = True
