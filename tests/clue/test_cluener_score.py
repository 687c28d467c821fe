import random

import pytest

from gplinker_kit.clue.cluener import Entity, label_of
from gplinker_kit.clue.cluener_score import macro_f1, span_counts, type_counts
from gplinker_kit.clue.tasks import TASKS
from gplinker_kit.events.counts import Counts

pytestmark = pytest.mark.once

TYPES = TASKS['cluener'].labels


def official(labels, predictions):
    """The published program's loops, on {type: {entity: places}}."""
    values = []
    for kind in TYPES:
        right = wrong = missed = 0
        for gold, predicted in zip(labels, predictions):
            gold, predicted = gold.get(kind, {}), predicted.get(kind, {})
            for entity in predicted:
                if entity in gold:
                    right += 1
                else:
                    wrong += 1
            missed += sum(entity not in predicted for entity in gold)
        precision = right / (right + wrong) if right + wrong else 0
        recall = right / (right + missed) if right + missed else 0
        values.append(2 * precision * recall / (precision + recall) if precision + recall else 0)
    return sum(values) / len(values)


def test_worked_by_hand():
    texts = ['张三和张三在甲公司', '李四']
    golds = [[Entity('name', 0, 2), Entity('name', 3, 5), Entity('company', 6, 9)], [Entity('name', 0, 2)]]
    found = [[Entity('name', 3, 5), Entity('company', 7, 9)], [Entity('name', 0, 2), Entity('book', 0, 2)]]
    counts = type_counts(TYPES, texts, golds, found)
    assert counts['name'] == Counts(2, 2, 2)  # 张三 once, whichever of the two was found
    assert counts['company'] == Counts(0, 1, 1) and counts['book'] == Counts(0, 1, 0) and counts['game'] == Counts()
    assert macro_f1(counts) == pytest.approx(0.1)  # one of ten types is right
    assert span_counts(golds, found) == Counts(2, 4, 4)


def test_agrees_with_the_published_loops():
    generator = random.Random(1)
    for _ in range(30):
        texts = [''.join(generator.choices('甲乙', k=8)) for _ in range(6)]
        golds, found = ([[Entity(generator.choice(TYPES), start, start + generator.randint(1, 2))
                          for start in generator.sample(range(7), generator.randint(0, 5))] for _ in texts]
                        for _ in range(2))
        found = [generator.choice([gold, other, gold + other]) for gold, other in zip(golds, found)]
        expected = official(*([label_of(text, entities) for text, entities in zip(texts, side)]
                              for side in (golds, found)))
        assert macro_f1(type_counts(TYPES, texts, golds, found)) == pytest.approx(expected, abs=1e-12)
