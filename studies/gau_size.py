"""How large a gated unit's output is beside its input: RMS(GAU(x)) by length, key size, initial gain and normalisation.

Claims (kexue.fm/archives/8990): of fresh LeCun matrices and x of N(0, 1), with q = k, a unit of relu²(q·k)/(n·s) has
the attention matrix (s·ν⁴/n)·I nearly, so that RMS(GAU(x)) ≈ s·ν⁶/n, about 0.01 at s = 128 and n = 512, ν² the second
moment of Swish; and all matrices λ times as large make it λ⁷ times as large. Measured here, with the library's own
layer: the whole output, and the part of the diagonal alone; other normalisations; and the units of the toy models of
`studies.warmup`. Runs on every stack.

    KERAS_BACKEND=torch python -m studies.gau_size [--full] [--output DIR] [--width D] [--key-size S] [--depth L]
"""

from __future__ import annotations

import numpy as np

from studies.common import COLOURS, figure, markdown, parser, save, write_csv

SEEDS = (0, 1, 2)
LENGTHS, KEY_SIZES = (32, 64, 128, 256, 512, 1024, 2048), (16, 32, 64, 128, 256, 512)
GAINS = (0.125, 0.25, 0.354, 0.5, 0.554, 0.707, 0.841, 1.0, 1.189, 1.414)  # 0.554: a deviation of 0.02 at width 768
LENGTH = 512  # of the sweeps over key size and gain
# title: options of `GatedAttentionUnit`
NORMALIZATIONS = {
    'relu² / (n s)': {},
    'relu² / n²': {'attention_scale': False, 'divisor': 'n^2'},
    'softmax': {'normalization': 'softmax'},
    'softmax_plus': {'normalization': 'softmax_plus'},
}
ARTICLES = 'relu² / (n s)'
DIAGONAL = 'its diagonal alone'
HEADER = ('sweep', 'attention', 'length', 'key size', 'gain', 'seed', 'RMS', 's nu^6 gain^7 / n')


def moments():
    """Returns (μ, ν²): mean and mean square of Swish of N(0, 1), by Gauss and Hermite's rule."""
    places, weights = np.polynomial.hermite_e.hermegauss(120)
    swish = places / (1 + np.exp(-places))
    weights = weights / weights.sum()
    return float(weights @ swish), float(weights @ swish**2)


def diagonal_theory(length, key_size, gain=1.0):
    """The article's size of the output: s·ν⁶/n·λ⁷."""
    return key_size * moments()[1] ** 3 / length * gain**7


def level(key_size):
    """What the terms beside the diagonal add up to, of however many tokens: ν·μ·(ν⁴ + (s - 1)·μ⁴).

    The mean of (z·z')² for two tokens is s·ν⁴ + s(s - 1)·μ⁴; over n·s, n of them, times values of mean μ, times a gate.
    Neglected: that relu cuts negative products off, and that a sum of n terms has a spread.
    """
    mean, square = moments()
    return square**0.5 * mean * (square**2 + (key_size - 1) * mean**4)


def sizes(options, lengths, width, key_size, gains, seed):
    """Returns {(length, gain): `parts`} of a unit of inner width 2d, on inputs (1, n, d) of N(0, 1), without positions.

    options: of `GatedAttentionUnit`. Matrices are LeCun's, of this seed; the same ones at every length and gain.
    """
    from gplinker_kit.backend import set_random_seed
    from gplinker_kit.layers import GatedAttentionUnit
    from gplinker_kit.models.initial import MatrixInitializer

    set_random_seed(seed)
    unit = GatedAttentionUnit(2 * width, key_size, use_bias=False, kernel_initializer=MatrixInitializer('lecun'),
                              **options)  # fmt: skip
    unit.build((None, None, width))
    fresh, random, found = unit.get_weights(), np.random.RandomState(seed), {}
    for length in lengths:
        x = random.normal(size=(1, length, width)).astype('float32')
        for gain in gains:
            unit.set_weights([gain * w if w.ndim == 2 else w for w in fresh])
            found[length, gain] = parts(unit, x)
    return found


def parts(unit, x):
    """(RMS of a unit's output on x (1, n, d), RMS of its diagonal part, None where it is not of relu² / (n·s))."""
    whole, length = rms(unit, [x]), x.shape[1]
    if unit.normalization != 'squared_relu' or not unit.attention_scale:
        return whole, None
    # No token sees another one, but the divisor still counts them all.
    alone = type(unit).from_config(dict(unit.get_config(), divisor=float(length)))
    alone.build((None, None, x.shape[2]))
    alone.set_weights(unit.get_weights())
    return whole, rms(alone, [x, np.eye(length, dtype=bool)[None]], a_bias=True)


def rms(layer, arrays, **arguments):
    """Root mean square of what a layer makes of arrays."""
    from gplinker_kit.backend import measuring

    def call(*tensors):
        return [layer(tensors[0] if len(tensors) == 1 else list(tensors), **arguments)]

    output = measuring.compute(call, arrays)[0].astype('float64')
    return float(np.sqrt(np.mean(output**2)))


def sweep(name, title, lengths, width, key_size, gains, seed):
    """Rows (HEADER) of `sizes`."""
    rows = []
    for (length, gain), both in sizes(NORMALIZATIONS[title], lengths, width, key_size, gains, seed).items():
        theory = diagonal_theory(length, key_size, gain)
        rows += [(name, words, length, key_size, gain, seed, value, theory)
                 for words, value in zip((title, DIAGONAL), both) if value is not None]  # fmt: skip
    return rows


def toy_sizes(depth, seeds):
    """Rows (variant, unit, seed, RMS of its output) of fresh models of `studies.warmup`, on rows of its task.

    What a unit gets has a root mean square of 1: every unit stands behind a norm.
    """
    from gplinker_kit.models import measure
    from studies import gau_variants, patterns

    size, rows = gau_variants.SIZE, []
    for kind in gau_variants.NORMALIZATIONS:
        for start in gau_variants.STARTS:
            variant = gau_variants.Variant(kind, start, 0)
            for seed in seeds:
                model = gau_variants.build(variant, depth, seed, stack='unrolled')
                tokens, _ = patterns.rows(size.batch, size.length, size.vocabulary, np.random.RandomState(seed))
                found = measure.activation_rms(model, [tokens])
                rows += [(gau_variants.name(variant), unit + 1, seed,
                          found['Transformer-%d-GatedAttentionUnit' % unit]) for unit in range(depth)]  # fmt: skip
    return rows


def summary(rows, place, key):
    """{key(row): {row[place]: (mean, least, most)}} of rows whose last number but one is an RMS, over seeds."""
    groups = {}
    for row in rows:
        groups.setdefault(key(row), {}).setdefault(row[place], []).append(row[6] if len(row) > 4 else row[3])
    return {name: {at: (float(np.mean(v)), min(v), max(v)) for at, v in sorted(curve.items())}
            for name, curve in groups.items()}  # fmt: skip


def plot(axis, curve, colour, label, **style):
    """A curve {place: (mean, least, most)} with the seeds' band."""
    places, values = list(curve), np.array(list(curve.values()))
    axis.plot(places, values[:, 0], color=colour, label=label, **style)
    axis.fill_between(places, values[:, 1], values[:, 2], color=colour, alpha=0.2, lw=0)


def draw(rows, toys, width, key_size, depth, folder):
    made, axes = figure(17, 5.4, 4)
    colours = dict(zip(list(NORMALIZATIONS) + [DIAGONAL], COLOURS))
    for axis, name, place in zip(axes, ('length', 'key size', 'gain'), (2, 3, 4)):
        mine = [row for row in rows if row[0] == name]
        for title, curve in summary(mine, place, lambda row: row[1]).items():
            hidden = title == 'softmax'  # softmax_plus is the same at 512 tokens
            plot(axis, curve, colours[title], title, marker='o', ms=5 if hidden else 3, lw=2.8 if hidden else 1.2)
        theory = sorted({(row[place], row[7]) for row in mine})
        axis.plot(*zip(*theory), '--', color='0.2', lw=1, label='theory: s ν⁶ λ⁷ / n')
        places = [at for at, _ in theory]
        if name != 'gain':
            levels = [level(at if name == 'key size' else key_size) for at in places]
            axis.plot(places, levels, ':', color='0.2', lw=1.2, label='our level, many tokens: ν μ (ν⁴ + (s - 1) μ⁴)')
        axis.set(xscale='log', yscale='log', ylabel='RMS(GAU(x)), x ~ N(0, 1)')
        axis.set_xticks([at for at in places if name != 'gain' or at in (0.125, 0.25, 0.5, 1.0)])
        axis.set_xticklabels(['%g' % at for at in axis.get_xticks()])
        axis.minorticks_off()
    axes[0].set(xlabel='length n, tokens', title='s = %d, λ = 1' % key_size)
    axes[1].set(xlabel='key size s', title='n = %d, λ = 1' % LENGTH)
    axes[2].set(xlabel='gain λ of all matrices', title='n = %d, s = %d' % (LENGTH, key_size))
    axes[0].text(0.02, 0.02, 'd = %d, e = %d' % (width, 2 * width), transform=axes[0].transAxes, fontsize=8)
    styles = [(colour, line) for colour in (COLOURS[0], COLOURS[2], COLOURS[3]) for line in ('-', '--', ':')]
    for (name, curve), (colour, line) in zip(summary(toys, 1, lambda row: row[0]).items(), styles):
        plot(axes[3], curve, colour, name[4:], ls=line, lw=2.4 if name.startswith('GAU softmax,') else 1.2)
    axes[3].set(yscale='log', xlabel='unit, of %d' % depth, ylabel='RMS(GAU(x)), RMS(x) = 1',
                title='units of the fresh toy models')  # fmt: skip
    for axis, columns, place, left in ((axes[0], 3, 'lower left', 0.03), (axes[3], 3, 'lower right', 0.99)):
        handles, words = axis.get_legend_handles_labels()
        made.legend(handles, words, frameon=False, fontsize=8.5, ncol=columns, loc=place, bbox_to_anchor=(left, 0))
    save(made, folder, 'gau_size', below=0.15)


def main(argv=None):
    options = parser(__doc__, 'warmup')
    options.add_argument('--width', type=int, help='d; default: 768 with --full, else 256')
    options.add_argument('--key-size', type=int, default=128, help='s (default: %(default)s)')
    options.add_argument('--depth', type=int, default=48, help='units of the toy models (default: %(default)s)')
    options = options.parse_args(argv)
    width, key_size = options.width or (768 if options.full else 256), options.key_size
    seeds = SEEDS if options.full else SEEDS[:1]
    lengths, keys, gains = (LENGTHS, KEY_SIZES, GAINS) if options.full else (LENGTHS[1:-2], KEY_SIZES[:-1], GAINS[1::2])
    rows = []
    for seed in seeds:
        for title in NORMALIZATIONS:
            rows += sweep('length', title, lengths, width, key_size, (1.0,), seed)
            rows += sweep('gain', title, (LENGTH,), width, key_size, gains, seed)
            rows += [row for size in keys for row in sweep('key size', title, (LENGTH,), width, size, (1.0,), seed)]
            print('seed %d, %s' % (seed, title), flush=True)
    write_csv(options.output, 'gau_size', HEADER, rows)
    toys = toy_sizes(options.depth, seeds)
    write_csv(options.output, 'gau_size_toys', ['variant', 'unit', 'seed', 'RMS'], toys)
    for name, place in (('length', 2), ('key size', 3), ('gain', 4)):
        mine = [row for row in rows if row[0] == name]
        found = summary(mine, place, lambda row: row[1])
        theory = {row[place]: row[7] for row in mine}
        print(markdown([name] + list(found) + ['s ν⁶ λ⁷ / n'],
                       [[at] + ['%.2g' % found[title][at][0] for title in found] + ['%.2g' % theory[at]]
                        for at in sorted(theory)]))  # fmt: skip
    found = summary(toys, 1, lambda row: row[0])
    print(markdown(['toy model', 'first unit', 'middle', 'last'],
                   [[name] + ['%.2g' % curve[unit][0] for unit in (1, options.depth // 2, options.depth)]
                    for name, curve in found.items()]))  # fmt: skip
    print('what the rest tends to at s = %d: %.4f' % (key_size, level(key_size)))
    draw(rows, toys, width, key_size, options.depth, options.output)


if __name__ == '__main__':
    main()
