"""What goes wrong in a training, seen early and said plainly: losses that are no numbers, and an F1 that stays at 0."""

from __future__ import annotations

import os
from collections import deque

import numpy as np

from gplinker_kit.files import atomic_path

SHOWN = 10  # losses before the bad one
HEADS = ('arguments', 'heads', 'tails')


class NotFinite(FloatingPointError):
    """The loss or a weight is no finite number any more; the message says the likely cause."""


class LossWatch:
    """Remembers the last batches, and says what is wrong when a loss is no finite number.

    Arguments:
        folder: where the bad batch is saved, or None. labels: numbers of labels of the heads whose targets are golds,
        see `batch_faults`, in their order. rows: int, tokens of the vocabulary. rate: function of the number of the
        step, from 1 -> learning rate. first: number of steps that were made before. heads: names of all targets.
        unordered: names of those whose golds may start behind their end.
    """

    def __init__(self, folder, labels, rows, rate, first=0, heads=HEADS, unordered=()):
        self.folder, self.labels, self.rows, self.rate, self.steps = folder, labels, rows, rate, first
        self.heads, self.unordered = heads, unordered
        self.losses, self._before = deque(maxlen=SHOWN), None

    def look(self, loss, inputs, targets, place):
        """Takes the loss of a step and its batch.

        place: where the training is, such as 'epoch 2/20, batch 17'.
        Raises: NotFinite. The batch, and the one before it if any, are in `bad_batch.npz` of the folder then.
        """
        self.steps += 1
        if np.isfinite(loss):
            self.losses.append(loss)
            self._before = inputs, targets
            return
        saved = '' if self.folder is None else ' The last batches are in %s.' % self._save(inputs, targets)
        raise NotFinite('the loss became %r in %s: %s.%s' % (loss, place, self._cause(inputs, targets), saved))

    def bad_gradient(self, place):
        """Returns the NotFinite of a step whose loss was finite and whose update made weights that are not."""
        saved = '' if self.folder is None else ' Its batch is in %s.' % self._save(*self._before)
        return NotFinite(
            'the weights are no finite numbers after %s, whose loss was %.4g: its gradient was none. Lower the '
            'learning rate, %.3g here, or in half precision the loss scale.%s' % (
                place, self.losses[-1], self.rate(self.steps), saved))

    def _save(self, inputs, targets):
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, 'bad_batch.npz')
        arrays = self._named(inputs, targets, '')
        if self._before is not None:
            arrays.update(self._named(*self._before, 'before_'))
        with atomic_path(path) as temporary, open(temporary, 'wb') as stream:
            np.savez(stream, **arrays)
        return path

    def _cause(self, inputs, targets):
        faults = batch_faults(inputs, targets, self.labels, self.rows, self.heads, self.unordered)
        if faults:
            return 'its batch is faulty: ' + '; '.join(faults)
        seen = ', '.join('%.3g' % loss for loss in self.losses)
        rate = self.rate(self.steps)
        if not self.losses:
            return ('it is the first one, so the weights or their gradients are no numbers from the start: are the '
                    'pretrained weights whole? (learning rate %.3g)' % rate)
        if len(self.losses) > 2 and self.losses[-1] > 2 * min(self.losses):
            return 'the losses before it had been rising (%s): lower the learning rate, %.3g here' % (seen, rate)
        return ('its batch is sound, so the gradient of the batch before is likely to have been none: lower the '
                'learning rate, %.3g here, or in half precision the loss scale (losses before: %s)' % (rate, seen))

    def _named(self, inputs, targets, prefix):
        arrays = {prefix + name: part for name, part in zip(('token_ids', 'segment_ids'), inputs)}
        arrays.update((prefix + name, part) for name, part in zip(self.heads, targets))
        return arrays


def batch_faults(inputs, targets, labels, rows, heads=HEADS, unordered=()):
    """Returns sentences about what in a batch no model can learn from.

    Arguments: inputs: [token ids (b, n), …]; 0 is padding. targets: arrays (b, G, 3) of (label, start, end), -1 where
        there is none, or with more behind them. labels: numbers of labels of the heads; targets that have none are not
        looked at. rows: int, tokens of the vocabulary. heads: names of the heads. unordered: those whose golds may have
        start > end.
    """
    tokens, faults = np.asarray(inputs[0]), []
    for row, column in np.argwhere((tokens < 0) | (tokens >= rows))[:3]:
        faults.append('text %d has the token %d at place %d, and the vocabulary %d tokens' % (
            row, tokens[row, column], column, rows))
    lengths = (tokens != 0).sum(-1)
    for name, cells, count in zip(heads, targets, labels):
        label, start, end = np.moveaxis(np.asarray(cells), -1, 0)[:3]
        wrong = (label >= count) | (np.minimum(start, end) < 0) | (np.maximum(start, end) >= lengths[:, None])
        wrong = (label >= 0) & (wrong | (start > end) & (name not in unordered))
        for row, place in np.argwhere(wrong)[:3]:
            faults.append('text %d (%d tokens) has a gold of the %s on an invalid cell: label %d of %d, %d to %d' % (
                row, lengths[row], name, label[row, place], count, start[row, place], end[row, place]))
    return faults


def zero_scores(history, predicted, report, load_report, epochs=3):
    """Returns lines that say why the dev F1 may still be 0, or none.

    They come once: when the first `epochs` epochs are done and none had an argument F1 above 0.

    Arguments:
        history: entries as `train` makes them. predicted: {label: how many arguments of it were predicted}. report:
        AlignmentReport of the training texts. load_report: what the checkpoint gave, or None.
    """
    scores = [entry['dev']['strict']['argument']['f1'] for entry in history if 'dev' in entry]
    if len(scores) != epochs or any(scores):
        return []
    total = sum(predicted.values())
    losses = ', '.join('%.4g' % entry['loss'] for entry in history)
    lines = ['argument F1 on the dev sentences is still 0 after %d epochs (losses: %s):' % (epochs, losses)]
    if total:
        most = sorted(predicted.items(), key=lambda item: -item[1])[:3]
        lines.append('  predicted: %d arguments, all wrong, most often %s' % (
            total, ', '.join('%d x %s' % (count, label) for label, count in most)))
    else:
        lines.append('  predicted: nothing at all; no score is above its threshold yet')
    lines.append('  gold of the training texts: %s' % report)
    if report.total and report.dropped > 0.1 * report.total:
        lines.append('  more than a tenth of the gold is lost in alignment: does the corpus fit the texts?')
    lines.append('  pretrained weights: %s' % ('none, the encoder began from random ones' if load_report is None
                                               else load_report))
    return lines
