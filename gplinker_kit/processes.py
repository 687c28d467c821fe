"""What the processes of a distributed training do together: equal beginnings, shares of the dev texts, one result.

Where there is one process (see `backend.distribute`) each function does what is left of it then.
"""

from __future__ import annotations

from gplinker_kit.backend import workers
from gplinker_kit.events.shares import collected, dealt


def share_weights(model):
    """Gives the model of every process the weights of the first."""
    team = workers()
    if team.processes > 1:
        weights = team.from_chief(model.get_weights)
        if not team.chief:
            model.set_weights(weights)


def extract_in_shares(extract, texts):
    """Returns `extract(texts)`, a list with one entry a text, of which each process makes its share."""
    team = workers()
    return collected(team.gather(extract(dealt(texts, team.processes, team.rank))))


def share_result(gplinker):
    """Gives the GPLinker of every process what that of the first has after a training."""
    team = workers()
    if team.processes == 1:
        return
    weights, kept, curves = team.from_chief(
        lambda: (gplinker.model.get_weights(), gplinker.kept(), gplinker.threshold_curves))
    if not team.chief:
        gplinker.model.set_weights(weights)
        gplinker.take_up(kept)
        gplinker.threshold_curves = curves


def check_alike(about):
    """Raises a ValueError in every process where one is about to train something else than the first.

    about: {what: value that compares}, such as a digest of the texts.
    """
    first, *others = workers().gather(about)
    for rank, other in enumerate(others, 1):
        different = [what for what in first if first[what] != other.get(what)]
        if different:
            raise ValueError('process %d of the training differs from the first in: %s; give all of them the same '
                             'options and files' % (rank, ', '.join(different)))
