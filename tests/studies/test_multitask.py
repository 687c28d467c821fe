"""The study of several tasks: targets by a loop, the loss by hand, what a ratio reaches, and what it does not."""

import csv
import functools
from types import SimpleNamespace

import numpy as np
import pytest

from studies import multitask


def test_rows_by_a_loop():
    tokens, (before, same, behind) = multitask.rows(5, (-3, 0, 2), np.random.RandomState(0))
    assert tokens.shape == (5, multitask.LENGTH) and tokens.min() == 1 and tokens.max() == multitask.VOCABULARY
    for targets, shift in ((before, -3), (same, 0), (behind, 2)):
        for row, found in zip(tokens.tolist(), targets.tolist()):
            assert found == [row[i + shift] if 0 <= i + shift < len(row) else -1 for i in range(len(row))]


def test_wrong_targets():
    tokens, (before, behind) = multitask.rows(200, (-3, 3), np.random.RandomState(0), wrong=0.2)
    share = 0.2 * (1 - 1 / multitask.VOCABULARY)  # a random token may be the right one
    assert np.mean(before[:, 3:] != tokens[:, :-3]) == pytest.approx(share, abs=0.02)
    assert np.mean(behind[:, :-3] != tokens[:, 3:]) == pytest.approx(share, abs=0.02)
    assert (before[:, :3] == -1).all() and (behind[:, -3:] == -1).all()


@functools.lru_cache(maxsize=None)
def steps(way, ratio, count=2):
    """How far the weights of each head went in so many steps, all weights, and the loss of each step."""
    model = multitask.compiled(multitask.build(2, 0, 8, blocks=1), way, ratio, 1e-2)
    heads = [model.get_layer('Task-%d' % task) for task in range(2)]
    old = [head.get_weights()[0] for head in heads]
    random = np.random.RandomState(1)
    losses = []
    for _ in range(count):
        tokens, targets = multitask.rows(4, multitask.PAIR, random)
        losses.append(float(np.ravel(model.train_on_batch([tokens], targets))[0]))
    ways = [np.abs(head.get_weights()[0] - before).max() for head, before in zip(heads, old)]
    return ways, multitask.flat(model), losses


def test_the_ratio_counts_for_the_last_task_only():
    ways, _, losses = steps('plain', 0.0)
    assert ways[0] > 0 and ways[1] == 0
    first, both, many = (steps(*key)[2][0] for key in (('plain', 0.0), ('normalised', 1.0), ('plain', 64.0)))
    assert both > 1.5 * first and many - first == pytest.approx(64 * (both - first), rel=1e-4)


def test_normalised_steps_are_the_same_for_every_ratio_and_plain_ones_are_others():
    one, many = (steps('normalised', ratio)[1] for ratio in (1.0, 64.0))
    np.testing.assert_allclose(one, many, atol=1e-5)
    assert np.abs(many - steps('plain', 64.0)[1]).max() > 1e-4


def test_accuracies():
    tokens, targets = multitask.rows(3, (0, 1), np.random.RandomState(0))
    logits = np.eye(multitask.VOCABULARY + 1)[tokens]  # guesses the token itself
    model = SimpleNamespace(predict_on_batch=lambda inputs: [logits, logits])
    first, second = multitask.accuracies(model, tokens, targets)
    assert first == 1 and second == np.mean(tokens[:, :-1] == tokens[:, 1:])


def test_numbers():
    curve = [(10, 0.5, 0.95), (20, 0.9, 0.8), (30, 0.2, 1.0)]
    assert multitask.steps_to_learn(curve) == 20 and multitask.steps_to_learn(curve, 1) == 10
    assert multitask.steps_to_learn(curve[:1]) is None
    assert multitask.apart(np.array([3.0, 4.0]), np.array([3.0, 1.0]), np.array([2.0, 1.0])) == 3
    assert multitask.told([3, 1, 2]) == '2 (1 … 3)' and multitask.told([None, None]) == 'never'
    assert multitask.told([3, None]) == 'never in 1 of 2'


def test_report(tmp_path, capsys):
    """Of made-up curves: medians of the seeds, and what was never learned."""
    options = SimpleNamespace(ratios=[1.0, 4.0], seeds=[0, 1, 2], steps=20, output=str(tmp_path))
    curves, ends = {}, []
    for name, way, ratio, shifts, _ in multitask.experiments(options):
        for seed in options.seeds:
            scores = [0.95 if way == 'normalised' or ratio == 1 else 0.1 * seed, 1.0][:len(shifts)]
            curve = [(10, *[score / 2 for score in scores]), (20, *scores)]
            curves[name, way, ratio, seed] = curve
            learned = [multitask.steps_to_learn(curve, task) for task in range(len(shifts))]
            ends.append([name, way, ratio, seed] + [values[k] if k < len(values) else '' for values in (scores, learned)
                                                    for k in (0, 1)] + [0.5 if name == 'pair' else '', 7.0 + seed])
    multitask.report(curves, ends, options)
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.split('\n')]
    assert ['pair', 'plain', '4', '0.1 (0 … 0.2)', '1 (1 … 1)', 'never', '20 (20 … 20)', '0.5 (0.5 … 0.5)',
            '8 (7 … 9)'] in lines
    assert ['alone', 'plain', '1', '0.95 (0.95 … 0.95)', '', '20 (20 … 20)', '', '', '8 (7 … 9)'] in lines
    assert (tmp_path / 'multitask.png').stat().st_size > 10000
    with open(str(tmp_path / 'ends.csv'), encoding='utf-8') as stream:
        assert len(list(csv.DictReader(stream))) == 3 * (1 + 2 * 2 + 1 + 2)
    with open(str(tmp_path / 'curves.csv'), encoding='utf-8') as stream:
        assert len(list(csv.DictReader(stream))) == 2 * 3 * (1 + 2 * 2 + 1 + 2)
