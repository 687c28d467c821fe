"""The tasks that can be trained here, CLUE's eleven and DuIE, and what is done with the files of each.

A task is an object with no base. What a model and its training ask of it:

    name, kind, metric         kind: a key of `kinds.KINDS`; metric: the official one, a key of what `score` returns
    recipe, recipes            `clue.tasks.Recipe` as published; names for `task_recipe`, the published one first
    schema                     of relations, else None
    read(folder, split, version, options)
                               the examples of a split; options: of the task, see `kinds.task_options`
    score(examples, predictions)
                               {measure: 0 to 1} of examples with golds
"""

from __future__ import annotations

from gplinker_kit.clue import corpus, metrics, tasks
from gplinker_kit.errors import hint
from gplinker_kit.events.counts import Counts
from gplinker_kit.relations.corpus import find_files
from gplinker_kit.relations.duie import read_examples
from gplinker_kit.relations.official import score_official
from gplinker_kit.relations.schema import Example
from gplinker_kit.relations.strict import triple_counts

RELATIONS = 'relations'


class ClueTask(tasks.Task):
    """One of CLUE's tasks, equal to its entry in `clue.TASKS`."""

    __slots__ = ()
    recipes = ('adafactor', 'adamw')
    schema = None

    def read(self, folder, split, version=None, options=()):
        """See `clue.read_split`."""
        marks = {'marks': options['marks']} if 'marks' in options else {}
        return corpus.read_split(self, folder, split, version, **marks)

    def score(self, examples, predictions):
        """See `clue.score`."""
        return metrics.score(self, examples, predictions)


class DuieTask:
    """DuIE 1.0 or 2.0: triples of texts, see `gplinker_kit.relations`.

    Arguments: schema: Schema, whose objects tell the version; None where nothing is read and no model is made.
    """

    name, kind, metric = 'duie', RELATIONS, 'f1'
    recipe = tasks.Recipe(128, 64, 1, 20)
    recipes = ('adam', 'adamw')

    def __init__(self, schema=None):
        self.schema = schema

    def read(self, folder, split, version=None, options=()):
        """Returns a list of `relations.Example`; of train and dev those whose lines say what triples there are.

        Raises: DataError: as `relations.read_examples`; a file that is missing. ValueError: an unknown split, a
            version: DuIE's files have none.
        """
        if split not in corpus.SPLITS:
            raise ValueError('unknown split %r.%s' % (split, hint(split, corpus.SPLITS)))
        if version is not None:
            raise ValueError('duie has one test only, got version %r' % (version,))
        examples = read_examples(getattr(find_files(folder), split), self.schema)
        return [example for example in examples if split == 'test' or example.triples is not None]

    def score(self, examples, predictions):
        """Scores predictions, one `relations.Extraction` an example.

        Returns: {'f1', 'precision', 'recall', 'strict_f1'}: the first three are official.
        Raises: ValueError: no examples, another number of predictions, an example without golds.
        """
        if not examples:
            raise ValueError('there are no examples to score')
        if len(predictions) != len(examples):
            raise ValueError('expected a prediction for each of the %d examples, got %d'
                             % (len(examples), len(predictions)))
        found = [Example(example.text, one.triples) for example, one in zip(examples, predictions)]
        official = score_official(examples, found)
        strict = sum((triple_counts(one.triples, two.triples) for one, two in zip(examples, found)), Counts())
        return {'f1': official.f1, 'precision': official.precision, 'recall': official.recall, 'strict_f1': strict.f1}


def find_task(task, schema=None):
    """Returns the task of a name, of a `clue.Task`, or `task` itself where it is one of this module's.

    Arguments: schema: of relations, else None.
    Raises: ValueError: an unknown name.
    """
    if isinstance(task, (ClueTask, DuieTask)):
        return task
    if task == DuieTask.name:
        return DuieTask(schema)
    names = list(tasks.TASKS) + [DuieTask.name]
    if not isinstance(task, tasks.Task) and task not in names:
        raise ValueError('unknown task %r.%s' % (task, hint(task, names)))
    return ClueTask(*tasks.find_task(task))
