"""The five kinds of tasks, and the options of a task.

A kind is a class with no base. What a model and its training ask of it:

    outputs(hidden, initializer) the head: hidden states (b, n, e) -> a tensor, or a list of several
    loss()                       of that tensor and `targets`; a list of as many
    items(examples, tokenizer, max_length)
                                 what goes into batches, an item an example or several, and words about them
    length(item)                 tokens of its longest row
    rows(items, width)           int32 (b, width), or several rows an item
    targets(items, width)        of items with golds; a list where there are several outputs
    read(items, scores)          what is kept of the scores of a batch, one an item; scores is a list likewise
    predictions(examples, items, readings)
                                 one an example, as the task scores them and they are handed in
    heads, gold_labels, unordered
                                 of `health.LossWatch`
"""

from __future__ import annotations

from gplinker_kit.clue.classification import MARKS
from gplinker_kit.clue.tasks import ANSWER, CHOICE, CLASSIFICATION, ENTITIES
from gplinker_kit.errors import check_keywords, hint
from gplinker_kit.tasks.answer import Answer
from gplinker_kit.tasks.choice import Choice
from gplinker_kit.tasks.classification import Classification
from gplinker_kit.tasks.corpora import RELATIONS
from gplinker_kit.tasks.entities import Entities
from gplinker_kit.tasks.relations import Relations
from gplinker_kit.tasks.tagged_entities import CRF, TaggedEntities

# Those of RoFormerV2's scripts, whose vocabulary has neither the underscore nor [unused1].
DEFAULTS = {'wsc': {'marks': 'brackets'}, 'chid': {'layout': 'inserted'}, 'cmrc2018': Answer.OPTIONS,
            'cluener': Entities.OPTIONS, 'duie': Relations.OPTIONS}


def entities(task, options):
    """Returns the kind of cluener that its options ask for."""
    return (TaggedEntities if options['pointer'] == CRF else Entities)(task, options)


KINDS = {CLASSIFICATION: Classification, CHOICE: Choice, ANSWER: Answer, ENTITIES: entities, RELATIONS: Relations}


def task_options(task, options):
    """Returns all options of a Task: those given, and defaults.

    wsc: marks, see `clue.read_split`. chid: layout, see `clue.chid_features`. cmrc2018: stride, head_size. cluener:
    pointer, head_size, or with the pointer 'crf' crf_rate. duie: occurrences, stride, head_size. The other tasks have
    none.
    Raises: ValueError: an option that the task has not.
    """
    known, name = DEFAULTS.get(task.name, {}), 'the task %s' % task.name
    if task.kind == ENTITIES and 'pointer' in options:
        name += ' with the pointer %s' % options['pointer']
        known = TaggedEntities.OPTIONS if options['pointer'] == CRF else known
    check_keywords(options, known, name)
    options = dict(known, **options)
    if options.get('marks', 'brackets') not in MARKS:
        raise ValueError('unknown marks %r.%s' % (options['marks'], hint(options['marks'], MARKS)))
    return options
