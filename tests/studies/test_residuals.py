"""The study of residuals: products of Jacobians against closed forms and whole matrices, nets against numpy."""

import math

import numpy as np
import pytest

from studies import residual_growth as growth
from studies import residual_nets as nets
from studies import residuals

WIDTH = 4


def test_the_bound_is_the_articles():
    for layers, expected in ((10, 15.6), (100, 1.4e4), (1000, 3.3e13)):
        assert math.exp(growth.bound(layers**-0.5, layers)) == pytest.approx(expected, rel=0.02)
    assert math.exp(growth.expected(1000**-0.5, 1000)) == pytest.approx(math.sqrt(math.e), rel=1e-3)
    assert math.exp(growth.expected(1.0, 6)) == pytest.approx(8)


def test_one_dimension():
    """Each layer is a factor 1 + ε or 1 - ε; with adverse signs always the first."""
    found = growth.random_growth(0.5, 3, 1, 200)
    possible = [math.log(1.5**up * 0.5 ** (3 - up)) for up in range(4)]
    assert {int(np.argmin(np.abs(np.array(possible) - log))) for log in found} == {0, 1, 2, 3}
    assert max(min(abs(log - one) for one in possible) for log in found) < 1e-9
    assert growth.random_growth(0.5, 3, 1, 5, adverse=True) == pytest.approx(growth.bound(0.5, 3))


def test_directions_stand_for_matrices():
    """What is drawn in place of a matrix has the distribution of products of matrices."""
    random, logs = np.random.RandomState(1), []
    for _ in range(3000):
        v = np.eye(1, 3)
        for _ in range(4):
            v = v @ (np.eye(3) + 0.6 * growth.orthogonal(3, random))
        logs.append(math.log(np.linalg.norm(v)))
    found = growth.random_growth(0.6, 4, 3, 3000)
    assert growth.mean_square_root(found) == pytest.approx(growth.expected(0.6, 4), abs=0.04)
    assert np.percentile(found, [10, 50, 90]) == pytest.approx(np.percentile(logs, [10, 50, 90]), abs=0.06)


def test_the_same_jacobian_everywhere():
    found = growth.shared_growth(0.3, 7, 5, 3, seed=2)
    random = np.random.RandomState(2)
    for log in found:
        power = np.linalg.matrix_power(np.eye(5) + 0.3 * growth.orthogonal(5, random), 7)
        assert log == pytest.approx(math.log(np.linalg.norm(power[0])))
    many = growth.shared_growth(0.3, 12, 128, 8)
    assert growth.mean_square_root(many) == pytest.approx(growth.shared_theory(0.3, 12), abs=0.05)
    assert growth.shared_theory(0.5, 2) == pytest.approx(0.5 * math.log(1 + 4 * 0.5**2 + 0.5**4))


def test_adverse_signs_need_many_dimensions():
    for size in (2, 16, 128):
        found = growth.random_growth(0.1, 100, size, 60, adverse=True).mean()
        assert found == pytest.approx(growth.adverse_theory(0.1, 100, size), abs=0.1)


def twin(kind, blocks, matrices, x):
    """The last hidden vectors in float64."""
    residual, norm, _ = nets.KINDS[kind]
    for a, b in zip(*matrices[:2]):
        branch = np.maximum(x @ a, 0) @ b
        x = branch if residual is None else x + residual(blocks) * branch
        if norm:
            x = x - x.mean(-1, keepdims=True)
            x = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-7)
    return x


def twin_loss(hidden, head, wanted):
    logits = hidden @ head
    return float((np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(logits)), wanted[:, 0]]).mean())


def slopes(function, array, step=1e-6):
    """Central differences of function() by each number of `array`, which it reads."""
    found = np.zeros_like(array)
    for place in np.ndindex(*array.shape):
        kept, values = array[place], []
        for sign in (1, -1):
            array[place] = kept + sign * step
            values.append(function())
        array[place], found[place] = kept, (values[0] - values[1]) / (2 * step)
    return found


@pytest.mark.parametrize('kind', ['plain, orthogonal', 'residual, ε = 1, layer norm', 'residual, ε = 1/√N'])
def test_measured(kind):
    (found,) = nets.measured(kind, 3, WIDTH, [5], count=6)
    model, _, _ = nets.build(kind, 3, WIDTH)
    nets.initialise(model, kind, 5)
    first, second, head = matrices = [value.astype('float64') for value in model.get_weights()]
    x, wanted = nets.task(6, WIDTH, np.random.RandomState(5))
    x = x.astype('float64')
    hidden = twin(kind, 3, matrices, x)

    def loss():
        return twin_loss(twin(kind, 3, matrices, x), head, wanted)

    assert found.forward == pytest.approx(nets.rms(hidden) / nets.rms(x), rel=1e-4)
    start, end = slopes(loss, x), slopes(lambda: twin_loss(hidden, head, wanted), hidden)
    assert found.backward == pytest.approx(nets.rms(start) / nets.rms(end), rel=1e-2)
    of_blocks = sum((slopes(loss, each) ** 2).sum() for each in (first, second))
    assert found.squares == pytest.approx(of_blocks, rel=1e-2)
    # A small step changes the loss by -η‖∇‖², of the last layer too.
    everything = of_blocks + (slopes(loss, head) ** 2).sum()
    assert -found.large / nets.RATES[1] == pytest.approx(everything, rel=0.2)


def test_only_one_update_grows_with_depth():
    """Vectors and gradients of both keep their size; ‖∇‖² is 16 times as large in the plain net."""
    few, many = ({kind: nets.measured(kind, blocks, 16, [0])[0] for kind in ('plain, orthogonal', 'residual, ε = 1/√N')}
                 for blocks in (4, 64))
    plain, residual = 'plain, orthogonal', 'residual, ε = 1/√N'
    assert many[plain].forward == pytest.approx(1, rel=1e-3) and many[plain].backward == pytest.approx(1, rel=1e-3)
    assert 1 < many[residual].forward < 3 and 1 < many[residual].backward < 3
    assert 8 < many[plain].squares / few[plain].squares < 32
    assert 0.3 < many[residual].squares / few[residual].squares < 3


def test_training():
    found = nets.trained('residual, ε = 1/√N', 4, 16, [0, 1], [0.2, 1e6], 80)
    assert all(residuals.at_end(found[0.2, seed], 80) < residuals.CHANCE - 0.4 for seed in (0, 1))
    assert found[0.2, 0] != found[0.2, 1]
    broken = found[1e6, 0]
    assert len(broken) < 80 and not math.isfinite(broken[-1]) and residuals.at_end(broken, 80) == math.inf


def test_the_task_has_four_classes():
    x, wanted = nets.task(400, 8, np.random.RandomState(0))
    again, _ = nets.task(400, 8, np.random.RandomState(0))
    assert np.array_equal(x, again) and (np.bincount(wanted[:, 0], minlength=4) > 40).all()
