"""The pictures of the study of residuals."""

from __future__ import annotations

import math

import numpy as np

from studies.common import COLOURS, figure, save

BROKEN = 9.0  # stands for the loss of a training that broke off
TOP = 8  # growth beyond 10^8 is not drawn
STYLES = dict(zip(
    ('plain, He', 'plain, layer norm', 'plain, orthogonal', 'residual, ε = 1', 'residual, ε = 1, layer norm',
     'residual, ε = 1/√N'),
    zip((COLOURS[4], COLOURS[1], COLOURS[3], COLOURS[5], COLOURS[0], COLOURS[2]), 'v^sDoP')))


def draw_growth(by_layers, by_size, folder):
    made, axes = figure(12, 4.6, 2)
    for (name, colour) in zip(('1/N', '1/√N', '1'), (COLOURS[0], COLOURS[2], COLOURS[1])):
        rows = [row for row in by_layers if row[0] == name]
        counts = [row[1] for row in rows]
        axes[0].plot(counts, [raised(row[2]) for row in rows], '-', color=colour, lw=1.4,
                     label='ε = %s: one dimension, f\' = 1' % name)
        middle, low, high = ([raised(row[k]) for row in rows] for k in (4, 6, 7))
        axes[0].plot(counts, middle, 'o', color=colour, ms=4, label='ε = %s: 256 dimensions, random' % name)
        axes[0].fill_between(counts, low, high, color=colour, alpha=0.2, lw=0)
        axes[0].plot(counts, [raised(row[5]) for row in rows], ':', color=colour, lw=1)
    axes[0].axhline(math.sqrt(math.e), ls='--', color='0.4', lw=0.9)
    for text, height, colour in (('e', math.e, COLOURS[0]), ('√e', 1.45, COLOURS[2])):
        axes[0].annotate(text, (1250, height), color=colour, fontsize=9, va='center',
                         bbox={'facecolor': 'white', 'edgecolor': 'none', 'pad': 0.5})
    axes[0].annotate('≈ e^√N', (105, 6e3), color=COLOURS[2], fontsize=9)
    axes[0].set(xscale='log', yscale='log', xlim=(0.8, 2200), ylim=(0.6, 10**TOP), xlabel='layers N',
                ylabel='growth of a vector', title='growth by layers (dotted: (1 + ε²)^(N/2))')
    looks = {'one for all layers': COLOURS[1], 'adverse signs': COLOURS[3], 'independent': COLOURS[2]}
    for name, colour in looks.items():
        rows = [row for row in by_size if row[0] == name]
        sizes = [row[1] for row in rows]
        axes[1].plot(sizes, [raised(row[2]) for row in rows], 'o', color=colour, ms=4.5, label=name)
        axes[1].fill_between(sizes, [raised(row[3]) for row in rows], [raised(row[4]) for row in rows], color=colour,
                             alpha=0.2, lw=0)
        axes[1].plot(sizes, [raised(row[5]) for row in rows], '--', color=colour, lw=1)
    axes[1].set(xscale='log', yscale='log', xlabel='dimension d', ylabel='growth of a vector', ylim=(0.1, 3e5),
                title='100 layers, ε = 1/√N, by dimension (dashed: theory)')
    axes[1].set_xscale('log', base=2)
    sizes = sorted({row[1] for row in by_size})
    axes[1].set_xticks(sizes)
    axes[1].set_xticklabels(sizes)
    bound = raised(next(row[2] for row in by_size if row[:2] == ('adverse signs', 1)))
    axes[1].axhline(bound, ls=':', color='0.3', lw=1)
    axes[1].annotate('(1 + ε)^N ≈ e^√N', (sizes[-1], 1.4 * bound), color='0.3', fontsize=9, ha='right')
    axes[1].annotate('√e', (sizes[-1], 0.9), color=COLOURS[2], fontsize=9, ha='right')
    for axis in axes:
        axis.legend(frameon=False, fontsize=8, loc='upper left' if axis is axes[0] else 'center right')
    made.text(0.5, 0.01, 'points: root mean square of random products; bands: their 10% to 90%', ha='center',
              fontsize=8.5)
    save(made, folder, 'growth', below=0.04)


def raised(log):
    """e^log, as far as a picture can have it."""
    return math.exp(min(max(log, -50.0), 50.0))


def draw_fresh(rows, rates, folder):
    """rows: (net, N, seed, forward, backward, squares, change by the small, by the large step); rates: of these two."""
    made, axes = figure(14, 4.8, 4)
    depths = sorted({row[1] for row in rows})
    for kind, (colour, marker) in STYLES.items():
        values = np.array([[row[3:] for row in rows if row[:2] == (kind, depth)] for depth in depths])  # (N, seeds, 5)
        lines(axes[0], depths, values[..., 0], colour, marker, kind)
        lines(axes[1], depths, values[..., 1], colour, marker, kind)
        lines(axes[2], depths, values[..., 2], colour, '', kind)
        axes[2].plot(depths, np.exp(mean_log(-values[..., 3] / rates[0])), marker, color=colour, ms=5)
        large = values[..., 4]
        axes[3].plot(depths, large.mean(axis=1), marker=marker, ms=4.5, lw=1.2, color=colour)
        axes[3].fill_between(depths, large.min(axis=1), large.max(axis=1), color=colour, alpha=0.15, lw=0)
    ends = np.array([depths[0], depths[-1]], float)
    start = np.mean([row[5] for row in rows if row[:2] == ('plain, orthogonal', depths[0])])
    axes[2].plot(ends, start * ends / ends[0], '--', color='0.3', lw=1)
    axes[0].plot([], [], '--', color='0.3', lw=1, label='∝ N')
    axes[3].axhline(0, ls=':', color='0.3', lw=1)
    titles = ('growth of vectors,\nRMS out / RMS in', 'growth of gradients,\nRMS in / RMS out',
              'lines: ‖∇‖² of the blocks; points: fall of\nthe loss by a step of SGD of %g, / %g' % (rates[:1] * 2),
              'change of the loss by\na step of SGD of %g, nats' % rates[1])
    for axis, title in zip(axes, titles):
        axis.set(xscale='log', yscale='log', xlabel='blocks N')
        axis.set_title(title, fontsize=9.5)
        depth_ticks(axis, depths)
    for axis, low, high in zip(axes, (1e-4, 1e-4, 1e-1), (1e4, 1e4, 1e6)):
        axis.set_ylim(low, high)
    axes[3].set_yscale('symlog', linthresh=0.1)
    axes[3].set_ylim(-10, 1e3)
    below_all(made, axes[0])
    save(made, folder, 'fresh', below=0.09)


def lines(axis, depths, values, colour, marker, label):
    """Geometric means over seeds, values (N, seeds), and their range; what is not finite or not above 0 is left out."""
    axis.plot(depths, np.exp(mean_log(values)), marker=marker, ms=4.5, lw=1.2, color=colour, label=label)
    low, high = values.min(axis=1), values.max(axis=1)
    axis.fill_between(depths, low, high, where=np.isfinite(mean_log(values)), color=colour, alpha=0.15, lw=0)


def mean_log(values):
    """(N, seeds) -> (N,), not a number where one of the values has no logarithm."""
    good = np.isfinite(values) & (values > 0)
    return np.log(np.where(good, values, np.nan)).mean(axis=1)


def depth_ticks(axis, depths):
    axis.set_xticks(depths)
    axis.set_xticklabels(depths)
    axis.set_xticks([], minor=True)


def below_all(made, axis):
    """One legend for all axes, at the foot."""
    made.legend(*axis.get_legend_handles_labels(), loc='lower center', ncol=8, frameon=False, fontsize=8.5)


def draw_training(ends, curves, chance, learned, folder):
    """ends: rows (net, N, rate, seed, loss at the end). curves: rows (net, N, rate, seed, step, loss), of one N."""
    kinds, depths = [kind for kind in STYLES if any(row[0] == kind for row in ends)], sorted({row[1] for row in ends})
    rates, seeds = sorted({row[2] for row in ends}), sorted({row[3] for row in ends})
    made, axes = figure(15, 5.2, 3)
    shade = np.full((len(kinds), len(depths)), np.nan)
    for i, kind in enumerate(kinds):
        for j, depth in enumerate(depths):
            rate, found = best_rate(ends, kind, depth)
            shade[i, j] = min(np.mean(found), chance)
            text = '%.2f\n%d of %d\nrate %g' % (
                np.mean(found), sum(value < learned for value in found), len(found), rate)
            axes[0].text(j, i, text if max(found) < BROKEN else 'breaks off\nat any rate', ha='center', va='center',
                         fontsize=7.5, color='white' if shade[i, j] > 0.9 * chance else 'black')
    axes[0].imshow(shade, cmap='RdYlGn_r', aspect='auto', vmin=0, vmax=chance)
    axes[0].set(xticks=range(len(depths)), xticklabels=depths, yticks=range(len(kinds)),
                yticklabels=[kind.replace(', ', ',\n') for kind in kinds], xlabel='blocks N',
                title='loss at the end, best rate (chance %.2f);\nhow many seeds end below %.2f' % (chance, learned))
    axes[0].grid(False)
    for number, kind in enumerate(kinds):
        colour, marker = STYLES[kind]
        most = [max([rate for rate in rates if all(
            row[4] < learned for row in ends if row[:3] == (kind, depth, rate))] or [np.nan]) for depth in depths]
        shift = 1.06 ** (number - 2.5)  # points that would hide each other
        axes[1].plot(depths, np.array(most) * shift, marker=marker, color=colour, lw=1.2, ms=6, label=kind)
        found = {}
        for row in curves:
            if row[0] == kind and math.isfinite(row[5]):
                found.setdefault(row[4], []).append(row[5])
        places = sorted(place for place in found if len(found[place]) == len(seeds))
        losses = np.array([found[place] for place in places]).reshape(-1, len(seeds))
        axes[2].plot(places, losses.mean(axis=1), color=colour, lw=1.4)
        axes[2].fill_between(places, losses.min(axis=1), losses.max(axis=1), color=colour, alpha=0.18, lw=0)
    outer = np.array([depths[0], depths[-1]], float)
    axes[1].plot(outer, 0.1 * rates[-1] * outer[0] / outer, '--', color='0.3', lw=1, label='∝ 1/N')
    axes[1].set(xscale='log', yscale='log', xlabel='blocks N', ylabel='rate of SGD',
                ylim=(rates[0] / 2, rates[-1] * 2), title='largest rate with which all seeds train\n(no point: none)')
    depth_ticks(axes[1], depths)
    axes[2].axhline(chance, ls=':', color='0.3', lw=1)
    axes[2].set(xlabel='step', ylabel='loss, nats', ylim=(0, 2 * chance),
                title='%d blocks, best rate: mean and range\nof seeds %s (dotted: chance)' % (
                    depths[-1], ', '.join(map(str, seeds))))
    below_all(made, axes[1])
    save(made, folder, 'training', below=0.07)


def best_rate(ends, kind, depth):
    """Returns (rate, losses at the end of all seeds) where their mean is least; `BROKEN` is of runs that broke off."""
    found = {}
    for *key, rate, _, end in ends:
        if key == [kind, depth]:
            found.setdefault(rate, []).append(min(end, BROKEN))
    return min(found.items(), key=lambda pair: np.mean(pair[1]))
