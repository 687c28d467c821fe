"""The study of gated units: equal sizes, what is trained on and how it is scored, tables and pictures of made runs."""

import argparse
import csv

import numpy as np
import pytest

from studies import common, gau
from tests.clue_corpus import write_corpus

SIZES = argparse.Namespace(width=64, blocks=1, key_size=24)


def test_sizes_are_equal():
    """N blocks have 12·d² weights each; two units have as many and two scales of a key each, within a per cent."""
    for width, key_size in ((64, 24), (96, 24), (128, 12)):
        units = gau.units_of(width, key_size)
        assert 3 * width * units + width * key_size == 6 * width**2
    found = {variant: gau.block_weights(gau.build(variant, SIZES, 50, 0)[0]) for variant in gau.VARIANTS}
    assert found['roformer_v2'] == 12 * 64**2
    assert found['gau_alpha'] == found['gau_xavier'] == 12 * 64**2 + 2 * 2 * 24
    assert abs(found['gau_alpha'] / found['roformer_v2'] - 1) < 0.01


def test_initialisations():
    """GAU-α's matrices shrink with depth, 1/√rows · L^(-1/3); Xavier's do not; another seed draws others."""
    first = {}
    for variant, deviation in (('gau_alpha', (1 / 64) ** 0.5 * 2 ** (-1 / 3)), ('gau_xavier', (2 / (64 + 120)) ** 0.5)):
        wrapper, _ = gau.build(variant, SIZES, 50, 0)
        kernel = wrapper.layers['Transformer-0-GatedAttentionUnit'].get_weights()[0]
        assert kernel.shape == (64, 2 * 120 + 24)
        assert kernel[:, :240].std() == pytest.approx(deviation, rel=0.05)
        first[variant] = kernel
    again, other = (gau.build('gau_xavier', SIZES, 50, seed)[0].layers['Transformer-0-GatedAttentionUnit'].get_weights()
                    for seed in (0, 1))
    np.testing.assert_array_equal(again[0], first['gau_xavier'])
    assert not np.allclose(other[0], first['gau_xavier'])


def test_batches():
    """Each row once in each round, hidden anew in the next; the same seed gives the same."""
    rows = np.arange(5, 45).reshape(10, 4).astype('int32')
    made = gau.batches(rows, 5, [0, 1, 2, 3, 4], 4, 0)
    rounds, masks = [], []
    for _ in range(2):
        both = [next(made) for _ in range(2)]
        whole = [np.where(tokens == 4, -1, tokens) for tokens, _, _ in both]
        for tokens, (_, positions, wanted) in zip(whole, both):
            np.put_along_axis(tokens, positions[:, :1], wanted[:, :1], 1)
        rounds.append(np.concatenate(whole))
        masks.append(np.concatenate([positions[:, 0] for _, positions, _ in both])[rounds[-1][:, 0].argsort()])
    for found in rounds:
        np.testing.assert_array_equal(found[found[:, 0].argsort()], rows)
    assert not np.array_equal(rounds[0], rounds[1]) and not np.array_equal(masks[0], masks[1])
    for one, other in zip(next(gau.batches(rows, 5, [4], 4, 1)), next(gau.batches(rows, 5, [4], 4, 1))):
        np.testing.assert_array_equal(one, other)


def test_held_out_loss():
    """The mean over hidden tokens, not over batches: against log-softmax in numpy, of two batches of unlike counts."""
    from studies.masked import hidden_crossentropy

    _, model = gau.build('roformer_v2', SIZES, 50, 0)
    model.compile(loss=hidden_crossentropy, optimizer='sgd')
    tokens = np.random.RandomState(0).randint(5, 50, (3, 8)).astype('int32')
    positions = np.array([[0, 3], [1, 2], [5, 0]], 'int32')
    wanted = np.array([[7, 9], [11, 30], [20, -1]], 'int32')
    logits = np.asarray(model.predict_on_batch([tokens, positions]), 'float64')
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    cells = [(0, 0, 7), (0, 1, 9), (1, 0, 11), (1, 1, 30), (2, 0, 20)]
    found = gau.held_out_loss(model, (tokens, positions, wanted), 2)
    assert found == pytest.approx(-np.mean([logs[cell] for cell in cells]), rel=1e-5)


def test_first_at():
    assert gau.first_at([10, 20, 30], [5.0, 4.0, 2.0], 3.0) == 25
    assert gau.first_at([10, 20, 30], [5.0, 4.0, 2.0], 6.0) == 10
    assert gau.first_at([10, 20, 30], [5.0, 4.0, 2.0], 1.0) is None
    assert gau.first_at([10, 20, 30, 40], [5.0, 3.0, 4.0, 3.0], 3.5) == pytest.approx(17.5), 'the first time'


def made_rows():
    """Two seeds, whose losses are 0.2 apart; GAU comes down by 2 in 100 steps of 20 ms, RoFormerV2 by 1 of 10 ms."""
    rows = []
    for variant, slope, seconds in (('roformer_v2', 1, 0.01), ('gau_alpha', 2, 0.02), ('gau_xavier', 0.5, 0.02)):
        rows += [(variant, 1e-3, seed, step, seconds * step, 6 + 0.2 * seed - slope * step / 100)
                 for seed in (0, 1) for step in (100, 200)]
    return rows


def test_table():
    header, (block, unit, xavier) = gau.table(made_rows(), dict.fromkeys(gau.VARIANTS, 1e-3),
                                              {variant: (1000, 10.0) for variant in gau.VARIANTS})
    assert len(header) == len(block) == len(unit) == len(xavier)
    assert block[1:] == ['1,000', '0.001', '10', '4.100 (4.000 … 4.200)', '4.100', '200, 2 s']
    assert unit[4:] == ['2.100 (2.000 … 2.200)', '4.100', '100, 2 s'], 'twice as good by steps, the same by time'
    assert xavier[4:] == ['5.100 (5.000 … 5.200)', '5.600', 'not reached']


def test_chosen_rates(monkeypatch):
    """Each model's own best rate, of shorter runs with another seed; never one that broke; one rate needs no trial."""
    options = argparse.Namespace(rates=[1e-3, 1e-2], steps=80)
    best = {('roformer_v2', 1e-3): 2.0, ('roformer_v2', 1e-2): 1.0, ('gau_alpha', 1e-3): 1.0, ('gau_alpha', 1e-2): 3.0,
            ('gau_xavier', 1e-3): 5.0, ('gau_xavier', 1e-2): float('nan')}

    def train_together(rates, seed, steps, options, text):
        assert (seed, steps) == (gau.TRIAL_SEED, 20)
        return [argparse.Namespace(rows=[(variant, rate, seed, steps, 1.0, best[variant, rate])])
                for variant, rate in rates.items()]

    monkeypatch.setattr(gau, 'train_together', train_together)
    rates, trials = gau.chosen_rates(options, None)
    assert rates == {'roformer_v2': 1e-2, 'gau_alpha': 1e-3, 'gau_xavier': 1e-3} and len(trials) == 6
    assert gau.chosen_rates(argparse.Namespace(rates=[3.0]), None) == (dict.fromkeys(gau.VARIANTS, 3.0), [])


def test_draw(tmp_path):
    gau.draw(made_rows(), [row for row in made_rows() if row[3] == 200], argparse.Namespace(unigram=6.0), str(tmp_path))
    assert (tmp_path / 'gau.png').stat().st_size > 10000


def test_main(tmp_path, monkeypatch, capsys):
    write_corpus(tmp_path, repeats=30)
    monkeypatch.setattr(common, 'DATA', str(tmp_path))
    gau.main('--width 32 --blocks 1 --key-size 6 --length 8 --batch 4 --tokens 12 --every 2 --steps 4 --rates 1e-3 '
             '--output'.split() + [str(tmp_path)])
    assert '| 2N × GAU, Xavier | 12,312 |' in capsys.readouterr().out
    with open(str(tmp_path / 'gau.csv')) as stream:
        rows = list(csv.DictReader(stream))
    assert [(row['variant'], row['step']) for row in rows] == [(variant, step) for variant in gau.VARIANTS
                                                               for step in '24']
    assert all(0 < float(row['held-out loss']) < 5 for row in rows)
    assert (tmp_path / 'gau.png').exists() and not (tmp_path / 'gau_trials.csv').exists()
    with pytest.raises(SystemExit):
        gau.main(['--key-size', '8'])
