"""Scores of predictions, from 0 to 1: one function for all eleven tasks."""

from __future__ import annotations

from collections import Counter

from gplinker_kit.clue.cluener_score import macro_f1, span_counts, type_counts
from gplinker_kit.clue.cmrc_score import answer_scores
from gplinker_kit.clue.tasks import ANSWER, CHOICE, CLASSIFICATION, ENTITIES, find_task


def score(task, examples, predictions):
    """Scores predictions of labeled examples with the official metric of their task.

    Arguments:
        task: name or Task. examples: list, as the task's reader returns it. predictions: one an example, in the same
            order (ids may repeat): a label of the task; the place of a choice (c3, chid); a string (cmrc2018); a list
            of Entity (cluener).
    Returns:
        {'accuracy'}, {'em', 'f1'} or {'macro_f1', 'micro_f1'} (the latter of spans), floats.
    Raises:
        ValueError: no examples, another number of predictions, an example without gold.
    """
    task = find_task(task)
    golds = [_GOLD[task.kind](example) for example in examples]
    if not golds:
        raise ValueError('there are no examples to score')
    if len(predictions) != len(golds):
        raise ValueError('expected a prediction for each of the %d examples, got %d' % (len(golds), len(predictions)))
    for number, gold in enumerate(golds):
        if gold is None:
            raise ValueError('examples[%d] (id %r) has no gold to score against' % (number, examples[number].id))
    if task.kind == ANSWER:
        em, f1 = zip(*(answer_scores([answer.text for answer in gold], prediction)
                       for gold, prediction in zip(golds, predictions)))
        return {'em': sum(em) / len(em), 'f1': sum(f1) / len(f1)}
    if task.kind == ENTITIES:
        counts = type_counts(task.labels, [example.text for example in examples], golds, predictions)
        return {'macro_f1': macro_f1(counts), 'micro_f1': span_counts(golds, predictions).f1}
    return {'accuracy': accuracy(golds, predictions)}


def accuracy(golds, predictions):
    """Returns the share of equal pairs of two lists of one length."""
    return sum(gold == predicted for gold, predicted in zip(golds, predictions)) / len(golds)


def majority(golds):
    """Returns (value, share) of the most frequent of `golds`, the first one of equals."""
    value, count = Counter(golds).most_common(1)[0]
    return value, count / len(golds)


_GOLD = {
    CLASSIFICATION: lambda example: example.label,
    CHOICE: lambda example: example.answer,
    ANSWER: lambda example: example.answers,
    ENTITIES: lambda example: example.entities,
}
