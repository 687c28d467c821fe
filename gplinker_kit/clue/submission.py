"""The files that are handed in to CLUE, and the archive `submit.zip` that holds them.

    iflytek, tnews, afqmc, cmnli, ocnli, wsc   lines {"id": "0", "label": "102"}, the label as in the data
    csl                                        the same
    c3                                         lines {"id": "0", "label": "2"}, the place of the choice
    chid                                       one object {"#idiom000378#": 3}
    cmrc2018                                   one object {id of the question: answer}
    cluener                                    lines {"text", "id", "label": {type: {entity: [[first, last]]}}}

Names of files are in `tasks.TASKS`; the server takes no others. The same predictions always give the same bytes.
"""

from __future__ import annotations

import json
import os

import numpy as np

from gplinker_kit.clue.cluener import label_of
from gplinker_kit.clue.tasks import ANSWER, CHOICE, CLASSIFICATION, ENTITIES, TASKS, find_submission, find_task
from gplinker_kit.errors import hint
from gplinker_kit.events.duee import dump_line
from gplinker_kit.files import atomic_write, write_archive

ARCHIVE = 'submit.zip'


def write_predictions(folder, task, examples, predictions, version=None):
    """Writes the predictions of one test file into `folder`, under the name that the task has for it.

    Arguments:
        folder: of the submission; is made. task: name or Task. examples: of the test file, as the reader returns them.
        predictions: one an example, in the same order, as `metrics.score` takes them. version: see `find_submission`.
    Returns:
        The path.
    Raises:
        ValueError: another number of predictions, a prediction that the task does not have, an id that comes twice.
    """
    task = find_task(task)
    name = find_submission(task, version).file
    if len(predictions) != len(examples):
        raise ValueError('expected a prediction for each of the %d examples, got %d'
                         % (len(examples), len(predictions)))
    _check_ids([example.id for example in examples])
    values = [_checked(task, example, prediction, number)
              for number, (example, prediction) in enumerate(zip(examples, predictions))]
    if task.kind == ANSWER or task.name == 'chid':
        text = json.dumps({example.id: value for example, value in zip(examples, values)}, ensure_ascii=False, indent=2)
    else:
        text = '\n'.join(dump_line(_line(task, example, value)) for example, value in zip(examples, values))
    os.makedirs(os.fspath(folder), exist_ok=True)
    path = os.path.join(os.fspath(folder), name)
    with atomic_write(path) as stream:
        stream.write(text + '\n')
    return path


def write_submission(folder):
    """Writes `submit.zip` into `folder`, of all the files of predictions that lie there.

    Returns: (path, names of the files that CLUE takes and that are not there).
    Raises: ValueError: none is there; it says which names were looked for.
    """
    folder = os.fspath(folder)
    names = [submission.file for task in TASKS.values() for submission in task.submissions]
    present = [name for name in names if os.path.isfile(os.path.join(folder, name))]
    if not present:
        raise ValueError('%s has no file of predictions; expected some of %s' % (folder, ', '.join(names)))
    members = {}
    for name in present:
        with open(os.path.join(folder, name), 'rb') as stream:
            members[name] = stream.read()
    path = os.path.join(folder, ARCHIVE)
    write_archive(path, members)
    return path, [name for name in names if name not in members]


def _line(task, example, value):
    if task.kind == ENTITIES:
        return {'text': example.text, 'id': example.id, 'label': label_of(example.text, value)}
    return {'id': str(example.id), 'label': str(value)}


def _check_ids(ids):
    seen = set()
    for number, name in enumerate(ids):
        if str(name) in seen:
            raise ValueError('examples[%d] has the id %r, as one before it; a submission needs ids of their own'
                             % (number, name))
        seen.add(str(name))


def _checked(task, example, value, number):
    """Returns a prediction that the task has, an int as Python's own."""
    place = 'predictions[%d]' % number
    if task.kind == CLASSIFICATION and value not in task.labels:
        raise ValueError('%s is %r, which is no label of %s.%s' % (place, value, task.name, hint(value, task.labels)))
    if task.kind == CHOICE:
        choices = example.candidates if task.name == 'chid' else example.choices
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < len(choices):
            raise ValueError('%s must be a place from 0 to %d, got %r' % (place, len(choices) - 1, value))
        return int(value)
    if task.kind == ANSWER and not isinstance(value, str):
        raise ValueError('%s must be a string, got %r' % (place, value))
    if task.kind == ENTITIES:
        for kind, start, end in value:
            if kind not in task.labels or not 0 <= start < end <= len(example.text):
                raise ValueError('%s has (%r, %r, %r), which is no entity of a text of %d characters.%s'
                                 % (place, kind, start, end, len(example.text), hint(kind, task.labels)))
    return value
