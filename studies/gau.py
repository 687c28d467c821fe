"""Gated attention units against attention and feed-forward networks, at equal parameters, on real text.

Claims (kexue.fm/archives/9052, 8934): two gated units (GAU) stand for one block of attention and feed-forward network
at equal parameters, and a model of them is at least as good; GAU-α's initialisation needs no warm-up. Trained here on
Chinese texts of CLUE, one after the other in the same minutes and on the same batches: N blocks of RoFormerV2, and 2N
of GAU-α with its own initialisation and with Xavier's; all guess hidden characters. Drawn: held-out loss by steps and
by seconds of training, and by learning rate in the trials that chose each model's. Any stack; PyTorch is the fastest.

    OMP_NUM_THREADS=1 KERAS_BACKEND=torch python -m studies.gau [--full] [--output DIR] [--width D] [--blocks N] …
"""

from __future__ import annotations

import time

import numpy as np

from studies import clue_texts
from studies.common import COLOURS, data_path, figure, markdown, parser, save, write_csv
from studies.masked import guesser, hidden_crossentropy, hide

# variant: (title, colour, line)
VARIANTS = {
    'roformer_v2': ('N × (attention + FFN), RoFormerV2', COLOURS[0], '-'),
    'gau_alpha': ('2N × GAU, own initialisation', COLOURS[1], '-'),
    'gau_xavier': ('2N × GAU, Xavier', COLOURS[1], '--'),
}
WIDTH, BLOCKS, LENGTH, TOKENS, STEPS = 64, 2, 64, 2000, (600, 1500)
RATES = (1e-3, 3e-3, 1e-2)
SHARE, HEAD = 0.15, 32  # of the tokens that are hidden; channels of a head
HELD_OUT = 512  # rows
TRIAL_SEED, TRIAL_SHARE = 100, 0.25  # of the runs that choose the learning rate, and how long they are
RUNS = ('variant', 'rate', 'seed', 'step', 'seconds', 'held-out loss')


def units_of(width, key_size):
    """The inner width of a GAU with half the weights of a block: 3·d·u + d·s = (4·d² + 8·d²) / 2, so u = 2·d - s/3."""
    return 2 * width - key_size // 3


def build(variant, sizes, tokens, seed):
    """Returns (encoder's wrapper, model that guesses hidden tokens) with fresh weights, without dropout.

    sizes: the command's options, of which width, blocks and key_size count. tokens: int, size of the vocabulary.
    """
    from gplinker_kit.backend import set_random_seed
    from gplinker_kit.models import build_transformer_model

    set_random_seed(seed)
    width = sizes.width
    if variant == 'roformer_v2':
        own = {'num_hidden_layers': sizes.blocks, 'num_attention_heads': width // HEAD, 'intermediate_size': 4 * width,
               'hidden_act': 'relu'}
    else:
        own = {'num_hidden_layers': 2 * sizes.blocks, 'num_attention_heads': 1, 'attention_key_size': sizes.key_size,
               'intermediate_size': units_of(width, sizes.key_size), 'hidden_act': 'swish',
               'initialization': 'xavier' if variant == 'gau_xavier' else None}
    wrapper = build_transformer_model(
        model='roformer_v2' if variant == 'roformer_v2' else 'gau_alpha', vocab_size=tokens, hidden_size=width,
        segment_vocab_size=0, dropout_rate=0.0, attention_dropout_rate=0.0, return_keras_model=False, **own)
    return wrapper, guesser(wrapper)


def block_weights(wrapper):
    """How many numbers the blocks hold: all but the token table."""
    return int(wrapper.model.count_params()) - wrapper.vocab_size * wrapper.hidden_size


def batches(rows, size, special, mask, seed):
    """Yields (tokens, positions, wanted) without end: rows in a new order each time, hidden anew each time."""
    random = np.random.RandomState(seed)
    while True:
        order = random.permutation(len(rows))
        for start in range(0, len(rows) - size + 1, size):
            yield hide(rows[order[start:start + size]], rows.shape[1], SHARE, mask, special, random)


def held_out_loss(model, batch, size):
    """The mean cross-entropy of the hidden tokens of a batch, which goes through the model `size` rows at a time."""
    total, count = 0.0, 0
    for start in range(0, len(batch[0]), size):
        tokens, positions, wanted = (array[start:start + size] for array in batch)
        known = int((wanted >= 0).sum())
        loss = model.test_on_batch([tokens, positions], wanted)
        total, count = total + known * float(np.ravel(loss)[0]), count + known
    return total / count


class Text:
    """The corpus as arrays.

    Attributes: tokens, int, size of the vocabulary. special, mask: ids. train (rows, n). held_out: what `hide` returned
    of `HELD_OUT` rows of texts that are not trained on. unigram: loss of a guesser that knows frequencies only.
    """

    def __init__(self, tokens, length):
        texts = clue_texts.read_texts('train')
        tokenizer = clue_texts.frequent_tokenizer(texts, tokens, data_path(*clue_texts.VOCABULARY))
        self.tokens = tokenizer._vocab_size
        self.special, self.mask = list(range(len(clue_texts.SPECIAL))), tokenizer._token_dict['[MASK]']
        self.train = clue_texts.packed(tokenizer, texts, length)
        known = set(texts)
        others = [text for text in clue_texts.read_texts('dev') if text not in known]
        rows, random = clue_texts.packed(tokenizer, others, length), np.random.RandomState(0)
        rows = rows[random.permutation(len(rows))[:HELD_OUT]]
        self.held_out = hide(rows, length, SHARE, self.mask, self.special, random)
        hidden = self.held_out[2][self.held_out[2] >= 0]
        self.unigram = clue_texts.unigram_loss(hidden, self.train, self.tokens, self.special)


class Run:
    """A model in training.

    Attributes: rows, a tuple of `RUNS` for each evaluation; steps, the seconds of every step but the first, in which
    engines compile. They are seconds of the processor, which those of the clock are for one thread that never waits.
    """

    def __init__(self, variant, rate, seed, options, text):
        from gplinker_kit.optimizers import Adam

        self.labels = (variant, rate, seed)
        self.options, self.text, self.rows, self.steps, self.done = options, text, [], [], 0
        self.wrapper, self.model = build(variant, options, text.tokens, seed)
        self.model.compile(loss=hidden_crossentropy, optimizer=Adam(rate))
        self.batches = batches(text.train, options.batch, text.special, text.mask, seed)

    def go_on(self, steps):
        """Trains for that many steps, then evaluates."""
        from gplinker_kit.fitting import train_step

        for _ in range(steps):
            tokens, positions, wanted = next(self.batches)
            started = time.process_time()
            train_step(self.model, [tokens, positions], wanted)
            if self.done:
                self.steps.append(time.process_time() - started)
            self.done += 1
        loss = held_out_loss(self.model, self.text.held_out, self.options.batch)
        self.rows.append(self.labels + (self.done, sum(self.steps), loss))


def train_together(rates, seed, steps, options, text):
    """Trains every variant of `rates`, {variant: learning rate}, in turns from evaluation to evaluation.

    What slows the machine down for a while so slows all. Returns: [Run].
    """
    runs = [Run(variant, rate, seed, options, text) for variant, rate in rates.items()]
    for _ in range(max(1, steps // options.every)):
        for run in runs:
            run.go_on(min(steps, options.every))
    for run in runs:
        variant, rate, seed, step, seconds, loss = run.rows[-1]
        print('%s, rate %g, seed %d: held-out loss %.3f after %d steps, %.0f s' % (
            variant, rate, seed, loss, step, seconds), flush=True)
    return runs


def chosen_rates(options, text):
    """The rate of each variant with the least loss after short trials: ({variant: rate}, rows of the trials).

    Of a single rate in the options there are no trials.
    """
    if len(options.rates) == 1:
        return dict.fromkeys(VARIANTS, options.rates[0]), []
    rows, steps = [], int(options.steps * TRIAL_SHARE)
    for rate in options.rates:
        runs = train_together(dict.fromkeys(VARIANTS, rate), TRIAL_SEED, steps, options, text)
        rows += [run.rows[-1] for run in runs]
    best = {}
    for variant in VARIANTS:
        mine = [row for row in rows if row[0] == variant and np.isfinite(row[-1])]
        best[variant] = min(mine, key=lambda row: row[-1])[1]
    return best, rows


def mean_curve(rows, variant):
    """Arrays over the evaluations of a variant: steps, mean seconds, and mean, least and greatest loss of its seeds."""
    steps = sorted({row[3] for row in rows if row[0] == variant})
    at = [[row for row in rows if row[0] == variant and row[3] == step] for step in steps]
    losses = [[row[-1] for row in some] for some in at]
    return (np.array(steps), np.array([np.mean([row[4] for row in some]) for some in at]),
            *(np.array([function(some) for some in losses]) for function in (np.mean, min, max)))


def first_at(xs, losses, loss):
    """Where a curve first comes down to that loss, by straight lines between its points; None if nowhere."""
    for number, below in enumerate(losses):
        if below <= loss:
            if number == 0:
                return float(xs[0])
            above = losses[number - 1]
            return float(xs[number - 1] + (xs[number] - xs[number - 1]) * (above - loss) / (above - below))
    return None


def table(rows, rates, sizes):
    """(header, rows): a row a variant; sizes: {variant: (weights of its blocks, milliseconds of a step)}."""
    curves = {variant: mean_curve(rows, variant) for variant in VARIANTS}
    steps, seconds, mean, _, _ = curves['roformer_v2']
    together = min(curve[1][-1] for curve in curves.values())  # when the first one ends, in seconds
    header = ['model', 'weights of blocks', 'rate', 'ms a step', 'loss after %d steps (least … most)' % steps[-1],
              'after %.0f s' % together, "steps, seconds to RoFormerV2's last loss"]
    made = []
    for variant, (title, _, _) in VARIANTS.items():
        own_steps, own_seconds, own, low, high = curves[variant]
        reached = [first_at(xs, own, mean[-1]) for xs in (own_steps, own_seconds)]
        made.append([
            title, '{:,}'.format(sizes[variant][0]), '%g' % rates[variant], '%.0f' % sizes[variant][1],
            '%.3f (%.3f … %.3f)' % (own[-1], low[-1], high[-1]), '%.3f' % np.interp(together, own_seconds, own),
            'not reached' if reached[0] is None else '%.0f, %.0f s' % tuple(reached),
        ])
    return header, made


def draw(rows, trials, text, folder):
    """Held-out loss by steps and by seconds, with a band from least to most over the seeds; trials by rate."""
    made, axes = figure(14 if trials else 10, 4.6, 3 if trials else 2)
    for variant, (title, colour, line) in VARIANTS.items():
        steps, seconds, mean, low, high = mean_curve(rows, variant)
        for axis, xs in zip(axes, (steps, seconds)):
            axis.plot(xs, mean, line, color=colour, lw=1.6, label=title)
            axis.fill_between(xs, low, high, color=colour, alpha=0.18, lw=0)
        if trials:
            mine = sorted((row[1], row[-1]) for row in trials if row[0] == variant)
            axes[2].plot(*zip(*mine), line, marker='o', ms=4, color=colour, label=title)
    seeds = len({row[2] for row in rows})
    axes[0].set(xlabel='steps', ylabel='held-out loss, nats a hidden character', title='by steps, %d seed%s%s' % (
        seeds, '' if seeds == 1 else 's', '' if seeds == 1 else ' (band: least and most)'))
    axes[1].set(xlabel='processor seconds of training', title='by time')
    for axis in axes[:2]:
        axis.axhline(text.unigram, color='0.3', ls=':', lw=1, label='frequencies only')
    if trials:
        axes[2].set(xscale='log', xlabel="Adam's rate", ylabel='held-out loss', title='trials, %d steps' % trials[0][3])
        rates = sorted({row[1] for row in trials})
        axes[2].set_xticks(rates)
        axes[2].set_xticklabels(['%g' % rate for rate in rates])
        axes[2].minorticks_off()
    handles, words = axes[0].get_legend_handles_labels()
    made.legend(handles, words, frameon=False, fontsize=8.5, ncol=4, loc='lower center')
    save(made, folder, 'gau', below=0.07)


def options_of(argv):
    """The command line's options; those that --full changes are filled in."""
    made = parser(__doc__, 'gau')
    made.add_argument('--width', type=int, default=WIDTH, help='channels (default: %(default)s)')
    made.add_argument('--blocks', type=int, default=BLOCKS, help='N: blocks, 2N units (default: %(default)s)')
    made.add_argument('--key-size', type=int, default=24, help='of a unit, a multiple of 6 (default: %(default)s)')
    made.add_argument('--length', type=int, default=LENGTH, help='tokens a row (default: %(default)s)')
    made.add_argument('--batch', type=int, default=32, help='rows a step (default: %(default)s)')
    made.add_argument('--tokens', type=int, default=TOKENS, help='size of the vocabulary (default: %(default)s)')
    made.add_argument('--every', type=int, default=100, help='steps between evaluations (default: %(default)s)')
    made.add_argument('--steps', type=int, help='default: %d; with --full %d' % STEPS)
    made.add_argument('--seeds', type=int, nargs='+', help='default: 0; with --full 0 1 2')
    made.add_argument('--rates', type=float, nargs='+', help='of Adam; of several, trials choose one for each model '
                      '(default: %g; with --full %s)' % (RATES[1], ' '.join('%g' % rate for rate in RATES)))
    options = made.parse_args(argv)
    options.steps = options.steps or STEPS[options.full]
    options.seeds = options.seeds or ([0, 1, 2] if options.full else [0])
    options.rates = options.rates or (list(RATES) if options.full else [RATES[1]])
    if options.width % HEAD or options.key_size % 6:
        made.error('--width must be a multiple of %d, and --key-size of 6' % HEAD)
    return options


def main(argv=None):
    options = options_of(argv)
    text = Text(options.tokens, options.length)
    print('%d rows of %d tokens to train on, %d held out; frequencies only: %.3f' % (
        len(text.train), options.length, len(text.held_out[0]), text.unigram), flush=True)
    rates, trials = chosen_rates(options, text)
    rows, sizes, seconds = [], {}, {variant: [] for variant in VARIANTS}
    for seed in options.seeds:
        for run in train_together(rates, seed, options.steps, options, text):
            variant = run.labels[0]
            rows += run.rows
            seconds[variant] += run.steps
            sizes[variant] = block_weights(run.wrapper)
    write_csv(options.output, 'gau', RUNS, rows)
    if trials:
        write_csv(options.output, 'gau_trials', RUNS, trials)
    sizes = {variant: (sizes[variant], 1000 * float(np.median(seconds[variant]))) for variant in VARIANTS}
    print(markdown(*table(rows, rates, sizes)))
    draw(rows, trials, text, options.output)


if __name__ == '__main__':
    main()
