"""What the two branches of FLASH are for: mixed chunk attention with one of them off.

Claim (kexue.fm/archives/8934; Hua et al., 2022, arXiv:2202.10447, where it is a figure): on text with long-range
structure the mixed attention is better than its local branch alone, and that better than the global branch alone.

Measured: FLASH models with both branches, the local or the global one, equal in all else, that guess hidden tokens of
made rows (`studies.recall`: patterns that can be read from a chunk, and values that can be read from other chunks
only) and of real texts of 256 characters, where a hidden character may stand once more in its chunk, in others only, or
nowhere.

    KERAS_BACKEND=torch python -m studies.flash_branches [--full] [--output DIR]
"""

from __future__ import annotations

import math

import numpy as np

from studies import characters, guessing, recall
from studies.common import COLOURS, figure, markdown, parser, save, spread, write_csv
from studies.masked import hide

BRANCHES = ('mixed', 'local', 'global')
COLOUR = dict(zip(BRANCHES, COLOURS))
TASKS = {'recall': 'made rows', 'text': 'real text'}
GUESSES = {'recall': 'a guess among its like', 'text': 'a guess by frequency'}
SORTS = {'recall': ('far', 'near'), 'text': ('nowhere', 'far', 'near')}
WORDS = {
    ('recall', 'far'): 'value shown\nin other chunks', ('recall', 'near'): 'pattern of\nits own chunk',
    ('text', 'nowhere'): 'seen nowhere else\nin the row', ('text', 'far'): 'seen in other\nchunks only',
    ('text', 'near'): 'seen in\nits chunk',
}  # fmt: skip
STEPS = {'recall': (500, 1000), 'text': (800, 3000)}  # without and with --full
SHARE = 0.3
TESTED = 192  # rows


def encoder(branches, vocabulary, seed, chunk, width, layers, key_size):
    """Returns the wrapper of a FLASH model with both branches of its attention ('mixed') or with one."""
    from gplinker_kit.backend import set_random_seed
    from gplinker_kit.models import build_transformer_model

    set_random_seed(seed)
    return build_transformer_model(
        model='flash', attention_branches=branches, chunk_size=chunk, vocab_size=vocabulary, hidden_size=width,
        num_hidden_layers=layers, num_attention_heads=1, intermediate_size=2 * width, attention_key_size=key_size,
        hidden_act='swish', segment_vocab_size=0, dropout_rate=0.0, attention_dropout_rate=0.0, norm_position='pre',
        return_keras_model=False)


def made_rows(options):
    """(size of the vocabulary, draw for training, questions, their sorts, loss of a guess) of the made rows."""
    def draw(count, random):
        return recall.rows(count, options.length, options.chunk, options.symbols, options.sorts, random, options.times)

    *asked, far = draw(TESTED, np.random.RandomState(10**6))
    return (recall.size(options.symbols, options.sorts), lambda random: draw(options.batch, random)[:3], asked,
            1 - far.astype(int), math.log(options.symbols))


def real_text(options):
    """The same of windows that lie in one text each; a guess knows how frequent a character is."""
    texts = {part: [text for text in found if len(text) >= options.length]
             for part, found in characters.numbered(options.kept).items()}
    stream, starts = characters.joined(texts['train']), characters.starts_within(texts['train'], options.length)

    def asked_of(rows, random):
        return hide(rows, options.length, SHARE, characters.MASK, characters.SPECIAL, random)

    def draw(random):
        return asked_of(characters.windows(stream, options.length, options.batch, random, starts), random)

    random = np.random.RandomState(10**6)
    chosen = random.permutation(len(texts['dev']))[:TESTED]
    asked = asked_of([texts['dev'][number][:options.length] for number in chosen], random)
    shares = np.bincount(stream, minlength=options.kept) + 1.0
    shares[list(characters.SPECIAL)] = 0.0
    right = asked[2][asked[2] >= 0]
    guess = float(np.mean(np.log(shares.sum() / shares[right])))
    return options.kept, draw, asked, sorts_of(asked, options.chunk), guess


def sorts_of(asked, chunk):
    """For each hidden token 2 if its like is seen in its own chunk, 1 if only in others, 0 if nowhere; (b, m)."""
    tokens, positions, wanted = asked
    alike = tokens[:, None, :] == wanted[:, :, None]
    near = np.arange(tokens.shape[1]) // chunk == (positions // chunk)[..., None]
    return np.where((alike & near).any(-1), 2, alike.any(-1).astype(int))


def run(task, made, branches, seed, options):
    """Returns ([(task, branches, seed, step, loss)], [(task, branches, seed, sort, tokens, loss, accuracy)])."""
    vocabulary, draw, asked, sorts, _ = made
    wrapper = encoder(branches, vocabulary, seed, options.chunk, options.width, options.layers, options.key_size)
    steps = options.steps or STEPS[task][options.full]
    model, losses = guessing.train(wrapper, draw, steps, seed, options.rate)
    every = max(1, steps // 40)
    curve = [(task, branches, seed, at + every, float(np.mean(losses[at:at + every])))
             for at in range(0, steps - every + 1, every)]
    hits, loss = guessing.answers(model, asked)
    there, rows = ~np.isnan(hits), []
    for number, sort in [(None, 'all')] + list(enumerate(SORTS[task])):
        chosen = there if number is None else there & (sorts == number)
        rows.append((task, branches, seed, sort, int(chosen.sum()), float(loss[chosen].mean()),
                     100 * float(hits[chosen].mean())))
    told = ', '.join('%s %.3f (%.1f%%)' % (row[3], row[5], row[6]) for row in rows)
    print('%s, %s, seed %d: %s' % (TASKS[task], branches, seed, told), flush=True)
    return curve, rows


def draw(task, curves, rows, guess, folder):
    """The training loss by step, and the loss on other rows by the sort of the hidden token."""
    made, axes = figure(11, 4.2, 2)
    sorts = SORTS[task][::-1]
    found = spread(rows, lambda row: (row[1], row[3]), lambda row: row[5])
    for number, (branches, colour) in enumerate(COLOUR.items()):
        curve = spread([row for row in curves if row[1] == branches], lambda row: row[3], lambda row: row[4])
        means, least, most = zip(*curve.values())
        axes[0].plot(list(curve), means, color=colour, lw=1.6, label=branches)
        axes[0].fill_between(list(curve), least, most, color=colour, alpha=0.2, lw=0)
        means, least, most = (np.array(one) for one in zip(*(found[branches, sort] for sort in sorts)))
        axes[1].errorbar(np.arange(len(sorts)) + 0.12 * (number - 1), means, [means - least, most - means],
                         fmt='os^'[number], color=colour, ms=7, lw=1, capsize=4, label=branches)
    axes[0].axhline(guess, color='0.4', lw=0.9, ls=':', label=GUESSES[task])
    axes[0].set(xlabel='step', ylabel='loss in training, nats a hidden token', title=TASKS[task])
    axes[1].set(xlim=(-0.5, len(sorts) - 0.5), xticks=range(len(sorts)))
    axes[1].set_xticklabels([WORDS[task, sort] for sort in sorts], fontsize=9)
    axes[1].set(ylabel='loss on other rows, nats', title='by what can tell the hidden token')
    for axis in axes:
        axis.legend(frameon=False, fontsize=8.5)
    save(made, folder, 'branches_' + task)


def main(argv=None):
    arguments = parser(__doc__, 'flash_branches')
    arguments.add_argument('--tasks', nargs='+', choices=list(TASKS), default=list(TASKS))
    arguments.add_argument('--steps', type=int, help='of a training (default: %s; --full: %s)' % tuple(
        ', '.join('%d of %s' % (STEPS[task][full], words) for task, words in TASKS.items()) for full in (0, 1)))
    arguments.add_argument('--seeds', type=int, help='0, 1, … (default: 1; --full: 3)')
    arguments.add_argument('--length', type=int, default=256, help='tokens a row (default: %(default)s)')
    arguments.add_argument('--chunk', type=int, default=32, help='tokens a chunk (default: %(default)s)')
    arguments.add_argument('--batch', type=int, default=4, help='rows a step (default: %(default)s)')
    arguments.add_argument('--symbols', type=int, default=12, help='made rows: of patterns, values a sort '
                           '(default: %(default)s)')  # fmt: skip
    arguments.add_argument('--sorts', type=int, default=8, help='made rows: of values (default: %(default)s)')
    arguments.add_argument('--times', type=int, default=4, help='made rows: a value is shown (default: %(default)s)')
    arguments.add_argument('--kept', type=int, default=500, help='vocabulary of real text (default: %(default)s)')
    arguments.add_argument('--width', type=int, default=64, help='hidden size (default: %(default)s)')
    arguments.add_argument('--key-size', type=int, default=64, help='of the units (default: %(default)s)')
    arguments.add_argument('--layers', type=int, default=2, help='units (default: %(default)s)')
    arguments.add_argument('--rate', type=float, default=4e-3, help='of learning, at most (default: %(default)s)')
    options = arguments.parse_args(argv)
    for task in options.tasks:
        made, curves, rows = (made_rows if task == 'recall' else real_text)(options), [], []
        for seed in range(options.seeds or (3 if options.full else 1)):
            for branches in BRANCHES:
                found = run(task, made, branches, seed, options)
                curves, rows = curves + found[0], rows + found[1]
        write_csv(options.output, 'branches_%s_curves' % task, ['task', 'branches', 'seed', 'step', 'training loss'],
                  curves)
        write_csv(options.output, 'branches_' + task,
                  ['task', 'branches', 'seed', 'hidden tokens', 'count', 'loss', 'accuracy, %'], rows)
        found, sorts = spread(rows, lambda row: (row[1], row[3]), lambda row: row[5]), ('all',) + SORTS[task]
        print(markdown(['%s; %s: %.2f' % (TASKS[task], GUESSES[task], made[-1])] + list(sorts), [
            [branches] + ['%.3f (%.3f … %.3f)' % found[branches, sort] for sort in sorts] for branches in BRANCHES]))
        draw(task, curves, rows, made[-1], options.output)


if __name__ == '__main__':
    main()
