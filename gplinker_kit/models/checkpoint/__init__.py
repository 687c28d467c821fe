"""Checkpoints of any format: a reader, and a table of names that says what goes where.

* `source`: a path, folder or dict becomes a `Checkpoint` under the file's own names; beside it one module a format.
* `names`: the tables. `translation`: a `Checkpoint` under other names.
* `loading`: into a model. `writing`: out of it. `convert`: from file to file.
"""

from gplinker_kit.models.checkpoint.convert import ConvertReport, convert
from gplinker_kit.models.checkpoint.loading import LoadReport, load
from gplinker_kit.models.checkpoint.names import HEADS, NAME_SPACES, SLOTS
from gplinker_kit.models.checkpoint.source import Checkpoint, find_prefix, open_checkpoint
from gplinker_kit.models.checkpoint.translation import canonical
from gplinker_kit.models.checkpoint.writing import save

__all__ = [
    'Checkpoint', 'ConvertReport', 'HEADS', 'LoadReport', 'NAME_SPACES', 'SLOTS', 'canonical', 'convert',
    'find_prefix', 'load', 'open_checkpoint', 'save',
]  # fmt: skip
