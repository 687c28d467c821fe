"""CLUE's eleven tasks: files, features, decoding, official scores and submissions. numpy only, no training.

    task = find_task('tnews')
    examples = read_split(task, folder, 'dev')
    features = text_features(examples, tokenizer, task.recipe.max_length, task.labels)
    predictions = best_labels(scores, task.labels)           # scores: of any model, (N, 15)
    score(task, examples, predictions)                       # {'accuracy': 0.56}
    write_predictions(output, task, test_examples, test_predictions, version='1.1')

The kind of a task decides on its features and its decoder:

    classification  text_features                  best_labels
    choice          c3_features, chid_features     best_choices, assign_idioms
    answer          answer_features                read_window, then best_answers
    entities        entity_features                dense_cells, then entities_of
"""

from gplinker_kit.clue.c3 import C3Example, read_c3
from gplinker_kit.clue.chid import ChidExample, read_chid
from gplinker_kit.clue.choice_features import ChoiceFeatures, Choices, c3_features, chid_features, pad_choices
from gplinker_kit.clue.classification import TextExample, read_classification
from gplinker_kit.clue.cluener import Entity, NerExample, read_cluener
from gplinker_kit.clue.cmrc2018 import Answer, CmrcExample, read_cmrc2018
from gplinker_kit.clue.corpus import read_split, split_files
from gplinker_kit.clue.decoding import (
    assign_idioms,
    best_answers,
    best_choices,
    best_labels,
    dense_cells,
    entities_of,
    read_window,
)
from gplinker_kit.clue.features import TextFeatures, pad_rows, text_features
from gplinker_kit.clue.metrics import majority, score
from gplinker_kit.clue.published import PUBLISHED
from gplinker_kit.clue.span_features import SpanFeatures, SpanRow, answer_features, entity_features
from gplinker_kit.clue.submission import write_predictions, write_submission
from gplinker_kit.clue.table import Result, make_table, mean_and_spread
from gplinker_kit.clue.tasks import TASKS, Task, find_submission, find_task

__all__ = [
    'C3Example', 'read_c3',
    'ChidExample', 'read_chid',
    'ChoiceFeatures', 'Choices', 'c3_features', 'chid_features', 'pad_choices',
    'TextExample', 'read_classification',
    'Entity', 'NerExample', 'read_cluener',
    'Answer', 'CmrcExample', 'read_cmrc2018',
    'read_split', 'split_files',
    'assign_idioms', 'best_answers', 'best_choices', 'best_labels', 'dense_cells', 'entities_of', 'read_window',
    'TextFeatures', 'pad_rows', 'text_features',
    'majority', 'score',
    'PUBLISHED',
    'SpanFeatures', 'SpanRow', 'answer_features', 'entity_features',
    'write_predictions', 'write_submission',
    'Result', 'make_table', 'mean_and_spread',
    'TASKS', 'Task', 'find_submission', 'find_task',
]
