"""Pictures: written whole or not at all, of plausible size, with the numbers that they were given."""

import os
import struct
import subprocess
import sys
from unittest import mock

import pytest

from gplinker_kit import plots
from gplinker_kit.events import EventScores, Thresholds
from gplinker_kit.events.counts import Counts
from gplinker_kit.rate_finder import Found


def scores(argument, event=0.0, official=0.0):
    """An `EventScores.as_dict()` with these F1 values."""
    made = EventScores()
    for name, f1 in (('argument', argument), ('event', event), ('official', official)):
        setattr(made, name, Counts(round(1000 * f1), 1000, 1000))
    return made.as_dict()


def history(epochs=5, **extra):
    return [dict({'epoch': k, 'loss': 90 / k, 'seconds': 1.0, 'dev': scores(0.1 * k, 0.05 * k, 0.12 * k)}, **extra)
            for k in range(1, epochs + 1)]


def size(path):
    """Returns the width and height of a PNG in pixels."""
    with open(str(path), 'rb') as stream:
        head = stream.read(24)
    assert head[:8] == b'\x89PNG\r\n\x1a\n'
    return struct.unpack('>II', head[16:24])


def drawn(function, *arguments):
    """Returns the Figure that a function makes in place of writing it."""
    with mock.patch.object(plots, 'save') as save:
        function(*arguments, 'no file')
    return save.call_args[0][0]


def written(figure):
    """Returns all titles and annotations of a figure."""
    return [text for axes in figure.axes for text in [axes.get_title(loc='left')] + [a.get_text() for a in axes.texts]]


def lines(axes):
    """Returns [(xs, ys)] of an axes' lines, without the single points that mark the best epochs."""
    return [(list(line.get_xdata()), [round(y, 6) for y in line.get_ydata()]) for line in axes.lines
            if line.get_linestyle() != 'None' and line.get_marker() in ('None', None, '')]


def test_the_picture_is_written(tmp_path):
    path = tmp_path / 'curves.png'
    plots.training_curves(history(), str(path))
    width, height = size(path)
    assert 1000 < width < 2000 and 400 < height < 900 and 10000 < os.path.getsize(str(path)) < 300000
    assert os.listdir(str(tmp_path)) == ['curves.png']


def test_lines_and_best_epochs():
    given = history()
    given[2]['dev'] = scores(0.9, 0.01, 0.36)
    loss, dev = drawn(plots.training_curves, given).axes
    assert lines(loss) == [([1, 2, 3, 4, 5], [90, 45, 30, 22.5, 18])]
    assert lines(dev) == [([1, 2, 3, 4, 5], [10, 20, 90, 40, 50]), ([1, 2, 3, 4, 5], [5, 10, 1, 20, 25]),
                          ([1, 2, 3, 4, 5], [12, 24, 36, 48, 60])]
    marked = [(list(line.get_xdata()), list(line.get_ydata())) for line in dev.lines if len(line.get_xdata()) == 1]
    assert marked == [([3], [90]), ([5], [25]), ([5], [60])]
    assert 'argument, strict\nbest 90.0, epoch 3' in written(dev.figure)


def test_ties_mark_the_first_epoch():
    given = history(3)
    for entry in given:
        entry['dev'] = scores(0.5)
    assert 'argument, strict\nbest 50.0, epoch 1' in written(drawn(plots.training_curves, given))


def test_names_do_not_overlap():
    figure = drawn(plots.training_curves, [dict(entry, dev=scores(0.99, 0.99, 0.99)) for entry in history()])
    heights = sorted(text.xy[1] for text in figure.axes[1].texts)
    assert len(heights) == 3 and all(b - a > 10 for a, b in zip(heights, heights[1:])) and heights[-1] <= 100


def test_a_log_scale_where_the_loss_falls_far():
    assert drawn(plots.training_curves, history(5)).axes[0].get_yscale() == 'linear'
    assert drawn(plots.training_curves, history(25)).axes[0].get_yscale() == 'log'


def test_what_is_absent_is_not_drawn(tmp_path):
    bare = [{'epoch': k, 'loss': 2.0} for k in (1, 2)]
    assert len(drawn(plots.training_curves, bare).axes) == 1
    some = bare + history()[2:3]
    assert [lines(axes) for axes in drawn(plots.training_curves, some).axes] == [
        [([1, 2, 3], [2, 2, 30])], [([3], [30]), ([3], [15]), ([3], [36])]]
    for given in (bare, some, history(1), [dict(bare[0], loss=0.0)], [dict(bare[0], loss=-1.5)]):
        plots.training_curves(given, str(tmp_path / 'few.png'))
        assert size(tmp_path / 'few.png')[0] > 400


def test_learning_rate_and_groups():
    groups = {'one_event': scores(0.9, 0.8), 'shared_trigger': scores(0.3, 0.2)['strict']}
    figure = drawn(plots.training_curves, history(3, learning_rate=2e-5, groups=groups))
    assert len(figure.axes) == 4 and lines(figure.axes[1]) == [([1, 2, 3], [2e-5] * 3)]
    assert [ys[0] for _, ys in lines(figure.axes[3])] == [90, 80, 30, 20]
    assert {'one event, argument\n90.0', 'shared trigger, event\n20.0'} <= set(written(figure))


@pytest.mark.parametrize('given, message', [
    ([], 'history must be a list of one dict an epoch'),
    ({'epoch': 1}, 'history must be a list'),
    ([{'loss': 1.0}], r"history\[0\] needs a finite number under 'epoch', got None"),
    ([{'epoch': 1, 'loss': 1.0}, {'epoch': 2, 'loss': float('nan')}], r"history\[1\] .* 'loss', got nan"),
    ([{'epoch': 1, 'loss': '3'}], r"'loss', got '3'"),
    ([{'epoch': 1, 'loss': 1.0, 'dev': {'strict': {'argument': {'f1': 'x'}}}}], "'dev' → 'strict' → 'argument' → 'f1'"),
    (['x'], "'epoch', got None"),
])
def test_a_bad_history_is_refused(tmp_path, given, message):
    with pytest.raises(ValueError, match=message):
        plots.training_curves(given, str(tmp_path / 'no.png'))
    assert os.listdir(str(tmp_path)) == []


CURVES = {
    'arguments': [[1.0, 0.5, 0.9, 0.4], [-1.0, 0.6, 0.5, 0.7], [0.0, 0.7, 0.7, 0.7]],
    'heads': [[0.0, 0.2, 0.3, 0.1]],
}


def test_threshold_curves(tmp_path):
    path = tmp_path / 'thresholds.png'
    plots.threshold_curves(CURVES, Thresholds(0.1, 0.5, 0.0), str(path))
    assert size(path)[0] > 800 and os.path.getsize(str(path)) < 300000
    figure = drawn(plots.threshold_curves, CURVES, {'arguments': 0.0, 'heads': [0.5, 1.5], 'tails': 0.0})
    assert len(figure.axes) == 2
    assert lines(figure.axes[0])[0] == ([-1, 0, 1], [60, 70, 50]), 'sorted, in percent'
    texts = written(figure)
    assert 'chosen 0.00: F1 70.0' in texts and 'chosen, by label: 0.50 to 1.50' in texts
    assert 'chosen 0.10' in written(drawn(plots.threshold_curves, CURVES, Thresholds(0.1))), 'between two points'


@pytest.mark.parametrize('curves, message', [
    ({}, 'with at least one point'),
    ({'heads': []}, 'with at least one point'),
    ({'head': [[0, 1, 1, 1]]}, "unknown head 'head'. Did you mean 'heads'?"),
    ({'heads': [[0, 1, 1]]}, r"curves\['heads'\]: expected \[threshold, f1, precision, recall\], got \[0, 1, 1\]"),
    ({'heads': [[0, 1, 1, float('inf')]]}, 'got .*inf'),
])
def test_bad_curves_are_refused(tmp_path, curves, message):
    with pytest.raises(ValueError, match=message):
        plots.threshold_curves(curves, Thresholds(), str(tmp_path / 'no.png'))
    assert os.listdir(str(tmp_path)) == []


def test_an_old_picture_stays_when_drawing_fails(tmp_path):
    path = tmp_path / 'curves.png'
    path.write_bytes(b'old')
    with mock.patch('matplotlib.figure.Figure.savefig', side_effect=RuntimeError('disk')):
        with pytest.raises(RuntimeError):
            plots.training_curves(history(), str(path))
    assert path.read_bytes() == b'old' and os.listdir(str(tmp_path)) == ['curves.png']


def test_a_missing_matplotlib_names_the_extra(tmp_path):
    with mock.patch.dict(sys.modules, {'matplotlib.figure': None}):
        with pytest.raises(ImportError, match=r"pip install 'gplinker-kit\[view\]'"):
            plots.training_curves(history(), str(tmp_path / 'no.png'))


def test_no_state_of_pyplot():
    program = '''
import sys
from gplinker_kit import plots
assert 'matplotlib' not in sys.modules
plots.training_curves([{'epoch': 1, 'loss': 1.0}], sys.argv[1])
assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules
'''
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    assert subprocess.call([sys.executable, '-c', program, os.devnull], cwd=root) == 0


def test_a_rate_curve_shows_losses_and_the_choice(tmp_path):
    found = Found([1e-5, 1e-4, 1e-3, 1e-2], [4.0, 3.0, 1.0, 90.0], [4.0, 3.5, 2.0, 50.0], 1e-3)
    figure = drawn(plots.rate_curve, found)
    axes, = figure.axes
    assert axes.get_xscale() == 'log' and axes.get_ylim()[1] < 10, 'the last loss would press the rest flat'
    assert [list(line.get_ydata()) for line in axes.lines[:2]] == [found.losses, found.smooth]
    assert any('0.001' in text.get_text() for text in axes.texts)
    plots.rate_curve(found._replace(best=None), str(tmp_path / 'rates.png'))
    assert size(tmp_path / 'rates.png')[0] > 600
    with pytest.raises(ValueError, match='found has no step with a finite loss'):
        plots.rate_curve(Found([1e-5], [float('nan')], [float('nan')], None), str(tmp_path / 'none.png'))
