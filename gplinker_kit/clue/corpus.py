"""A task's folder: the files of a split, read by the reader of the task."""

from __future__ import annotations

import os

from gplinker_kit.clue.c3 import read_c3
from gplinker_kit.clue.chid import read_chid
from gplinker_kit.clue.classification import read_classification
from gplinker_kit.clue.cluener import read_cluener
from gplinker_kit.clue.cmrc2018 import read_cmrc2018
from gplinker_kit.clue.tasks import CLASSIFICATION, find_submission, find_task
from gplinker_kit.errors import hint

SPLITS = ('train', 'dev', 'test')
_READERS = {'c3': read_c3, 'chid': read_chid, 'cmrc2018': read_cmrc2018, 'cluener': read_cluener}


def split_files(task, folder, split, version=None):
    """Returns the paths of a split's files: several for c3, else one.

    Arguments: version: that of the test, see `find_submission`.
    Raises: ValueError: an unknown task, split or version.
    """
    task = find_task(task)
    if split not in SPLITS:
        raise ValueError('unknown split %r.%s' % (split, hint(split, SPLITS)))
    if split != 'test' and version is not None:
        raise ValueError('version is that of a test, got %r for %s' % (version, split))
    names = (find_submission(task, version).test,) if split == 'test' else getattr(task, split)
    return [os.path.join(os.fspath(folder), name) for name in names]


def read_split(task, folder, split, version=None, marks='underscore'):
    """Reads the examples of a split, those of all its files; a test split without labels.

    Arguments:
        task: name or Task. folder: of the task's files. split: 'train', 'dev' or 'test'.
        version: of the test, see `find_submission`.
        marks: what stands around the spans of wsc, see `read_classification`.
    Returns:
        list of TextExample, C3Example, ChidExample, CmrcExample or NerExample.
    Raises:
        DataError: as the reader; a file that is missing is named. ValueError: as `split_files`.
    """
    task = find_task(task)
    examples = []
    for path in split_files(task, folder, split, version):
        if task.kind == CLASSIFICATION:
            examples += read_classification(path, task, split != 'test', marks)
        else:
            examples += _READERS[task.name](path, split != 'test')
    return examples
