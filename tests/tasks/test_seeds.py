"""Several trainings of one task: which is the best, what is written, and what cannot be."""

import json
from types import SimpleNamespace

import pytest

from gplinker_kit.clue import find_task
from gplinker_kit.tasks import seeds, task_recipe
from gplinker_kit.tasks.seeds import describe, read_results, train_seeds

pytestmark = pytest.mark.once

REACHED = {7: [0.5, 0.75, 0.75], 2: [0.25, 1.0, 0.5], 4: [1.0, 0.0, 0.0]}


@pytest.fixture
def asked(monkeypatch):
    """What `train` is called with; it stands for trainings that reach `REACHED`."""
    calls = []

    def train(model, examples, dev_examples, recipe, **options):
        calls.append((examples, dev_examples, recipe.seed, options))
        return [{'epoch': number, 'dev': {'accuracy': value}, 'seconds': 2.0}
                for number, value in enumerate(REACHED[recipe.seed], 1)]

    monkeypatch.setattr(seeds, 'train', train)
    return calls


def run(folder, numbers, lines):
    return train_seeds(
        lambda: SimpleNamespace(task=find_task('wsc')), lambda model: ['train'], lambda model: ['dev'],
        task_recipe('adafactor', 'wsc'), numbers, folder, 'ours', lines.append, resume=True)


def test_the_best_seed_and_the_file(asked, tmp_path):
    lines = []
    result, best = run(str(tmp_path), [7, 2, 4], lines)
    assert best == 2 and result == ('ours', 'dev', 'wsc', (0.75, 1.0, 1.0)) == read_results(str(tmp_path))
    assert [call[:3] for call in asked] == [(['train'], ['dev'], seed) for seed in (7, 2, 4)]
    assert asked[1][3]['save_to'] == str(tmp_path / 'seed-2') and asked[1][3]['resume'] is True
    results = json.loads((tmp_path / 'results.json').read_text())
    assert results['seeds']['7'] == {'accuracy': 0.75, 'epoch': 2, 'seconds': 6.0}
    assert lines == ['seed 7', 'seed 2', 'seed 4', 'dev accuracy 91.67 ± 14.43, 3 seeds']
    assert describe('em', [0.5]) == 'em 50.00'


@pytest.mark.parametrize('numbers', [[], [1, 1]])
def test_seeds_that_cannot_be(asked, tmp_path, numbers):
    with pytest.raises(ValueError, match='seeds must be integers, each once, got '):
        run(str(tmp_path), numbers, [])
    assert not asked
