import pytest

from gplinker_kit.clue.published import COLUMNS, OTHER_METRICS, PUBLISHED, Published
from gplinker_kit.clue.table import Result, make_table, mean_and_spread
from gplinker_kit.clue.tasks import TASKS

pytestmark = pytest.mark.once


def test_published_rows():
    assert set(COLUMNS) == set(TASKS) and set(OTHER_METRICS) < set(COLUMNS)
    assert all(set(row.scores) == set(COLUMNS) for row in PUBLISHED)
    assert [row.split for row in PUBLISHED] == ['test'] * 8 + ['dev'] * 5
    # the averages that go with them, rounded: over all tasks on test, without wsc on dev
    means = {(row.model, row.split): sum(row.scores.values()) / 11 for row in PUBLISHED}
    test = {model: round(mean, 2) for (model, split), mean in means.items() if split == 'test'}
    test.pop('BERT base (CLUE)')  # none is published with it
    assert test == {'BERT base': 72.46, 'RoBERTa base': 74.88, 'RoBERTa large': 76.39,
                    'RoFormer base': 74.27, 'RoFormerV2 small': 70.26, 'RoFormerV2 base': 76.09,
                    'RoFormerV2 large': 77.67}
    dev = {row.model: round((sum(row.scores.values()) - row.scores['wsc']) / 10, 2)
           for row in PUBLISHED if row.split == 'dev'}
    assert dev == {'BERT base': 70.85, 'RoBERTa base': 72.49, 'RoFormer base': 72.34,
                   'RoFormerV2 base, MLM only': 71.92, 'GAU-α base': 73.09}


def test_mean_and_spread():
    assert mean_and_spread([0.5]) == (0.5, None)
    mean, spread = mean_and_spread([0.2, 0.4, 0.9])
    assert mean == pytest.approx(0.5) and spread == pytest.approx(0.13 ** 0.5)
    with pytest.raises(ValueError, match='values is empty'):
        mean_and_spread([])


def test_a_table():
    published = [Published('A', 'test', {'tnews': 57.4, 'cmrc2018': 71.6}), Published('B', 'dev', {'cmrc2018': 56.17})]
    results = [Result('ours', 'test', 'tnews', (0.5,)), Result('a|b', 'dev', 'cmrc2018', (0.2, 0.4)),
               Result('ours', 'dev', 'tnews', (0.25,))]
    assert make_table(results, published) == '''\
| model | on | tnews | cmrc2018 |
| --- | --- | ---: | ---: |
| a\\|b | dev | – | 30.00 ± 14.14 |
| ours | dev | 25.00 | – |
| ours | test | 50.00 | – |
| published: B | dev | – | 56.17* |
| published: A | test | 57.40 | 71.60 |

\\* Not the official metric, but that of the scripts: cmrc2018: token positions equal to those of the first reference.
'''


def test_a_table_beside_all_that_is_published():
    text = make_table([Result('ours', 'dev', 'csl', (0.5, 0.6))])
    assert text.count('\n') == 3 + len(PUBLISHED) and '*' not in text
    assert '| published: GAU-α base | dev | 85.67 |' in text


@pytest.mark.parametrize('results, message', [
    ([], 'there are no results to print'),
    ([Result('m', 'train', 'csl', (0.5,))], "unknown split 'train'. Known: 'dev', 'test'"),
    ([Result('m', 'dev', 'cls', (0.5,))], "unknown task 'cls'. Did you mean 'csl'"),
    ([Result('m', 'dev', 'csl', (0.5,))] * 2, 'm has two results of csl on dev'),
    ([Result('m', 'dev', 'csl', ())], 'values is empty'),
])
def test_results_that_make_no_table(results, message):
    with pytest.raises(ValueError, match=message):
        make_table(results)
