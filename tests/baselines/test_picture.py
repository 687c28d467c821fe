"""The picture of a comparison: a line and a band a system, with the numbers that they were given."""

from unittest import mock

import pytest

from gplinker_kit.baselines import picture
from gplinker_kit.baselines.results import expected_f1
from tests.baselines.test_results import FOUND, GOLD, run
from tests.test_plots import size

pytestmark = pytest.mark.once


def drawn(runs):
    """Returns the Figure that is made in place of a file."""
    with mock.patch.object(picture, 'save') as save:
        picture.mixture_picture(runs, 'no file')
    return save.call_args[0][0]


def test_lines_and_bands():
    runs = [run('crf', 0), run('crf', 1, GOLD), run('gplinker', 0, GOLD[:3] + FOUND[3:])]
    figure = drawn(runs)
    assert [axes.get_title(loc='left') for axes in figure.axes] == [
        'dev F1 (%) of arguments, strict', 'dev F1 (%) of events, strict']
    for axes, measure in zip(figure.axes, ('argument', 'event')):
        joint, tagger = [line for line in axes.lines if len(line.get_xdata()) == 51]
        assert list(joint.get_xdata())[::25] == [0, 50, 100]
        for share, one, other in zip((0, 0.5, 1), list(joint.get_ydata())[::25], list(tagger.get_ydata())[::25]):
            assert one == pytest.approx(100 * expected_f1(runs[2]['groups'], measure, share))
            assert other == pytest.approx(50 * (1 + expected_f1(runs[0]['groups'], measure, share)))
        assert len(axes.collections) == 1, 'one system has several seeds'
        texts = [text.get_text() for text in axes.texts]
        assert 'these dev sentences: 25%' in texts and any(text.startswith('GPLinker\n100.0 to ') for text in texts)
        assert 'line: mean of 2 seeds' in axes.get_xlabel()


def test_the_picture_is_written(tmp_path):
    path = tmp_path / 'comparison.png'
    picture.mixture_picture([run()], str(path))
    width, height = size(path)
    assert 1500 < width < 2000 and 500 < height < 900
