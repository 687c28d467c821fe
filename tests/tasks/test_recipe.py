"""The recipes: what is in the optimizers, their rates, and numbers that cannot be."""

import pytest

from gplinker_kit.optimizers import AdaFactor, Adam
from gplinker_kit.tasks import TaskRecipe, task_recipe
from tests.models.tiny import build


def test_as_published():
    recipe = task_recipe('adafactor', 'cmrc2018')
    assert recipe == TaskRecipe('adafactor', 10, 16, 2, 5e-4)
    optimizer = task_recipe('adafactor', 'tnews').make_optimizer(build('roformer_v2').model, 100)
    assert type(optimizer) is AdaFactor
    config = optimizer.get_config()
    assert config['beta1'] == 0.9 and config['min_dim_size_to_factor'] == 10**6
    assert recipe.schedule(100)(1) == recipe.schedule(100)(100) == 5e-4
    assert recipe.make_optimizer(build('roformer_v2').model, 100).get_config()['grad_accum_steps'] == 2


def test_adamw():
    recipe = task_recipe('adamw', 'c3', epochs=3, batch_size=None)
    assert (recipe.epochs, recipe.batch_size, recipe.accumulate, recipe.learning_rate) == (3, 4, 4, 2e-5)
    assert task_recipe('adamw', 'c3', scratch=True).learning_rate == 5e-4
    rates = [recipe.schedule(200)(step) for step in (1, 20, 110, 200)]
    assert rates == pytest.approx([1e-6, 2e-5, 1e-5, 0])
    config = recipe.make_optimizer(build('roformer').model, 100).get_config()
    assert config['weight_decay_rate'] == 0.01 and config['exclude_from_weight_decay'] == ['Norm', 'bias']
    held = task_recipe('adamw', 'c3', warmup=0.5, decay=False).schedule(10)
    assert [held(step) for step in (1, 5, 10)] == pytest.approx([4e-6, 2e-5, 2e-5])


def test_adam_of_duie():
    recipe = task_recipe('adam', 'duie')
    assert recipe == TaskRecipe('adam', 20, 64, 1, 2e-5) and recipe.schedule(100)(1) == recipe.schedule(100)(100)
    assert task_recipe('adam', 'duie', scratch=True).learning_rate == 5e-4
    optimizer = recipe.make_optimizer(build('roformer_v2').model, 100)
    assert type(optimizer) is Adam and 'weight_decay_rate' not in optimizer.get_config()
    assert task_recipe('adamw', 'duie').weight_decay == 0.01


@pytest.mark.parametrize('changes, message', [
    ({'name': 'adafactor', 'task': 'duie'}, "unknown recipe 'adafactor'"),
    ({'name': 'adam'}, "unknown recipe 'adam'. Did you mean 'adamw'"),
    ({'task': 'tnew'}, "unknown task 'tnew'. Did you mean 'tnews'"),
    ({'epoch': 3}, "task_recipe got an unknown keyword argument 'epoch'. Did you mean 'epochs'"),
    ({'epochs': 0}, 'epochs must be at least 1, got 0'),
    ({'learning_rate': 0}, 'learning_rate must be positive, got 0'),
    ({'warmup': 1.5}, r'warmup must lie in \[0, 1\], got 1.5'),
    ({'weight_decay': 0.1}, 'weight_decay is that of adamw, at least 0; got 0.1 for adafactor'),
    ({'clipnorm': 0}, 'clipnorm must be positive or None, got 0'),
    ({'optimizer': 'sgd'}, "unknown optimizer 'sgd'"),
])
def test_numbers_that_cannot_be(changes, message):
    arguments = dict({'name': 'adafactor', 'task': 'tnews'}, **changes)
    with pytest.raises(ValueError, match=message):
        task_recipe(**arguments)
