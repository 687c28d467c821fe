"""The table of CLUE's eleven tasks: labels, files, names of submissions, and the published recipe."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from gplinker_kit.errors import hint

CLASSIFICATION, CHOICE, ANSWER, ENTITIES = 'classification', 'choice', 'answer', 'entities'


class Submission(NamedTuple):
    """A test file and the file that its predictions are handed in as; `version` is None where there is one only."""

    version: Optional[str]
    test: str
    file: str


class Recipe(NamedTuple):
    """How the published results were trained: tokens a text, examples a step, steps an update, epochs."""

    max_length: int
    batch_size: int
    accumulation: int
    epochs: int


class Task(NamedTuple):
    """One task.

    kind: 'classification' (a text or a pair), 'choice' (c3, chid), 'answer' (cmrc2018) or 'entities' (cluener).
    labels: as they stand in the files and in submissions; () for 'choice' and 'answer'.
    metric: the official one, a key of what `score` returns. train, dev: names of files, all of which are read.
    """

    name: str
    kind: str
    labels: Tuple[str, ...]
    metric: str
    train: Tuple[str, ...]
    dev: Tuple[str, ...]
    submissions: Tuple[Submission, ...]
    recipe: Recipe


def find_task(name):
    """Returns the Task of a name, or `name` itself if it is a Task. Raises ValueError for an unknown name."""
    if isinstance(name, Task):
        return name
    if name not in TASKS:
        raise ValueError('unknown task %r.%s' % (name, hint(name, TASKS)))
    return TASKS[name]


def find_submission(task, version=None):
    """Returns the Submission of a test version.

    version: '1.0' or '1.1' for the tasks with two; None where there is one only, or for the newest.
    Raises: ValueError for a version that the task has not.
    """
    task = find_task(task)
    if version is None:
        return task.submissions[-1]
    for submission in task.submissions:
        if submission.version == version:
            return submission
    known = [submission.version for submission in task.submissions if submission.version]
    raise ValueError('%s has %s, got version %r' % (
        task.name, 'the test versions ' + ' and '.join(known) if known else 'one test only', version))


def _classification(name, labels, train='train.json', submissions=None, epochs=10):
    submissions = submissions or (Submission(None, 'test.json', name + '_predict.json'),)
    return Task(name, CLASSIFICATION, tuple(labels), 'accuracy', (train,), ('dev.json',), submissions,
                Recipe(128, 32, 1, epochs))


def _two_tests(prefix, first, second):
    return (Submission('1.0', first, prefix + '10_predict.json'),
            Submission('1.1', second, prefix + '11_predict.json'))


_TRUTH = ('0', '1')
_INFERENCE = ('contradiction', 'entailment', 'neutral')
_ENTITY_TYPES = (
    'address', 'book', 'company', 'game', 'government', 'movie', 'name', 'organization', 'position', 'scene',
)
TASKS = {task.name: task for task in (
    _classification('iflytek', [str(code) for code in range(119)]),
    # 105 and 111 do not occur. A submission has these codes, not their places in the list.
    _classification('tnews', [str(code) for code in range(100, 117) if code not in (105, 111)],
                    submissions=_two_tests('tnews', 'test1.0.json', 'test.json')),
    _classification('afqmc', _TRUTH),
    _classification('cmnli', _INFERENCE),
    # The name without 50k scores 0.
    _classification('ocnli', _INFERENCE, 'train.50k.json',
                    (Submission(None, 'test.json', 'ocnli_50k_predict.json'),)),
    _classification('wsc', ('false', 'true'), epochs=30,
                    submissions=_two_tests('cluewsc', 'test1.0.json', 'test.json')),
    _classification('csl', _TRUTH),
    Task('cmrc2018', ANSWER, (), 'em', ('train.json',), ('dev.json',),
         (Submission(None, 'test.json', 'cmrc2018_predict.json'),), Recipe(512, 16, 2, 10)),
    Task('c3', CHOICE, (), 'accuracy', ('m-train.json', 'd-train.json'), ('m-dev.json', 'd-dev.json'),
         _two_tests('c3', 'test1.0.json', 'test1.1.json'), Recipe(512, 4, 4, 10)),
    Task('chid', CHOICE, (), 'accuracy', ('train.json',), ('dev.json',),
         _two_tests('chid', 'test1.0.json', 'test1.1.json'), Recipe(64, 12, 2, 5)),
    Task('cluener', ENTITIES, _ENTITY_TYPES, 'macro_f1', ('train.json',), ('dev.json',),
         (Submission(None, 'test.json', 'cluener_predict.json'),), Recipe(256, 32, 1, 10)),
)}
