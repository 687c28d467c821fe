import pytest

from gplinker_kit.clue import C3Example, ChidExample, CmrcExample, Entity, NerExample, TextExample
from gplinker_kit.clue.cmrc2018 import Answer
from gplinker_kit.clue.metrics import majority, score
from gplinker_kit.clue.tasks import TASKS

pytestmark = pytest.mark.once

TEXTS = [TextExample(0, 'a', None, '100'), TextExample(0, 'b', None, '102'), TextExample(0, 'c', None, '102')]
C3 = [C3Example(0, 'p', 'q', ('a', 'b'), 1), C3Example(1, 'p', 'q', ('a', 'b', 'c'), 2)]
CHID = [ChidExample('#idiom00000%d#' % n, 0, '', tuple('abcdefghij'), n) for n in range(4)]
CMRC = [CmrcExample('a', '', '', (Answer('甲', 0), Answer('甲乙', 0))), CmrcExample('b', '', '', (Answer('丙', 0),))]
NER = [NerExample(0, '张三李四', (Entity('name', 0, 2), Entity('name', 2, 4)))]


@pytest.mark.parametrize('task, examples, predictions, expected', [
    ('tnews', TEXTS, ['100', '102', '100'], {'accuracy': 2 / 3}),  # ids repeat: by order
    ('c3', C3, [1, 0], {'accuracy': 1 / 2}),
    ('chid', CHID, [0, 1, 2, 0], {'accuracy': 3 / 4}),
    ('cmrc2018', CMRC, ['甲乙。', '丙丁'], {'em': 1 / 2, 'f1': (1 + 2 / 3) / 2}),
    ('cluener', NER, [[Entity('name', 0, 2)]], {'macro_f1': 2 / 3 / 10, 'micro_f1': 2 / 3}),
])
def test_each_kind(task, examples, predictions, expected):
    found = score(task, examples, predictions)
    assert found == pytest.approx(expected) and TASKS[task].metric in found


def test_what_cannot_be_scored():
    with pytest.raises(ValueError, match='there are no examples to score'):
        score('tnews', [], [])
    with pytest.raises(ValueError, match='expected a prediction for each of the 3 examples, got 2'):
        score('tnews', TEXTS, ['100', '102'])
    blind = [TEXTS[0], TextExample(7, 'b', None, None)]
    with pytest.raises(ValueError, match=r'examples\[1\] \(id 7\) has no gold to score against'):
        score('tnews', blind, ['100', '102'])


def test_the_majority():
    assert majority(['b', 'a', 'a', 'b', 'c']) == ('b', 2 / 5)
