import pytest

from gplinker_kit.clue.classification import TextExample, mark_spans, read_classification
from gplinker_kit.errors import DataError
from tests.clue.folders import write_lines

pytestmark = pytest.mark.once

PHONE = {'target': {'span1_text': '手机', 'span1_index': 2, 'span2_text': '它', 'span2_index': 6},
         'text': '放下手机后，它响了', 'label': 'true', 'idx': 0}
LINES = {
    'iflytek': ({'label': '3', 'label_des': '租车', 'sentence': '一款租车软件'}, ('一款租车软件', None, '3')),
    'tnews': ({'label': '103', 'label_desc': 'news_sports', 'sentence': '某队夺冠', 'keywords': ''},
              ('某队夺冠', None, '103')),
    'afqmc': ({'sentence1': '怎么还款', 'sentence2': '如何还钱', 'label': '1'}, ('怎么还款', '如何还钱', '1')),
    'cmnli': ({'sentence1': '他在跑步', 'sentence2': '他在运动', 'label': 'entailment'},
              ('他在跑步', '他在运动', 'entailment')),
    'ocnli': ({'sentence1': '他在跑步', 'sentence2': '他在睡觉', 'label': 'neutral', 'label0': None, 'level': 'na'},
              ('他在跑步', '他在睡觉', 'neutral')),
    'wsc': (PHONE, ('放下_手机_后，[它]响了', None, 'true')),
    'csl': ({'id': 1, 'abst': '本文研究事件抽取。', 'keyword': ['事件', '抽取'], 'label': '1'},
            ('事件；抽取', '本文研究事件抽取。', '1')),
}


@pytest.mark.parametrize('task', LINES)
def test_one_line_of_each_task(tmp_path, task):
    line, (first, second, label) = LINES[task]
    path = write_lines(tmp_path / 'x.json', [line])
    name = line.get('id', line.get('idx', 0))
    assert read_classification(path, task) == [TextExample(name, first, second, label)]
    # a test file has no label, and one that it has nevertheless is not looked at
    path = write_lines(tmp_path / 'x.json', [dict(line, id='t', label=-1)])
    assert read_classification(path, task, labeled=False) == [TextExample('t', first, second, None)]


def test_lines_without_a_label_are_left_out(tmp_path):
    lines = [dict(LINES['ocnli'][0], id=number, label=label)
             for number, label in enumerate(['neutral', '-', 'neutral'])]
    path = write_lines(tmp_path / 'x.json', lines)
    for task in ('ocnli', 'cmnli'):
        assert [example.id for example in read_classification(path, task)] == [0, 2]
        assert len(read_classification(path, task, labeled=False)) == 3
    with pytest.raises(DataError, match="x.json:1: 'label' is 'neutral'"):
        read_classification(path, 'afqmc')
    path = write_lines(tmp_path / 'y.json', [dict(LINES['afqmc'][0], label='-')])
    with pytest.raises(DataError, match="y.json:1: 'label' is '-', which is none of the 2 known. Known: '0', '1'"):
        read_classification(path, 'afqmc')


@pytest.mark.parametrize('task, change, message', [
    ('iflytek', {'label': '119'}, "x.json:2: 'label' is '119', which is none of the 119 known. Did you mean '19'"),
    ('tnews', {'label': 3}, "x.json:2: expected 'label' as a string, got 3"),
    ('tnews', {'label': '105'}, "x.json:2: 'label' is '105'"),
    ('afqmc', {'sentence2': None}, "x.json:2: expected 'sentence2' as a string, got None"),
    ('csl', {'keyword': '事件'}, "x.json:2: expected 'keyword' as a list of keywords, got '事件'"),
    ('csl', {'keyword': ['事件', 3]}, r"x.json:2: keyword\[1\]: expected a keyword, a string, got 3"),
    ('wsc', {'target': dict(PHONE['target'], span1_text='电脑')},
     "x.json:2: target: span1_text, '电脑', does not occur in the text"),
    ('wsc', {'target': dict(PHONE['target'], span1_text='')}, "x.json:2: target: span1_text, '', does not occur"),
    ('wsc', {'target': {}}, "x.json:2: target: there is no 'span1_text'"),
])
def test_errors_name_file_and_line(tmp_path, task, change, message):
    line = LINES[task][0]
    path = write_lines(tmp_path / 'x.json', [line, dict(line, **change)])
    with pytest.raises(DataError, match=message):
        read_classification(path, task)


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="task must be one of classification, got 'c3'"):
        read_classification('x', 'c3')
    with pytest.raises(ValueError, match="unknown marks 'bracket'. Did you mean 'brackets'"):
        read_classification('x', 'wsc', marks='bracket')


def test_marks_of_wsc(tmp_path):
    shifted = dict(PHONE, target=dict(PHONE['target'], span1_index=0))  # the nearest 手机 is meant
    path = write_lines(tmp_path / 'x.json', [PHONE, shifted])
    texts = [example.first for example in read_classification(path, 'wsc', marks='brackets')]
    assert texts == ['放下[[手机]]后，[[它]]响了'] * 2


@pytest.mark.parametrize('spans, marked', [
    ([(0, 2), (3, 4)], '<ab>c(d)e'),
    ([(3, 4), (0, 2)], '(ab)c<d>e'),
    ([(0, 2), (2, 5)], '<ab>(cde)'),
    ([(2, 5), (0, 2)], '(ab)<cde>'),
    ([(0, 5), (1, 2)], '<a(b)cde>'),
    ([(0, 5), (0, 2)], '<(ab)cde>'),
    ([(0, 5), (3, 5)], '<abc(de)>'),
    ([(3, 5), (0, 5)], '(abc<de>)'),
])
def test_marks_around_spans(spans, marked):
    assert mark_spans('abcde', spans, (('<', '>'), ('(', ')'))) == marked
