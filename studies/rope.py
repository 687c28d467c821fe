"""RoPE: scores know distances only, and how they decay with them.

Claims (kexue.fm/archives/8265, 8998): turned by the angles of their positions, a query and a key give a score that
depends on their distance alone; and it decays with the distance: it is at most max|h(i+1) - h(i)| · Σ|S(j)|, where
S(j) = Σ over i < j of exp(i·r·θ(i)), and the mean of |S(j)| falls with the distance r. Measured here, with the
library's own rotary positions: that mean by distance and base; what real scores do beside it, of a key like its query
and of a key that has nothing to do with it; and by how much scores, and the outputs of encoders, change when all
positions are shifted, by precision. Runs on every stack, in seconds.

    python -m studies.rope [--full] [--output DIR] [--size D]
"""

from __future__ import annotations

import numpy as np

from studies.common import COLOURS, figure, markdown, parser, save, write_csv

BASES = (100.0, 10000.0, 1000000.0)
DTYPES = ('float32', 'bfloat16', 'float16')
ARTICLE = (0, 1, 4, 16, 64, 128, 256)  # distances of the table
ENCODERS = ('roformer_v2', 'bert')


def turned(x, positions, base=10000.0, dtype='float32'):
    """x (n, h, d) at positions (n,), turned by the library in that precision -> the same shape, float32."""
    from gplinker_kit.backend import measuring, ops
    from gplinker_kit.layers.rotary import apply_rotary, rotary_positions

    def turn(x, positions):
        table = rotary_positions(positions, x.shape[-1], rotary_base=base)
        return [ops.cast(apply_rotary(ops.cast(x, dtype), table), 'float32')]

    arrays = [np.asarray(x, 'float32')[None], np.asarray(positions, 'float32')[None]]
    return measuring.compute(turn, arrays)[0][0]


def partial_sums(distance, size, base=10000.0):
    """Returns |S(j)|, j = 1 … size/2, in float64."""
    angles = distance * base ** (-2.0 * np.arange(size // 2) / size)
    return np.abs(np.cumsum(np.exp(1j * angles)))


def decay_bound(distance, size, base=10000.0):
    """The article's curve: the mean of |S(j)|; at distance 0 it is (size/2 + 1) / 2."""
    return float(partial_sums(distance, size, base).mean())


def like_score(distance, size, base=10000.0):
    """The expected score of a key equal to its query, in parts of that at distance 0: the mean of cos(r·θ(i))."""
    return float(np.cos(distance * base ** (-2.0 * np.arange(size // 2) / size)).mean())


def scores_by_distance(distances, size, draws, seed=0):
    """Returns rows (distance, mean score of k = q, its deviation, root mean square of independent q and k, bound used).

    Scores of normal vectors, divided by their `size`; the key stands at 0 and the query at the distance. Bound used:
    the largest of |score| / (max|h(i+1) - h(i)| Σ|S(j)|), which the article says is at most 1; h(i) are the products
    of the pairs of channels as complex numbers, h = 0 behind the last.
    """
    random = np.random.RandomState(seed)
    query, key = random.normal(size=(2, draws, size)).astype('float32')
    pairs = (query[:, 0::2] + 1j * query[:, 1::2]) * np.conj(key[:, 0::2] + 1j * key[:, 1::2])
    steps = np.abs(np.diff(np.concatenate([pairs, np.zeros((draws, 1))], axis=1), axis=1)).max(axis=1)
    at = turned(np.broadcast_to(query, (len(distances), draws, size)), distances)
    rows = []
    for distance, far in zip(distances, at):
        like, other = (far * query).sum(-1) / size, (far * key).sum(-1) / size
        most = steps * partial_sums(distance, size).sum() / size
        rows.append((int(distance), float(like.mean()), float(like.std()), float(np.sqrt((other**2).mean())),
                     float((np.abs(other) / most).max())))
    return rows


def shift_errors(shifts, size, dtype, draws, seed=0):
    """Returns, for each shift, the largest change of a score when both positions grow by it, in parts of |q|·|k|.

    Distances are drawn from 0 … 255; what is compared is the score of the positions without a shift, in that precision.
    """
    random = np.random.RandomState(seed)
    query, key = random.normal(size=(2, draws, size)).astype('float32')
    starts, distances = random.randint(0, 256, (2, draws))
    norms = np.linalg.norm(query, axis=-1) * np.linalg.norm(key, axis=-1)

    def scores(shift):
        q, k = (turned(x[:, None], positions + shift, dtype=dtype)[:, 0]
                for x, positions in ((query, starts + distances), (key, starts)))
        return (q.astype('float64') * k).sum(-1)

    first = scores(0)
    return [float((np.abs(scores(shift) - first) / norms).max()) for shift in shifts]


def encoder_changes(encoder, shifts, blocks, width=64, length=32):
    """Returns by how much a fresh encoder's outputs change, relative to them, when all its positions are shifted."""
    from gplinker_kit.backend import set_random_seed
    from gplinker_kit.models import build_transformer_model

    set_random_seed(0)
    own = {'max_position': length + max(shifts)} if encoder == 'bert' else {}
    model = build_transformer_model(
        model=encoder, vocab_size=100, hidden_size=width, num_hidden_layers=blocks, num_attention_heads=1,
        intermediate_size=4 * width, hidden_act='relu', segment_vocab_size=0, custom_position_ids=True, **own)
    random = np.random.RandomState(0)
    # As the builder makes them, matrices are small and attention looks everywhere alike. These are of Xavier's size.
    model.set_weights([random.normal(0, _deviation(w.shape, width), w.shape) if w.ndim == 2 else w
                       for w in model.get_weights()])
    tokens, places = random.randint(1, 100, (4, length)), np.tile(np.arange(length), (4, 1))
    dtype = 'int32' if encoder == 'bert' else 'float32'
    first, *others = (np.asarray(model.predict_on_batch([tokens, (places + shift).astype(dtype)]))
                      for shift in (0,) + tuple(shifts))
    return [float(np.sqrt(((other - first) ** 2).mean() / (first**2).mean())) for other in others]


def _deviation(shape, width):
    """Xavier's for the matrices of an encoder, 1/√width for its tables, however many rows they have."""
    matrix = set(shape) <= {width, 4 * width}
    return (2.0 / sum(shape) if matrix else 1.0 / width) ** 0.5


def draw(bounds, scores, shifts, size, folder):
    made, axes = figure(14, 4.2, 3)
    for base, colour in zip(BASES, COLOURS):
        axes[0].plot(*zip(*[(row[2], row[3]) for row in bounds if row[1] == base]), color=colour, lw=1.2,
                     label='base %s' % format(int(base), ','))
    points = [(row[2], row[3]) for row in bounds if row[1] == 10000.0 and row[2] in ARTICLE]
    axes[0].plot(*zip(*points), 'o', color=COLOURS[1], ms=4, label="the table's distances")
    axes[0].set(xlabel='distance, tokens', ylabel='mean of |S(j)|', ylim=(0, None),
                title='the bound, %d channels' % size)
    distances = [row[0] for row in scores]
    like, spread = (np.array([row[k] for row in scores]) for k in (1, 2))
    axes[1].plot(distances, like, color=COLOURS[0], lw=1, label='k = q (band: deviation of draws)')
    axes[1].fill_between(distances, like - spread, like + spread, color=COLOURS[0], alpha=0.15, lw=0)
    axes[1].plot(distances, [like_score(r, size) for r in distances], '--', color='0.3', lw=1, label='mean of cos(r θ)')
    axes[1].plot(distances, [row[3] * size**0.5 for row in scores], color=COLOURS[1], lw=1,
                 label='q, k independent: root mean square · √%d' % size)
    axes[1].set(xlabel='distance, tokens', ylabel='score / %d' % size, title='scores of normal vectors')
    for number, name in enumerate(dict.fromkeys(row[0] for row in shifts)):
        mine = [(row[1], max(row[2], 1e-9)) for row in shifts if row[0] == name]
        axes[2].plot(*zip(*mine), 'o-' if name in DTYPES else 's--', ms=3.5, color=COLOURS[number], label=name)
    ends = np.array(sorted({row[1] for row in shifts}))
    axes[2].plot(ends, ends * 2.0**-24, ':', color='0.3', label='shift · 2^-24')
    axes[2].set(xscale='log', yscale='log', xlabel='shift of all positions, tokens', title='what a shift changes',
                ylabel='largest change / |q||k|; encoders: of outputs')
    for axis in axes:
        axis.legend(frameon=False, fontsize=7.5)
    save(made, folder, 'rope')


def main():
    options = parser(__doc__, 'rope')
    options.add_argument('--size', type=int, default=128, help='channels of a head (default: %(default)s)')
    options = options.parse_args()
    draws, far, blocks = (500, 2048, 4) if options.full else (200, 512, 2)
    distances = np.arange(0, far + 1, 4)
    bounds = [(options.size, base, int(r), decay_bound(r, options.size, base)) for base in BASES
              for r in sorted(set(distances.tolist()) | set(ARTICLE))]
    scores = scores_by_distance(distances, options.size, draws)
    shifts = [2**k for k in range(0, 21, 1 if options.full else 4)]
    changed = [(dtype, shift, error) for dtype in DTYPES
               for shift, error in zip(shifts, shift_errors(shifts, options.size, dtype, draws))]
    for encoder in ENCODERS:
        within = [shift for shift in shifts if shift <= 2**14] if encoder == 'bert' else shifts
        changed += [('encoder ' + encoder, shift, change)
                    for shift, change in zip(within, encoder_changes(encoder, within, blocks))]
    write_csv(options.output, 'bound', ['channels', 'base', 'distance', 'mean of |S(j)|'], bounds)
    write_csv(options.output, 'scores', ['distance', 'k = q, mean', 'deviation', 'independent, root mean square',
                                         'of the bound, at most'], scores)
    write_csv(options.output, 'shifts', ['what', 'shift', 'change'], changed)
    print(markdown(['distance'] + ['base %d' % base for base in BASES],
                   [[r] + [row[3] for base in BASES for row in bounds if row[1:3] == (base, r)] for r in ARTICLE]))
    names = list(dict.fromkeys(row[0] for row in changed))
    print(markdown(['shift'] + names, [[shift] + ['%.1e' % row[2] if row else '' for row in (
        next((row for row in changed if row[:2] == (name, shift)), None) for name in names)] for shift in shifts[::4]]))
    used = max(row[4] for row in scores)
    print('independent vectors use at most %.3f of the bound' % used)
    draw(bounds, scores, changed, options.size, options.output)


if __name__ == '__main__':
    main()
