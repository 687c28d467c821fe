"""F1 against the share of sentences with several events, a line a system."""

from __future__ import annotations

from gplinker_kit.baselines.names import CRF, GPLINKER, GROUPED, PIPELINE
from gplinker_kit.baselines.results import MEASURES, expected_f1
from gplinker_kit.drawing import BLUE, GREEN, INK, ORANGE, PURPLE, SOFT, add_axes, label_lines, make_figure, save

# name: (what it is called, colour, line)
LINES = {
    GPLINKER: ('GPLinker', BLUE, '-'), GROUPED: ('grouped by type', ORANGE, '--'),
    PIPELINE: ('trigger, then roles', GREEN, '-.'), CRF: ('CRF, grouped by type', PURPLE, ':'),
}
SHARES = [number / 50 for number in range(51)]
LEAST = 12  # points of F1 that the height shows, so that differences of nothing do not look like much


def mixture_picture(runs, path):
    """Draws the F1 to expect, see `expected_f1`, of arguments and of events, from 0 to 100% of sentences with several.

    Arguments: runs: list of runs, see `results`. path: PNG file to write, atomically. Lines are means over the seeds,
        bands reach from the least to the most.
    Raises: ValueError: no dev sentence with one event, or none with several. ImportError: no matplotlib.
    """
    figure = make_figure(10.4, 4.2)
    grid = figure.add_gridspec(1, len(MEASURES))
    groups = runs[0]['groups']
    one, several = (groups[name]['texts'] for name in ('one_event', 'several_events'))
    seeds = max(len(found) for found in _by_system(runs).values())
    below = 'sentences with several events (%)'
    if seeds > 1:
        below += '\nline: mean of %d seeds, band: least to most' % seeds
    for place, measure in zip(grid, MEASURES):
        axes = add_axes(figure, place, 'dev F1 (%%) of %ss, strict' % measure, below, [0, 100])
        labels, highest, lowest = [], 0.0, 100.0
        for name, found in _by_system(runs).items():
            title, colour, style = LINES[name]
            curves = [[100 * expected_f1(run['groups'], measure, share) for share in SHARES] for run in found]
            shares = [100 * share for share in SHARES]
            mean, low, high = ([function(column) for column in zip(*curves)] for function in (_mean, min, max))
            axes.plot(shares, mean, color=colour, linestyle=style, linewidth=2)
            if len(curves) > 1:
                axes.fill_between(shares, low, high, color=colour, alpha=0.15, linewidth=0)
            labels.append((mean[-1], '%s\n%.1f to %.1f' % (title, mean[0], mean[-1]), colour))
            highest, lowest = max(highest, max(high)), min(lowest, min(low))
        margin = max(0.12 * (highest - lowest), LEAST / 2 - (highest - lowest) / 2)
        axes.set_ylim(max(0.0, lowest - margin), min(100.0, highest + margin))
        axes.set_xlim(0, 100)
        share = 100 * several / (one + several)
        axes.axvline(share, color=SOFT, linewidth=0.8, zorder=0)
        left = share > 50
        axes.annotate('these dev sentences: %.0f%%' % share, (share, 1), (-4 if left else 4, -4), va='top', fontsize=8,
                      ha='right' if left else 'left', xycoords=('data', 'axes fraction'),
                      textcoords='offset points', color=INK)
        label_lines(axes, labels)
    save(figure, path)


def _by_system(runs):
    groups = {}
    for name in LINES:
        found = [run for run in runs if run['system'] == name]
        if found:
            groups[name] = found
    return groups


def _mean(values):
    return sum(values) / len(values)
