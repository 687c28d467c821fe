import pytest

from gplinker_kit.clue.tasks import TASKS, find_submission, find_task

pytestmark = pytest.mark.once

# task: (train, dev, {version: (test file, submission)}), as CLUE has them
FILES = {
    'iflytek': ('train', 'dev', {None: ('test', 'iflytek_predict')}),
    'tnews': ('train', 'dev', {'1.0': ('test1.0', 'tnews10_predict'), '1.1': ('test', 'tnews11_predict')}),
    'afqmc': ('train', 'dev', {None: ('test', 'afqmc_predict')}),
    'cmnli': ('train', 'dev', {None: ('test', 'cmnli_predict')}),
    'ocnli': ('train.50k', 'dev', {None: ('test', 'ocnli_50k_predict')}),
    'wsc': ('train', 'dev', {'1.0': ('test1.0', 'cluewsc10_predict'), '1.1': ('test', 'cluewsc11_predict')}),
    'csl': ('train', 'dev', {None: ('test', 'csl_predict')}),
    'cmrc2018': ('train', 'dev', {None: ('test', 'cmrc2018_predict')}),
    'c3': ('m-train d-train', 'm-dev d-dev', {'1.0': ('test1.0', 'c310_predict'), '1.1': ('test1.1', 'c311_predict')}),
    'chid': ('train', 'dev', {'1.0': ('test1.0', 'chid10_predict'), '1.1': ('test1.1', 'chid11_predict')}),
    'cluener': ('train', 'dev', {None: ('test', 'cluener_predict')}),
}


def test_the_names_of_files():
    assert list(TASKS) == list(FILES)
    for name, (train, dev, tests) in FILES.items():
        task = TASKS[name]
        assert task.name == name
        assert ' '.join(task.train).replace('.json', '') == train and ' '.join(task.dev).replace('.json', '') == dev
        assert {one.version: (one.test[:-5], one.file[:-5]) for one in task.submissions} == tests
        assert all(one.test.endswith('.json') and one.file.endswith('.json') for one in task.submissions)


def test_labels():
    counts = {name: len(task.labels) for name, task in TASKS.items()}
    assert counts == {'iflytek': 119, 'tnews': 15, 'afqmc': 2, 'cmnli': 3, 'ocnli': 3, 'wsc': 2, 'csl': 2,
                      'cmrc2018': 0, 'c3': 0, 'chid': 0, 'cluener': 10}
    assert TASKS['tnews'].labels == ('100', '101', '102', '103', '104', '106', '107', '108', '109', '110', '112', '113',
                                     '114', '115', '116')
    assert TASKS['iflytek'].labels[0] == '0' and TASKS['iflytek'].labels[-1] == '118'


def test_the_recipe_is_the_published_one():
    assert {name: tuple(task.recipe) for name, task in TASKS.items()} == dict(
        dict.fromkeys(['iflytek', 'tnews', 'afqmc', 'cmnli', 'ocnli', 'csl'], (128, 32, 1, 10)),
        wsc=(128, 32, 1, 30), cmrc2018=(512, 16, 2, 10), c3=(512, 4, 4, 10), chid=(64, 12, 2, 5),
        cluener=(256, 32, 1, 10))


def test_finding():
    assert find_task('csl') is find_task(TASKS['csl']) is TASKS['csl']
    assert find_submission('tnews').version == '1.1' and find_submission('tnews', '1.0').file == 'tnews10_predict.json'
    assert find_submission('csl').file == 'csl_predict.json'
    with pytest.raises(ValueError, match="unknown task 'cmrc'. Did you mean 'cmrc2018'"):
        find_task('cmrc')
    with pytest.raises(ValueError, match="tnews has the test versions 1.0 and 1.1, got version '2'"):
        find_submission('tnews', '2')
    with pytest.raises(ValueError, match="csl has one test only, got version '1.0'"):
        find_submission('csl', '1.0')
