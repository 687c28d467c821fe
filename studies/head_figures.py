"""The pictures of the study of GlobalPointer: F1 by epoch and at the end; weights and times of the heads."""

from __future__ import annotations

import numpy as np

from studies import head_times
from studies.common import COLOURS, figure, save
from studies.head_times import DECODING, NETWORK, STEP
from studies.span_heads import DENSE, HEADS, PLAIN

LOOKS = {head: (COLOURS[number // 2], '-' if number % 2 == 0 else '--') for number, head in enumerate(HEADS)}
LOOKS.update({DENSE: (COLOURS[1], ':'), PLAIN: ('0.5', ':')})


def last_rows(rows, warm):
    """Returns {head: [the last row of each seed]} of the runs with that warm start."""
    last = max(row[3] for row in rows)
    found = {}
    for row in rows:
        if row[1] == warm and row[3] == last:
            found.setdefault(row[0], []).append(row)
    return found


def draw_f1(rows, warm, folder):
    made, axes = figure(13, 4.4, 2)
    for head, (colour, line) in LOOKS.items():
        mine = [row for row in rows if row[:2] == (head, warm)]
        epochs = sorted({row[3] for row in mine})
        if not epochs:
            continue
        values = np.array([[row[5] for row in mine if row[3] == epoch] for epoch in epochs])
        axes[0].plot(epochs, values.mean(1), line, color=colour, marker='o', ms=3, label=head)
        axes[0].fill_between(epochs, values.min(1), values.max(1), color=colour, alpha=0.15, lw=0)
    seeds = len({row[2] for row in rows})
    axes[0].set(xlabel='epochs', ylabel='micro F1, dev, %', ylim=(0, None), xlim=(0, None),
                title='mean of %d seed%s%s' % (seeds, 's' * (seeds > 1), ', band: least to most' * (seeds > 1)))
    axes[0].legend(frameon=False, fontsize=8, loc='lower right')
    last = last_rows(rows, warm)
    kinds = ((5, 'all sentences', COLOURS[0], 'o'), (9, 'a type occurs more than once', COLOURS[1], 's'))
    for place, head in enumerate(last):
        for shift, (column, words, colour, mark) in zip((-0.16, 0.16), kinds):
            values = [row[column] for row in last[head]]
            axes[1].plot(values, [place + shift] * len(values), mark, color=colour, ms=5, alpha=0.6,
                         label=words if not place else None)
            axes[1].plot([np.mean(values)], [place + shift], '|', color='0.15', ms=15, mew=1.5)
    axes[1].set(yticks=range(len(last)), yticklabels=list(last), xlabel='micro F1, dev, %',
                title='at the end; a mark a seed, bar: mean')
    axes[1].invert_yaxis()
    axes[1].legend(frameon=False, fontsize=8, loc='best')
    save(made, folder, 'f1')


def draw_weights(parameters, width, folder):
    made, (axis,) = figure(7.5, 3.8)
    names = [row[0] for row in parameters]
    for column, shift, colour, words in ((1, -0.2, COLOURS[0], 'encoder %d wide, counted' % width),
                                         (3, 0.2, COLOURS[5], 'encoder 768 wide, by formula')):
        for place, row in enumerate(parameters):
            axis.barh(place + shift, row[column], 0.36, color=colour, label=words if not place else None)
            axis.text(row[column] * 1.1, place + shift, format(row[column], ','), va='center', fontsize=7.5)
    axis.set(xscale='log', xlim=(1e3, 1e7), xlabel='weights of the head, 10 labels, head size 64',
             yticks=range(len(names)), yticklabels=names, ylim=(len(names) + 0.2, -0.6))
    axis.legend(frameon=False, fontsize=8, loc='lower right')
    save(made, folder, 'weights')


def draw_times(times, engine, folder):
    made, axes = figure(12, 4.4, 2)
    for name in list(HEADS) + [DENSE, PLAIN]:
        mine = {}
        for row in times:
            if row[:2] == (name, STEP):
                mine.setdefault(row[2], []).append(1000 * row[4])
        widths, (colour, line) = sorted(mine), LOOKS[name]
        axes[0].plot(widths, [np.median(mine[width]) for width in widths], line, color=colour, marker='o', ms=3,
                     label=name)
        axes[0].fill_between(widths, *(np.percentile([mine[width] for width in widths], share, axis=1)
                                       for share in (25, 75)), color=colour, alpha=0.15, lw=0)
    axes[0].set(xlabel='tokens a text', ylabel='CPU milliseconds a training step', ylim=(0, None),
                title='%s, one thread; band: quartiles' % engine)
    axes[0].legend(frameon=False, fontsize=7.5)
    for place, name in enumerate(HEADS):
        network, decoding = (head_times.median(times, name, what) for what in (NETWORK, DECODING))
        axes[1].barh(place, network, 0.5, color=COLOURS[0], label='network' if not place else None)
        axes[1].barh(place, decoding, 0.5, left=network, color=COLOURS[1], label='decoding' if not place else None)
    axes[1].set(xlabel='CPU seconds for the dev sentences', yticks=range(len(HEADS)), yticklabels=HEADS,
                ylim=(len(HEADS) + 0.2, -0.6))
    axes[1].legend(frameon=False, fontsize=8, loc='lower right')
    save(made, folder, 'times-%s' % engine)
