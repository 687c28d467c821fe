"""Pictures of the rows that have a peer: the ratio on a logarithmic scale, its spread, and the goal.

The bar of a row spans the ratios of the single rounds, in each of which both sides were measured one after the other;
where the two sides have different numbers of rounds, it spans those of the peer's.
"""

from __future__ import annotations

import math

from benchmarks import catalogue
from benchmarks.tables import ratio as written
from gplinker_kit.drawing import BLUE, GRID, INK, ORANGE, SOFT, add_axes, make_figure, save

ROW_HEIGHT, MARGIN = 0.24, 1.5  # inches
BELOW = 'above 1 ours is better; bar: single rounds; |: goal; orange: goal missed'
# Where the scale reaches to so many times its lowest ratio: the digits that are written on it.
DIGITS = ((3, (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)), (300, (1, 2, 5)), (1e99, (1,)))


def span(row):
    """(lowest, highest) ratio of the rounds of a row."""
    pairs = list(zip(row['runs']['ours'], row['runs']['peer']))
    # A rate (more is better) has a ratio of ours / peer, a time of peer / ours: the medians tell which.
    higher = abs(row['ours'] / row['peer'] - row['ratio']) <= abs(row['peer'] / row['ours'] - row['ratio'])
    ratios = [ours / peer if higher else peer / ours for ours, peer in pairs]
    return min(ratios + [row['ratio']]), max(ratios + [row['ratio']])


def ticks(low, high):
    """The numbers to write on a logarithmic scale from `low` to `high`."""
    digits = next(digits for most, digits in DIGITS if high / low < most)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [digit * 10.0**power for power in powers for digit in digits if low <= digit * 10.0**power <= high]


def lines_of(name, reports):
    """[(label, row)] of a program, stack by stack, rows with a peer only."""
    found = []
    for job in catalogue.JOBS:
        if job.name == name and job.stem in reports:
            stack = catalogue.STACKS[job.stack].title.replace('Keras 3 on ', '')
            found += [('%s · %s' % (row['name'], stack), row) for row in reports[job.stem]['rows'] if row['ratio']]
    return found


def draw(name, reports, path):
    """Writes the picture of a program; returns whether there was anything to draw.

    Raises: ImportError without matplotlib.
    """
    lines = lines_of(name, reports)
    if not lines:
        return False
    figure = make_figure(8.6, MARGIN + ROW_HEIGHT * len(lines))
    title = '%s: ratio to the peer, log scale' % catalogue.TITLES[name]
    axes = add_axes(figure, figure.add_gridspec(1, 1)[0, 0], title, BELOW)
    axes.set_xscale('log')
    axes.grid(axis='y', visible=False)
    axes.grid(axis='x', color=GRID, linewidth=0.8)
    axes.axvline(1, color=SOFT, linewidth=1)
    for place, (_, row) in enumerate(lines):
        color = BLUE if row['met'] else ORANGE
        axes.plot(span(row), (place, place), color=color, linewidth=4, alpha=0.3, solid_capstyle='butt')
        axes.plot([row['ratio']], [place], color=color, marker='o', markersize=4.5, linestyle='none')
        if row['goal'] is not None:
            axes.plot([row['goal']], [place], color=INK, marker='|', markersize=10, markeredgewidth=1.6)
        axes.annotate(written(row['ratio']), (1, place), (6, 0), xycoords=('axes fraction', 'data'),
                      textcoords='offset points', va='center', fontsize=8, color=color, annotation_clip=False)
    axes.set_yticks(range(len(lines)))
    axes.set_yticklabels([label for label, _ in lines], fontsize=8)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    low = min([span(row)[0] for _, row in lines] + [row['goal'] or 1 for _, row in lines] + [1])
    high = max([span(row)[1] for _, row in lines] + [row['goal'] or 1 for _, row in lines] + [1])
    margin = (high / low) ** 0.04
    axes.set_xlim(low / margin, high * margin)
    places = ticks(low / margin, high * margin)
    axes.set_xticks(places)
    axes.set_xticklabels(['%g' % place for place in places])
    axes.set_xticks([], minor=True)
    save(figure, path)
    return True
