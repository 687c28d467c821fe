"""Pictures as PNG files: training curves, threshold curves, the losses of a learning-rate range test.

Needs matplotlib (`pip install 'gplinker-kit[view]'`), which is imported when something is drawn. Labels are English, so
that no picture needs a font for Chinese.
"""

from __future__ import annotations

import math

from gplinker_kit.drawing import BLUE, GREEN, GRID, INK, ORANGE, SOFT, add_axes, label_lines, make_figure, save
from gplinker_kit.errors import hint

STEEP = 20  # a loss that falls by more than this is drawn on a log scale
# name: (where it is in an entry's `dev`, label, colour, marker of the best epoch)
SCORES = {
    'argument': (('strict', 'argument', 'f1'), 'argument, strict', BLUE, 'o'),
    'event': (('strict', 'event', 'f1'), 'event, strict', ORANGE, 's'),
    'official': (('official', 'argument', 'f1'), 'official DuEE', GREEN, '^'),
}
GROUPS = {
    'one_event': ('one event', BLUE), 'several_of_a_type': ('several of a type', ORANGE),
    'shared_trigger': ('shared trigger', GREEN),
}
HEADS = {
    'arguments': ('argument threshold', 'strict argument score (%)'),
    'heads': ('threshold of head links', 'strict event score (%)'),
    'tails': ('threshold of tail links', 'strict event score (%)'),
}
RATIOS = ('F1', BLUE, '-'), ('precision', GREEN, '--'), ('recall', ORANGE, ':')


def training_curves(history, path):
    """Draws loss, learning rate and dev scores against epochs.

    Arguments:
        history: list of one dict an epoch with 'epoch' (number) and 'loss' (number; summed over heads, averaged over
            sentences). Optional: 'learning_rate'; 'dev', an `EventScores.as_dict()`; 'groups', {'one_event',
            'several_of_a_type', 'shared_trigger': such a dict, or its part under 'strict'}.
        path: PNG file to write, atomically.
    Raises:
        ValueError: no epoch, or an entry without a finite number where one belongs. ImportError: no matplotlib.

    F1 in percent; the best epoch of each score is marked. An epoch without dev scores leaves no point there.
    """
    if not isinstance(history, (list, tuple)) or not history:
        raise ValueError('history must be a list of one dict an epoch with at least one of them, got %r' % (history,))
    epochs = [_number(entry, ('epoch',), number) for number, entry in enumerate(history)]
    losses = [_number(entry, ('loss',), number) for number, entry in enumerate(history)]
    rates = _series(history, epochs, ('learning_rate',))
    scores = {name: _series(history, epochs, ('dev',) + where) for name, (where, _, _, _) in SCORES.items()}
    groups = _group_series(history, epochs)
    panels = 1 + any(scores.values()) + bool(groups)
    figure = make_figure(3.4 + 4.2 * (panels - 1), 3.8)
    grid = figure.add_gridspec(2 if rates else 1, panels, height_ratios=[2.4, 1] if rates else [1],
                               width_ratios=[1] + [1.05] * (panels - 1))
    steep = min(losses) > 0 and max(losses) > STEEP * min(losses)
    title = 'training loss, log scale' if steep else 'training loss'
    axes = add_axes(figure, grid[0, 0], title, None if rates else 'epoch', epochs)
    axes.plot(epochs, losses, color=INK, linewidth=1.8, marker='.' if len(epochs) == 1 else None)
    if steep:
        axes.set_yscale('log')
        axes.yaxis.set_major_formatter('{x:g}')
        axes.tick_params(which='minor', length=0)
    else:
        axes.set_ylim(bottom=min(0.0, min(losses)))
    if rates:
        axes.tick_params(labelbottom=False)
        axes = add_axes(figure, grid[1, 0], 'learning rate', 'epoch', epochs)
        axes.plot(*zip(*rates), color=SOFT, linewidth=1.5, marker='.' if len(rates) == 1 else None)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter('{x:g}')
    if any(scores.values()):
        axes = add_axes(figure, grid[:, 1], 'dev F1 (%)', 'epoch', epochs)
        labels = [_score_line(axes, scores[name], 9 - k, *SCORES[name][1:])
                  for k, name in enumerate(SCORES) if scores[name]]
        axes.set_ylim(0, 100)
        label_lines(axes, labels)
    if groups:
        axes = add_axes(figure, grid[:, -1], 'dev F1 (%) by kind of sentence; dashed: event', 'epoch', epochs)
        labels = []
        for name, measure, points in groups:
            label, color = GROUPS[name]
            axes.plot(*zip(*points), color=color, linewidth=1, linestyle='--' if measure == 'event' else '-',
                      marker='.' if len(points) == 1 else None)
            labels.append((points[-1][1], '%s, %s\n%.1f' % (label, measure, points[-1][1]), color))
        axes.set_ylim(0, 100)
        label_lines(axes, labels)
    save(figure, path)


def threshold_curves(curves, thresholds, path):
    """Draws what each threshold does to precision, recall and F1.

    Arguments:
        curves: {'arguments', 'heads', 'tails': [[threshold, f1, precision, recall], ...]}, ratios 0 to 1; the
            thresholds are logits. Any of the three may be absent.
        thresholds: the chosen ones, a Thresholds or its dict; each is marked. Where a head has one a label, the range.
        path: PNG file to write, atomically.
    Raises:
        ValueError: no curve, an unknown head, a point that is not four finite numbers. ImportError: no matplotlib.
    """
    if not isinstance(curves, dict) or not any(curves.values()):
        raise ValueError('curves must be {head: [[threshold, f1, precision, recall], ...]} with at least one point, '
                         'got %r' % (curves,))
    for head, points in curves.items():
        if head not in HEADS:
            raise ValueError('curves has an unknown head %r.%s' % (head, hint(head, HEADS)))
        for point in points:
            if len(point) != 4 or not all(_is_number(value) for value in point):
                raise ValueError('curves[%r]: expected [threshold, f1, precision, recall], got %r' % (head, point))
    chosen = thresholds.to_dict() if hasattr(thresholds, 'to_dict') else dict(thresholds)
    heads = [head for head in HEADS if curves.get(head)]
    figure = make_figure(3.9 * len(heads), 3.6)
    grid = figure.add_gridspec(1, len(heads))
    for place, head in zip(grid, heads):
        points = sorted(map(tuple, curves[head]))
        axes = add_axes(figure, place, HEADS[head][1], HEADS[head][0] + ' (logit)')
        columns = list(zip(*points))
        labels = []
        for number, (name, color, style) in enumerate(RATIOS, 1):
            values = [100 * value for value in columns[number]]
            axes.plot(columns[0], values, color=color, linestyle=style, linewidth=2.2 if number == 1 else 1.5,
                      marker='.' if len(points) == 1 else None)
            labels.append((values[-1], name, color))
        axes.set_ylim(0, 100)
        _mark_threshold(axes, points, chosen.get(head, 0.0))
        label_lines(axes, labels)
    save(figure, path)


def rate_curve(found, path):
    """Draws the losses of a learning-rate range test against the rate.

    Arguments: found: `rate_finder.Found`. path: PNG file to write, atomically.
    Raises: ValueError: no step. ImportError: no matplotlib.
    """
    points = [(rate, loss, mean) for rate, loss, mean in zip(found.rates, found.losses, found.smooth)
              if _is_number(loss) and _is_number(mean)]
    if not points:
        raise ValueError('found has no step with a finite loss: %r' % (found,))
    rates, losses, smooth = zip(*points)
    figure = make_figure(5.2, 3.6)
    axes = add_axes(figure, figure.add_gridspec(1, 1)[0, 0], 'training loss, and its moving average', 'learning rate')
    axes.plot(rates, losses, color=GRID, linewidth=1.2)
    axes.plot(rates, smooth, color=BLUE, linewidth=2.2, marker='.' if len(points) == 1 else None)
    axes.set_xscale('log')
    axes.tick_params(which='minor', length=0)
    # A loss that shoots up at the end would press the rest flat.
    axes.set_ylim(0 if min(smooth) > 0 else None, 1.6 * max(smooth[0], min(smooth)))
    if found.best is not None:
        axes.axvline(found.best, color=ORANGE, linewidth=1.5)
        axes.annotate('steepest at %.2g' % found.best, (found.best, 1), (4, 4), xycoords=('data', 'axes fraction'),
                      textcoords='offset points', fontsize=8.5, color=ORANGE)
    save(figure, path)


def _mark_threshold(axes, points, chosen):
    """A line at the chosen threshold, with its value, or a band over the thresholds of all labels."""
    values = list(chosen) if isinstance(chosen, (list, tuple)) else [chosen]
    low, high = min(values), max(values)
    if low < high:
        axes.axvspan(low, high, color=SOFT, alpha=0.15, linewidth=0)
        text = 'chosen, by label: %.2f to %.2f' % (low, high)
    else:
        axes.axvline(low, color=SOFT, linewidth=1)
        known = [point[1] for point in points if abs(point[0] - low) < 1e-6]  # a curve need not hold every threshold
        text = 'chosen %.2f' % low + (': F1 %.1f' % (100 * known[0]) if known else '')
    axes.annotate(text, ((low + high) / 2, 1), (0, 4), xycoords=('data', 'axes fraction'), textcoords='offset points',
                  ha='center', va='bottom', fontsize=8, color=INK)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _look_up(entry, keys):
    for key in keys:
        if not isinstance(entry, dict) or entry.get(key) is None:
            return None
        entry = entry[key]
    return entry


def _number(entry, keys, number):
    value = _look_up(entry, keys)
    if not _is_number(value):
        raise ValueError('history[%d] needs a finite number under %s, got %r'
                         % (number, ' → '.join(map(repr, keys)), value))
    return value


def _series(history, epochs, keys):
    """Returns [(epoch, value)] of the entries that have a value; scores (below 'dev' or 'groups') in percent."""
    scale = 1 if len(keys) == 1 else 100
    return [(epoch, scale * _number(entry, keys, number)) for number, (epoch, entry) in enumerate(zip(epochs, history))
            if _look_up(entry, keys) is not None]


def _group_series(history, epochs):
    """Returns [(group, 'argument' or 'event', points)], only what the history has."""
    found = []
    for name in GROUPS:
        for measure in ('argument', 'event'):
            for inner in (('strict',), ()):
                points = _series(history, epochs, ('groups', name) + inner + (measure, 'f1'))
                if points:
                    found.append((name, measure, points))
                    break
    return found


def _score_line(axes, points, size, label, color, marker):
    """Draws a score and marks its best epoch; returns what to write at its end: (height, text, colour)."""
    axes.plot(*zip(*points), color=color, linewidth=1.8)
    epoch, best = max(points, key=lambda point: (point[1], -point[0]))
    axes.plot([epoch], [best], color=color, marker=marker, markersize=size, markeredgecolor='white', clip_on=False,
              zorder=5)
    return points[-1][1], '%s\nbest %.1f, epoch %g' % (label, best, epoch), color
