"""The study of length extrapolation: windows of the same questions, the factor of the length, entropies."""

import csv

import numpy as np
import pytest

from studies import extrapolation
from studies.characters import FIRST, MASK

SIZES = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)


def random_weights(wrapper):
    random = np.random.RandomState(0)
    wrapper.model.set_weights([random.normal(0, 0.4, weight.shape) for weight in wrapper.model.get_weights()])


def test_questions_are_the_same_in_longer_windows():
    stream = np.random.RandomState(0).randint(4, 50, 600)
    asked = extrapolation.questions(stream, 8, np.random.RandomState(1))
    for length in (64, 128, 512):
        tokens, positions, wanted = extrapolation.seen_in(asked, length)
        assert tokens.shape == (512 // length, length) and wanted.shape == positions.shape
        assert (tokens.ravel() == asked[0].ravel()).all() and (wanted.ravel() == asked[2].ravel()).all()
        whole = tokens.copy()
        for row, places, there in zip(whole, positions, wanted):
            assert (there >= 0).sum() == 19 * (length // 64) == (row == MASK).sum()
            row[places[there >= 0]] = there[there >= 0]
        assert (whole.ravel() == stream[:512]).all()


def test_with_factor():
    """softmax_plus with larger queries is softmax at 64 tokens, and at 128 that of scores ln 128 / ln 64 as large."""
    one, other, watched = (extrapolation.encoder(kind, 30, 0, watched=watched, **SIZES)
                           for kind, watched in (('softmax', False), ('softmax_plus', False), ('softmax', True)))
    random_weights(one)
    extrapolation.with_factor(one, other)
    tokens = np.random.RandomState(1).randint(1, 30, (2, 128))
    first, second = (wrapper.model.predict_on_batch(tokens[:, :64]) for wrapper in (one, other))
    np.testing.assert_allclose(first, second, atol=2e-5)
    weights = one.model.get_weights()
    shapes = [weight.shape for weight in weights]
    assert shapes.count((16, 16)) == 8, 'q, k, v and output of two layers'
    for layer in (1, 7):  # the queries'
        weights[layer] = weights[layer] * (np.log(128) / np.log(64))
    watched.model.set_weights(weights)
    longer = other.model.predict_on_batch(tokens)
    np.testing.assert_allclose(watched.model.predict_on_batch(tokens), longer, atol=2e-5)
    assert np.abs(one.model.predict_on_batch(tokens) - longer).max() > 1e-2


def test_main(tmp_path, monkeypatch):
    """At 64 tokens the factor of the test is 1."""
    monkeypatch.setattr(extrapolation, 'LENGTHS', (64, 128))
    extrapolation.main(['--tasks', 'patterns', '--steps', '4', '--rows', '2', '--width', '8', '--layers', '1',
                        '--heads', '1', '--rate', '0.03', '--output', str(tmp_path)])  # fmt: skip
    for name in ('patterns', 'random'):
        assert (tmp_path / (name + '.png')).stat().st_size > 10000
    with open(str(tmp_path / 'patterns.csv')) as stream:
        rows = list(csv.DictReader(stream))
    assert [row['length'] for row in rows] == ['64', '128'] * 3
    plain, later = (next(row for row in rows if row['attention'] == name and row['length'] == '64')
                    for name in ('softmax', extrapolation.LATER))
    assert float(plain['cross-entropy']) == pytest.approx(float(later['cross-entropy']), rel=1e-4)


def test_real_text(shared_data):
    """Questions are of the dev texts, in which nothing is hidden that is no usual character."""
    options = type('Options', (), dict(kept=300, batch=3, rows=2))
    size, draw, asked = extrapolation.real_text(options)
    assert size == 300 and draw(np.random.RandomState(0))[0].shape == (3, 64) and asked[0].shape == (32, 64)
    assert asked[2].max() < 300 and (asked[2][asked[2] >= 0] >= FIRST).all()


def test_repeated_patterns():
    """A row of 1024 tokens repeats one pattern, so that what is hidden stands elsewhere in every longer window."""
    options = type('Options', (), dict(batch=3, rows=2))
    size, draw, asked = extrapolation.repeated_patterns(options)
    tokens, positions, wanted = extrapolation.seen_in(asked, 1024)
    assert tokens.shape == (2, 1024) and tokens.max() < size and draw(np.random.RandomState(0))[0].shape == (3, 64)
    for row, places, there in zip(tokens, positions, wanted):
        row = row.copy()
        row[places[there >= 0]] = there[there >= 0]
        assert any((row[period:] == row[:-period]).all() for period in range(2, 9))


def test_most_frequent():
    assert extrapolation.most_frequent((None, None, np.array([[7, 5, 7], [-1, 9, -1]]))) == 50.0
