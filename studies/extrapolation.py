"""Length extrapolation: softmax against softmax_plus, trained at 64 tokens and tested to 1024; entropy by length.

Claims (kexue.fm/archives/8823 and 9052): a masked language model that was trained at 64 tokens loses less of its
accuracy at 1024 where its scores are multiplied by ln n / ln 512 (softmax_plus, "Attention-E") than where they are not
("Attention-O"), because the factor keeps the entropy of attention nearly the same at every length n.

Measured: a small RoFormerV2 with either attention, trained on real texts; the same hidden tokens of other texts, seen
in windows of 64 to 1024; the first model with the factor ln n / ln 64 at the test only; the entropy of attention of
random queries and keys and of the trained models.

    KERAS_BACKEND=torch python -m studies.extrapolation [--full] [--output DIR]
"""

from __future__ import annotations

import math

import numpy as np

from studies import characters, guessing, patterns
from studies.common import COLOURS, figure, markdown, parser, save, spread, write_csv
from studies.entropy import random_entropy, trained_entropies
from studies.masked import guesser, hide

TRAINED = 64
LENGTHS = (64, 128, 256, 512, 1024)
SHARE = 0.3
TASKS = {'text': 'real text', 'patterns': 'repeated patterns'}
KINDS = ('softmax', 'softmax_plus')
LATER = 'softmax, the factor at the test only'
STEPS = {'text': (1200, 5000), 'patterns': (300, 600)}  # without and with --full
SCALES = (1.0, 2.0, 3.0)  # standard deviations of the scores of random queries and keys
DRAWN = (64, 128, 256, 512, 1024, 2048, 4096)
ARTICLE = {'softmax': (43.27, 36.53, 23.02, 15.12, 11.54), 'softmax_plus': (43.11, 41.17, 34.04, 20.15, 13.58)}


def encoder(normalization, vocabulary, seed, watched=False, **sizes):
    """Returns the wrapper of a RoFormerV2 whose attention weights are normalised so; `watched` keeps its scores.

    sizes: of the builder, such as hidden_size. With `watched` the wrapper's `scores` are tensors (b, h, n, n), a layer
    each, as they are before the normalisation.
    """
    from gplinker_kit.backend import set_random_seed
    from gplinker_kit.layers import MultiHeadAttention
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.models.roformer import RoFormerV2

    class Normalised(RoFormerV2):
        def apply(self, inputs=None, layer=None, arguments=None, **kwargs):
            if layer is not MultiHeadAttention:
                return super().apply(inputs, layer, arguments, **kwargs)
            kwargs.update(normalization=normalization, return_attention_scores=watched)
            output = super().apply(inputs, layer, arguments, **kwargs)
            if watched:
                output, scores = output
                self.scores = getattr(self, 'scores', []) + [scores]
            return output

    set_random_seed(seed)
    options = dict(hidden_act='relu', segment_vocab_size=0, dropout_rate=0.0, attention_dropout_rate=0.0,
                   norm_position='pre')
    return build_transformer_model(model=Normalised, vocab_size=vocabulary, return_keras_model=False,
                                   **dict(options, **sizes))


def hidden(rows, random):
    return hide(rows, TRAINED, SHARE, characters.MASK, characters.SPECIAL, random)


def questions(stream, count, random):
    """Returns (tokens, positions, wanted) of `count` windows of 64 tokens that stand one behind the other."""
    return hidden(stream[:count * TRAINED].reshape(count, TRAINED), random)


def real_text(options):
    """(size of the vocabulary, draw for training, questions) of texts that stand one behind the other."""
    texts = characters.numbered(options.kept)
    stream, random = characters.joined(texts['train']), np.random.RandomState(10**6)
    other = characters.joined([texts['dev'][number] for number in random.permutation(len(texts['dev']))])

    def draw(random):
        return hidden(characters.windows(stream, TRAINED, options.batch, random), random)

    return options.kept, draw, questions(other, options.rows * LENGTHS[-1] // TRAINED, random)


def repeated_patterns(options):
    """The same of `studies.patterns`: a pattern of 2 to 8 tokens goes on to the end of a row, however long that is."""
    symbols = 30

    def rows(count, length, random):
        tokens, kept = patterns.rows(count, length, symbols, random, share=0.0)
        return np.where(kept < 0, tokens, kept) + characters.FIRST - patterns.FIRST

    random = np.random.RandomState(10**6)
    asked = questions(rows(options.rows, LENGTHS[-1], random).ravel(), options.rows * LENGTHS[-1] // TRAINED, random)
    return symbols + characters.FIRST, lambda random: hidden(rows(options.batch, TRAINED, random), random), asked


def seen_in(asked, length):
    """The same questions in windows of `length` tokens, a multiple of 64: (tokens, positions, wanted)."""
    tokens, positions, wanted = asked
    parts = length // TRAINED
    shifted = positions.reshape(-1, parts, positions.shape[1]) + TRAINED * np.arange(parts)[:, None]
    return [x.reshape(len(tokens) // parts, -1).astype('int32') for x in (tokens, shifted, wanted)]


def with_factor(wrapper, other):
    """Gives `other`, of softmax_plus, the weights of `wrapper`, of softmax, so that at 64 tokens both are one model.

    Its scores are then those of `wrapper` times ln n / ln 64: the queries are ln 512 / ln 64 times as large.
    """
    other.model.set_weights(wrapper.model.get_weights())
    for name, layer in other.layers.items():
        if name.endswith('MultiHeadSelfAttention'):
            query, *rest = layer.get_weights()
            layer.set_weights([query * (math.log(512) / math.log(TRAINED))] + rest)


def train_and_test(task, made, kind, seed, options):
    """Returns ([(task, tested as, seed, length, accuracy in %, loss)], [(task, attention, seed, length, layer, entropy,
    deviation of the scores)]) of one training."""
    vocabulary, draw, asked = made
    sizes = dict(hidden_size=options.width, num_hidden_layers=options.layers, num_attention_heads=options.heads,
                 intermediate_size=4 * options.width)
    wrapper = encoder(kind, vocabulary, seed, **sizes)
    model, losses = guessing.train(wrapper, draw, options.steps or STEPS[task][options.full], seed, options.rate)
    tested, rows, entropies = [(kind, model)], [], []
    if kind == 'softmax':
        later = encoder('softmax_plus', vocabulary, seed, **sizes)
        with_factor(wrapper, later)
        tested.append((LATER, guesser(later)))
    for name, other in tested:
        for length in LENGTHS:
            hits, loss = (float(np.nanmean(x)) for x in guessing.answers(other, seen_in(asked, length)))
            rows.append((task, name, seed, length, 100 * hits, loss))
        told = ' '.join('%.2f' % row[4] for row in rows[-len(LENGTHS):])
        print('%s, %s, seed %d: loss %.3f, accuracy %s' % (task, name, seed, np.mean(losses[-50:]), told), flush=True)
    watched = encoder(kind, vocabulary, seed, watched=True, **sizes)
    watched.model.set_weights(wrapper.model.get_weights())
    for length in LENGTHS:
        tokens = seen_in(asked, length)[0][:max(1, 2 * LENGTHS[-1] // length)]
        entropies += [(task, kind, seed, length, layer, *found)
                      for layer, found in enumerate(trained_entropies(watched, kind, tokens))]
    return rows, entropies


def band(axis, lengths, found, name, **style):
    """Draws means of `spread` by length with a band from the least to the most of the seeds."""
    means, least, most = zip(*(found[name, length] for length in lengths))
    axis.plot(lengths, means, marker='o', ms=3.5, **style)
    axis.fill_between(lengths, least, most, color=style['color'], alpha=0.18, lw=0)


def by_length(axis, lengths, label):
    axis.set(xscale='log', xlabel='length of the text, tokens', ylabel=label)
    axis.set_ylim(0, None)
    axis.set_xticks(lengths)
    axis.set_xticklabels(map(str, lengths))
    axis.minorticks_off()


COLOUR = {'softmax': COLOURS[1], 'softmax_plus': COLOURS[0], LATER: COLOURS[2]}


def most_frequent(asked):
    """The share, in %, of the hidden tokens that are the most frequent one of them."""
    wanted = asked[2][asked[2] >= 0]
    return 100 * float(np.bincount(wanted).max() / len(wanted))


def draw(task, rows, trained, guess, folder):
    """Accuracy by length, what is left of it, and the entropy of attention; guess: accuracy of one constant answer."""
    made, axes = figure(15, 4.4, 3)
    start = {row[1:3]: max(row[4], 1e-9) for row in rows if row[3] == TRAINED}
    own = spread(rows, lambda row: (row[1], row[3]), lambda row: row[4])
    left = spread(rows, lambda row: (row[1], row[3]), lambda row: 100 * row[4] / start[row[1:3]])
    for name, colour in COLOUR.items():
        band(axes[0], LENGTHS, own, name, color=colour, label=name)
        band(axes[1], LENGTHS, left, name, color=colour, label=name)
    for name, values in ARTICLE.items() if task == 'text' else ():
        axes[1].plot(*zip(*((length, 100 * value / values[0]) for length, value in zip(LENGTHS, values))), ':',
                     marker='s', ms=3, lw=1.2, color=COLOUR[name], label="%s, the article's model" % name)
    axes[0].axhline(guess, color='0.3', lw=1, ls=':', label='always the most frequent')
    for layer in sorted({row[4] for row in trained}):
        mine = [row for row in trained if row[4] == layer]
        entropies = spread(mine, lambda row: (row[1], row[3]), lambda row: row[5])
        for kind in KINDS:
            band(axes[2], LENGTHS, entropies, kind, color=COLOUR[kind], ls='-' if layer % 2 else '--',
                 label='%s, layer %d' % (kind, layer))
    axes[2].plot(LENGTHS, np.log(LENGTHS), ':', color='0.3', lw=1, label='ln n: all keys alike')
    for axis, label in zip(axes, ('hidden tokens guessed, %', 'accuracy in %% of that at %d' % TRAINED,
                                  'entropy of attention, nats')):  # fmt: skip
        by_length(axis, LENGTHS, label)
    axes[0].set_title('%s, trained at %d tokens' % (TASKS[task], TRAINED))
    axes[2].set_ylim(0, 1.25 * np.log(LENGTHS[-1]))  # room for the legend
    axes[2].legend(frameon=False, fontsize=8)
    named = {label: line for axis in axes[:2] for line, label in zip(*axis.get_legend_handles_labels())}
    made.legend(named.values(), named, frameon=False, fontsize=9, ncol=6, loc='lower center')
    save(made, folder, task, below=0.07)


def draw_random(drawn, folder):
    made, (axis,) = figure(7.5, 4.6)
    lengths = sorted({row[1] for row in drawn})
    for scale, mark in zip(SCALES, ('v', 'o', 's')):
        for kind, line in zip(KINDS, ('-', '--')):
            axis.plot(lengths, [row[3] for row in drawn if (row[0], row[2]) == (kind, scale)], line, marker=mark, ms=4,
                      color=COLOUR[kind], label='%s, deviation %g' % (kind, scale))
    axis.plot(lengths, np.log(lengths), ':', color='0.3', lw=1, label='ln n: all keys alike')
    by_length(axis, lengths, 'entropy of attention, nats')
    axis.legend(frameon=False, fontsize=8)
    axis.set_title('random queries and keys, by the deviation of their scores')
    save(made, folder, 'random')


def tables(task, rows, trained):
    """Prints what the page tells of a task: accuracy by length, entropy by length and layer."""
    found = spread(rows, lambda row: (row[1], row[3]), lambda row: row[4])
    print(markdown(['%s: accuracy, %%' % TASKS[task]] + list(LENGTHS), [
        [name] + ['%.2f (%.2f … %.2f)' % found[name, length] for length in LENGTHS] for name in COLOUR]))
    found, sizes = (spread(trained, lambda row: (row[1], row[4], row[3]), lambda row, place=place: row[place])
                    for place in (5, 6))
    print(markdown(['entropy', 'layer'] + list(LENGTHS) + ['deviation of scores at %d' % TRAINED], [
        [kind, layer] + [found[kind, layer, length][0] for length in LENGTHS] + [sizes[kind, layer, TRAINED][0]]
        for kind in KINDS for layer in sorted({row[4] for row in trained})]))


def main(argv=None):
    arguments = parser(__doc__, 'extrapolation')
    arguments.add_argument('--tasks', nargs='+', choices=list(TASKS), default=list(TASKS))
    arguments.add_argument('--steps', type=int, help='of a training (default: %s; --full: %s)' % tuple(
        ', '.join('%d of %s' % (STEPS[task][full], words) for task, words in TASKS.items()) for full in (0, 1)))
    arguments.add_argument('--seeds', type=int, help='0, 1, … (default: 1; --full: 3)')
    arguments.add_argument('--rows', type=int, default=48, help='of 1024 tokens, tested (default: %(default)s)')
    arguments.add_argument('--batch', type=int, default=16, help='windows a step (default: %(default)s)')
    arguments.add_argument('--kept', type=int, default=500, help='size of the vocabulary (default: %(default)s)')
    arguments.add_argument('--width', type=int, default=64, help='hidden size (default: %(default)s)')
    arguments.add_argument('--layers', type=int, default=2, help='blocks (default: %(default)s)')
    arguments.add_argument('--heads', type=int, default=2, help='(default: %(default)s)')
    arguments.add_argument('--rate', type=float, default=3e-3, help='of learning, at most (default: %(default)s)')
    options = arguments.parse_args(argv)
    drawn = [(kind, length, scale, random_entropy(kind, length, scale, np.random.RandomState(0)))
             for scale in SCALES for kind in KINDS for length in DRAWN]
    write_csv(options.output, 'random', ['attention', 'length', 'deviation of scores', 'entropy'], drawn)
    print(markdown(['random: entropy', 'deviation'] + list(DRAWN), [
        [kind, scale] + [row[3] for row in drawn if (row[0], row[2]) == (kind, scale)]
        for scale in SCALES for kind in KINDS]))
    draw_random(drawn, options.output)
    for task in options.tasks:
        made, rows, trained = (real_text if task == 'text' else repeated_patterns)(options), [], []
        for seed in range(options.seeds or (3 if options.full else 1)):
            for kind in KINDS:
                found = train_and_test(task, made, kind, seed, options)
                rows, trained = rows + found[0], trained + found[1]
        write_csv(options.output, task, ['task', 'attention', 'seed', 'length', 'accuracy, %', 'cross-entropy'], rows)
        write_csv(options.output, task + '_entropy',
                  ['task', 'attention', 'seed', 'length', 'layer', 'entropy', 'deviation of scores'], trained)
        tables(task, rows, trained)
        draw(task, rows, trained, most_frequent(made[-1]), options.output)


if __name__ == '__main__':
    main()
