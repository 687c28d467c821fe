"""Pictures of matrices: what is drawn is what was given."""

from unittest import mock

import numpy as np
import pytest

from gplinker_kit import map_plots
from gplinker_kit.drawing import text_font
from gplinker_kit.events.confusion import NONE, Confusion
from gplinker_kit.maps import ScoreMaps

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings('ignore:no font', 'ignore:Glyph')]
TOKENS = list('abc')


def drawn(function, *arguments, **options):
    """Returns the Figure that a function makes in place of writing it."""
    with mock.patch.object(map_plots, 'save') as save:
        function(*arguments, 'no file', **options)
    return save.call_args[0][0]


def matrices(figure):
    return [np.ma.filled(axes.images[0].get_array().astype(float), np.nan) for axes in figure.axes if axes.images]


def test_score_maps():
    scores = np.where(np.tri(3, k=-1), np.nan, np.array([[9.0, -2, 3], [0, -50, 1], [0, 0, 2]]))
    figure = drawn(map_plots.plot_scores, ScoreMaps(TOKENS, scores, scores - 1, scores, (1.0, 0.0, 5.0)), 'x/y')
    first, second, third = matrices(figure)
    np.testing.assert_array_equal(first, [[8, -3, 2], [np.nan, -10, 0], [np.nan, np.nan, 1]])
    np.testing.assert_array_equal(third[0], [4, -7, -2])
    rings = [axes.collections[0].get_offsets().tolist() for axes in figure.axes[:3]]
    assert rings == [[[0, 0], [2, 0], [2, 2]], [[0, 0], [2, 0], [2, 2]], [[0, 0]]]
    assert figure.axes[0].get_title(loc='left') == 'spans of x/y'
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == TOKENS


def test_confusion():
    figure = drawn(map_plots.plot_confusion, Confusion(['a', 'b', NONE], [[3, 1, 0], [0, 2, 2], [1, 0, 0]]))
    axes = figure.axes[0]
    np.testing.assert_array_equal(matrices(figure)[0], [[0.75, 0.25, 0], [0, 0.5, 0.5], [1, 0, 0]])
    assert [(t.get_position(), t.get_text()) for t in axes.texts] == [
        ((0, 0), '3'), ((1, 0), '1'), ((1, 1), '2'), ((2, 1), '2'), ((0, 2), '1')]
    assert [label.get_text() for label in axes.get_yticklabels()] == ['a', 'b', 'not in gold']
    assert [label.get_text() for label in axes.get_xticklabels()] == ['a', 'b', 'missed']
    with pytest.raises(ValueError, match='there is no argument'):
        map_plots.plot_confusion(Confusion([NONE], [[0]]), 'no file')


def test_attention(tmp_path):
    weights = np.array([[0.2, 0.8, 0], [0, 1, 0], [0.5, 0.25, 0.25]])
    figure = drawn(map_plots.plot_attention, TOKENS, [('one', weights), ('two', weights / 2)])
    assert [axes.get_title(loc='left') for axes in figure.axes] == ['one, up to 1.00', 'two, up to 0.50']
    np.testing.assert_array_equal(matrices(figure)[1], weights / 2)
    path = tmp_path / 'a.png'
    map_plots.plot_attention(list('昨日。'), [('one', weights)], str(path))
    assert path.read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize('tokens, maps, words', [
    (['a'] * 151, [('m', np.ones((151, 151)))], 'room for 1 to 150 tokens, got 151'),
    (['a'], [], 'maps must hold 1 to 48 maps, got 0'),
])
def test_too_much(tokens, maps, words):
    with pytest.raises(ValueError, match=words):
        map_plots.plot_attention(tokens, maps, 'no file')


def test_the_font(tmp_path):
    assert text_font(['abc']) is None
    with pytest.raises(ValueError, match="there is no 'x.ttf'"):
        text_font(['a'], 'x.ttf')
    (tmp_path / 'no.ttf').write_text('no font')
    with pytest.raises(ValueError, match='is no font that matplotlib can read'):
        text_font(['a'], str(tmp_path / 'no.ttf'))
    with mock.patch('matplotlib.font_manager.fontManager.ttflist', []):
        with pytest.warns(UserWarning, match='name a font file with --font'):
            assert text_font(['昨']) is None
    known = mock.Mock()
    known.name = 'SimHei'
    with mock.patch('matplotlib.font_manager.fontManager.ttflist', [known]):
        assert text_font(['昨']).get_family() == ['SimHei']
