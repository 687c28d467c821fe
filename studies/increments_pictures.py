"""The pictures of increments by depth and of the gradients of single matrices."""

from __future__ import annotations

import numpy as np

from studies.common import COLOURS, figure, save
from studies.increments import MATRICES, RATES, expected_slope, matrix_slope

LABELS = {
    'Post-Norm': 'Post-Norm: α = 1, λ = 1', 'Pre-Norm': 'Pre-Norm: α = 1, λ = 1',
    'DeepNorm': 'DeepNorm: (2N)^¼, (8N)^-¼', 'for SGD': 'for SGD: (2N)^¼, (2N)^-¼',
    'for Adam': 'for Adam: (2N)^½, (2N)^-½', 'for LAMB': 'for LAMB: 1, (2N)^-½', 'alpha only': 'α only: (2N)^½, 1',
}  # fmt: skip
STYLES = dict(zip(LABELS, [(COLOURS[1], 'o'), (COLOURS[3], 's'), (COLOURS[0], 'D'), (COLOURS[5], 'v'),
                           (COLOURS[2], '^'), (COLOURS[4], 'P'), ('0.35', 'x')]))
RULES = {'sgd': 'SGD, η = %g' % RATES['sgd'], 'sign': 'the sign (Adam), η = %g' % RATES['sign'],
         'lamb': 'LAMB, η = %g' % RATES['lamb']}
PREDICTED = {'sgd': 'squares', 'sign': 'sum', 'lamb': 'lamb'}
NOTE = 'Lines: geometric mean of the seeds; bands: lowest and highest. Sums α·x + F(x), gain λ of v, o, FFN 1, FFN 2.'


def by_depth(rows, scheme, name):
    """rows: [(scheme, N, seed, {name: value})] -> arrays: depths, geometric mean, lowest and highest of |value|."""
    depths = sorted({row[1] for row in rows if row[0] == scheme})
    groups = [np.abs([row[3][name] for row in rows if row[:2] == (scheme, depth)]) for depth in depths]
    groups = [np.maximum(group, 1e-12) for group in groups]
    return (np.array(depths), np.array([np.exp(np.log(group).mean()) for group in groups]),
            np.array([group.min() for group in groups]), np.array([group.max() for group in groups]))


def lines(axis, rows, name, sloped=()):
    """One line and band a scheme; dotted lines of slopes from where `sloped` (scheme, slope, text) begins."""
    schemes = [scheme for scheme in LABELS if any(row[0] == scheme for row in rows)]
    for scheme in schemes:
        depths, mean, low, high = by_depth(rows, scheme, name)
        colour, marker = STYLES[scheme]
        axis.plot(depths, mean, marker=marker, ms=4, lw=1.3, color=colour, label=LABELS[scheme])
        axis.fill_between(depths, low, high, color=colour, alpha=0.18, lw=0)
    for scheme, slope in sloped:
        if scheme in schemes:
            depths, mean, _, _ = by_depth(rows, scheme, name)
            axis.plot(depths, mean[0] * (depths / depths[0]) ** slope, ':', color='0.2', lw=1)
            axis.annotate('N^%s' % _power(slope), (depths[-1], mean[0] * (depths[-1] / depths[0]) ** slope),
                          xytext=(3, 0), textcoords='offset points', fontsize=8, color='0.2', va='center')
    axis.set(xscale='log', yscale='log', xlabel='blocks N')


def _power(slope):
    return {0.5: '½', 0.25: '¼', -0.5: '-½', 0.0: '0'}.get(float(slope), '%g' % slope)


def foot(made, axes, note):
    """One legend for all panels, below them."""
    handles, labels = axes[0].get_legend_handles_labels()
    single = dict(zip(labels, handles))
    columns = 6 if len(single) < 7 else 4
    made.legend(list(single.values()), list(single), loc='lower center', ncol=columns, frameon=False, fontsize=8.5,
                bbox_to_anchor=(0.5, 0.045))
    made.text(0.5, 0.012, note, ha='center', fontsize=8, color='0.3')


def draw_gradients(rows, folder):
    made, axes = figure(16, 5.2, 4)
    titles = (('squares', '‖∇‖₂² of the matrices: SGD'), ('sum', '‖∇‖₁ of the matrices: Adam'),
              ('lamb', 'Σ rms(θ)·‖∇‖₁ of the matrices: LAMB'), ('vectors sum', '‖∇‖₁ of biases, γ and β'))
    shown = {'squares': ('Post-Norm', 'DeepNorm', 'for Adam'), 'sum': ('Post-Norm', 'DeepNorm', 'for Adam'),
             'lamb': ('Post-Norm', 'for LAMB', 'for Adam')}
    for axis, (name, title) in zip(axes, titles):
        sloped = [(scheme, expected_slope(scheme, name)) for scheme in shown.get(name, ())] or [('for Adam', 1.0)]
        lines(axis, rows, name, sloped)
        axis.set(title=title, ylabel='size of the gradient (loss in nats)')
        axis.title.set_fontsize(10.5)
        axis.margins(x=0.12)
    foot(made, axes, NOTE + " Dotted: the theory's slopes; of the last panel, 1.")
    save(made, folder, 'gradients', 0.17)


def draw_steps(rows, folder):
    """What a step changes: the loss, beside -η times the norm of the rule, and the last block's output."""
    for name, title, unit in (('loss', 'loss', 'nats'), ('output', 'output', 'root mean square')):
        made, axes = figure(14, 5.2, 3)
        for axis, (rule, words) in zip(axes, RULES.items()):
            lines(axis, rows, '%s %s' % (rule, name))
            if name == 'loss':
                _predictions(axis, rows, rule)
            axis.set(title='a step of ' + words, ylabel='size of the change of the %s, %s' % (title, unit))
        foot(made, axes, NOTE + (' Dotted: η·‖∇‖₂², η·‖∇‖₁, η·Σ rms(θ)‖∇‖₁; rings: seeds whose loss rose.'
                                 if name == 'loss' else ' The output of the last norm has the root mean square 1.'))
        save(made, folder, 'step_' + name, 0.17)


def _predictions(axis, rows, rule):
    for scheme, (colour, _) in STYLES.items():
        if not any(row[0] == scheme for row in rows):
            continue
        depths, mean, _, _ = by_depth(rows, scheme, PREDICTED[rule])
        axis.plot(depths, RATES[rule] * mean, ':', color=colour, lw=1)
        rose = [(row[1], row[3][rule + ' loss']) for row in rows if row[0] == scheme and row[3][rule + ' loss'] > 0]
        if rose:
            axis.plot(*zip(*rose), 'o', mfc='none', mec=colour, ms=9)


def draw_matrices(rows, folder):
    """rows: (scheme, N, seed, matrix, block, root mean square of the gradient's entries)."""
    schemes = list(dict.fromkeys(row[0] for row in rows))
    depths = sorted({row[1] for row in rows})
    made, axes = figure(4 * len(schemes), 4.6, len(schemes))
    width = 0.8 / len(depths)
    for axis, scheme in zip(axes, schemes):
        for number, depth in enumerate(depths):
            seeds = np.array([block_means(rows, scheme, depth, matrix) for matrix in MATRICES])
            mean = seeds.mean(axis=1)
            spread = [mean - seeds.min(axis=1), seeds.max(axis=1) - mean]
            axis.bar(np.arange(len(MATRICES)) + (number - (len(depths) - 1) / 2) * width, mean, width * 0.92,
                     color=COLOURS[number], yerr=spread, error_kw={'lw': 0.9, 'capsize': 2}, label='N = %d' % depth)
            if number:
                _theory(axis, rows, scheme, depths[0], depth, (number - (len(depths) - 1) / 2) * width, width)
        axis.set(yscale='log', title=LABELS[scheme].split(':')[0], ylabel='root mean square of the entries')
        axis.set_xticks(range(len(MATRICES)))
        axis.set_xticklabels(MATRICES)
        axis.grid(False, axis='x')
    low, high = min(axis.get_ylim()[0] for axis in axes), max(axis.get_ylim()[1] for axis in axes)
    for axis in axes:
        axis.set_ylim(low, high)
    foot(made, axes, 'Gradients of the loss at the start. Bars: mean of all blocks and seeds; whiskers: the seeds.')
    save(made, folder, 'matrices', 0.12)
    _draw_blocks(rows, schemes, depths, folder)


def _theory(axis, rows, scheme, first, depth, shift, width):
    """Where the theory expects the tops of bars, from those of the least depth."""
    for place, matrix in enumerate(MATRICES):
        slope = matrix_slope(scheme, matrix)
        if slope is not None:
            expected = np.mean(block_means(rows, scheme, first, matrix)) * (depth / first) ** slope
            ends = [place + shift - width / 2, place + shift + width / 2]
            axis.plot(ends, [expected] * 2, 'k-', lw=1.6, zorder=5, label='theory, from N = %d' % first)


def _draw_blocks(rows, schemes, depths, folder):
    depth = depths[len(depths) // 2]
    made, axes = figure(4 * len(schemes), 4.6, len(schemes))
    for axis, scheme in zip(axes, schemes):
        for number, (matrix, colour) in enumerate(zip(MATRICES, COLOURS)):
            seeds = {}
            for row in rows:
                if row[:2] == (scheme, depth) and row[3] == matrix:
                    seeds.setdefault(row[2], []).append(row[5])
            values = np.array(list(seeds.values()))
            axis.plot(np.arange(1, depth + 1), np.exp(np.log(values).mean(axis=0)), '--' if number % 2 else '-', lw=1.2,
                      color=colour, label=matrix)
            axis.fill_between(np.arange(1, depth + 1), values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15,
                              lw=0)
        axis.set(yscale='log', title='%s, N = %d' % (LABELS[scheme].split(':')[0], depth),
                 xlabel='block, from the input', ylabel='root mean square of the entries')
    low, high = min(axis.get_ylim()[0] for axis in axes), max(axis.get_ylim()[1] for axis in axes)
    for axis in axes:
        axis.set_ylim(low, high)
    foot(made, axes, 'Gradients at the start. Lines: geometric mean of the seeds; bands: lowest and highest.')
    save(made, folder, 'matrices_by_block', 0.12)


def block_means(rows, scheme, depth, matrix):
    """[mean over the blocks, for each seed]."""
    seeds = {}
    for row in rows:
        if row[:2] == (scheme, depth) and row[3] == matrix:
            seeds.setdefault(row[2], []).append(row[5])
    return [float(np.mean(values)) for values in seeds.values()]
