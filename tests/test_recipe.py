"""Recipe: what is refused, and the learning rate."""

import pytest

from gplinker_kit.cli import common
from gplinker_kit.events.corpus import DUEE, DUEE_FIN
from gplinker_kit.recipe import SCALES, Recipe, scaled_rate


@pytest.mark.parametrize(
    'values, message',
    [
        ({'epochs': 0}, 'epochs must be at least 1, got 0'),
        ({'patience': 0}, 'patience must be at least 1, got 0'),
        ({'accumulate': 0}, 'accumulate must be at least 1, got 0'),
        ({'learning_rate': 0}, 'learning_rate must be positive, got 0'),
        ({'warmup': 1.5}, r'warmup must lie in \[0, 1\], got 1.5'),
        ({'exchange': -0.1}, r'exchange must lie in \[0, 1\], got -0.1'),
        ({'clipnorm': -1}, 'clipnorm must be positive or None, got -1'),
        ({'fgm': 0}, 'fgm must be positive or None, got 0'),
        ({'gradient_penalty': -1}, 'gradient_penalty must be positive or None, got -1'),
        ({'teacher_weight': 0}, 'teacher_weight must lie above 0 and up to 1 or be None, got 0'),
        ({'teacher_weight': 1.1}, 'teacher_weight must lie above 0 and up to 1 or be None, got 1.1'),
        ({'ema': 1}, 'ema must lie between 0 and 1 or be None, got 1'),
        ({'occurrences': 'nearst'}, "unknown occurrences 'nearst'. Did you mean 'nearest'"),
    ],
)
def test_a_bad_recipe_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**values)


def test_exchange_is_for_values_with_places():
    Recipe(exchange=0.3).check_corpus(DUEE)
    Recipe(occurrences='nearest').check_corpus(DUEE_FIN)
    with pytest.raises(ValueError, match='exchange must be 0 for the corpus duee-fin, got 0.3: the mentions of one'):
        Recipe(exchange=0.3).check_corpus(DUEE_FIN)


def test_the_rate_rises_and_falls():
    schedule = Recipe(learning_rate=1.0, warmup=0.1, final_rate=0.2).schedule(100)
    assert [schedule(step) for step in (5, 10, 55, 100)] == pytest.approx([0.5, 1.0, 0.6, 0.2])
    assert Recipe(learning_rate=1.0, warmup=1.0).schedule(1)(1) == pytest.approx(0.05)


def test_the_rate_of_larger_batches():
    assert [scaled_rate(1e-3, 4, scale) for scale in ('none', 'linear', 'sqrt')] == pytest.approx([1e-3, 4e-3, 2e-3])
    assert scaled_rate(1e-3, 1, 'linear') == 1e-3 and tuple(SCALES) == common.SCALES
    with pytest.raises(ValueError, match="unknown scale 'linaer' of the learning rate. Did you mean 'linear'"):
        scaled_rate(1e-3, 4, 'linaer')
