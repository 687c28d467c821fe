"""GlobalPointer: standard against efficient, with and without RoPE, against a CRF, on real named entities.

Claims (kexue.fm/archives/8373, 8877, and 8926, which is built on them): without RoPE GlobalPointer is much worse (54
against 96 on the People's Daily); the efficient one is as good with a fraction of the weights; both are at least as
good as a CRF, and faster in training and no slower in decoding. Measured here on CLUENER: five heads on the same small
encoder, trained from scratch on the same batches by the same optimizer, behind the same short warm start (guessing
hidden tokens of the training texts) and without any; weights by the formulas; and times, in turn in one process.

    KERAS_BACKEND=torch python -m studies.global_pointer [--full] [--only f1|weights|times] [--output DIR]
"""

from __future__ import annotations

import time

import numpy as np

from gplinker_kit.clue.tags import from_tags, to_tags
from studies import cluener, head_times, span_heads
from studies.common import data_path, markdown, parser, write_csv
from studies.fewfc import mean_and_deviation
from studies.head_figures import draw_f1, draw_times, draw_weights, last_rows
from studies.head_times import DECODING, NETWORK, STEP
from studies.masked import warm_encoder
from studies.span_heads import CRF, DENSE, HEADS, PLAIN

LONGEST = 64  # tokens; no sentence has more than 52
F1 = ['head', 'warm start', 'seed', 'epoch', 'loss', 'F1', 'precision', 'recall', 'macro F1', 'F1, type repeated',
      'joined']


def corpus(count=None):
    """Returns (training sentences, dev sentences, tokenizer)."""
    from gplinker_kit.tokenizers import Tokenizer

    tokenizer = Tokenizer(data_path('vocab', 'roformer_v2_char', 'vocab.txt'), do_lower_case=True)
    train = cluener.read(data_path('clue', 'cluener', 'train.json'), tokenizer, count)
    return train, cluener.read(data_path('clue', 'cluener', 'dev.json'), tokenizer), tokenizer


def warm_weights(seed, sentences, tokenizer, recipe, size='tiny'):
    """Returns the weights of an encoder that has learned to guess hidden tokens, and the loss of every epoch."""
    encoder = span_heads.build(CRF, tokenizer, seed, size=size).encoder
    special = [tokenizer._token_start_id, tokenizer._token_end_id]
    losses = warm_encoder(encoder, [(sentence.ids,) for sentence in sentences], recipe, LONGEST,
                          tokenizer._token_dict['[MASK]'], special)
    return encoder.model.get_weights(), losses


def find_entities(tagger, sentences):
    """Returns a set of entities a sentence."""
    found = [None] * len(sentences)
    for numbers, ids, lengths in head_times.inference_batches(sentences):
        scores = np.asarray(tagger.model.predict_on_batch([ids, np.zeros_like(ids)]))
        for number, spans in zip(numbers, tagger.find(scores, lengths)):
            found[number] = cluener.entities_of(spans, sentences[number].offsets)
    return found


def judge(sentences, found):
    """Returns (F1, precision, recall, macro F1, F1 of the sentences with several entities of one type, joined).

    joined: wrong entities from the start of one to the end of another of the type, in percent of the true ones.
    """
    scores = cluener.score(sentences, found)
    pairs = [(sentence, mine) for sentence, mine in zip(sentences, found) if cluener.repeats(sentence)]
    repeated = cluener.score(*zip(*pairs)).f1 if pairs else 0.0
    wrong = sum(len(cluener.joined(sentence, mine)) for sentence, mine in zip(sentences, found))
    return tuple(scores) + (repeated, 100.0 * wrong / max(1, sum(len(one.entities) for one in sentences)))


def train(tagger, sentences, dev, recipe, looks):
    """Trains in place; yields `looks` times (epochs done, mean loss since, what `judge` says of the dev sentences)."""
    from gplinker_kit.backend import compile_options
    from gplinker_kit.fitting import epoch_batches, train_step
    from gplinker_kit.optimizers import Adam

    items, random = [(sentence.ids,) for sentence in sentences], np.random.RandomState(recipe.seed)
    batches = [batch for _ in range(recipe.epochs) for batch in epoch_batches(items, recipe, LONGEST, random)]
    # Not clipped: the losses are of different sizes, which Adam does not see and a bound of the gradient would.
    optimizer = Adam(recipe.schedule(len(batches)))
    tagger.model.compile(loss=tagger.loss, optimizer=optimizer, **compile_options())
    ends = [len(batches) * look // looks for look in range(looks + 1)]
    for start, end in zip(ends, ends[1:]):
        total = 0.0
        for numbers, width in batches[start:end]:
            ids = np.zeros((len(numbers), width), 'int32')
            for row, number in zip(ids, numbers):
                row[:len(items[number][0])] = items[number][0]
            wanted = tagger.targets([sentences[number].spans for number in numbers], width)
            total += train_step(tagger.model, [ids, np.zeros_like(ids)], wanted)
        loss = total / max(1, end - start)
        yield (recipe.epochs * end / len(batches), loss) + judge(dev, find_entities(tagger, dev))


def ceilings(sentences):
    """Returns the F1 of the true entities as spans of tokens, and as BIO tags of these."""
    as_spans = [cluener.entities_of(sentence.spans, sentence.offsets) for sentence in sentences]
    as_tags = [cluener.entities_of(from_tags(to_tags(sentence.spans, len(sentence.ids))),
                                   sentence.offsets) for sentence in sentences]
    return cluener.score(sentences, as_spans).f1, cluener.score(sentences, as_tags).f1


def measure_f1(options, data):
    """Trains all heads; returns (rows as F1 says, the Taggers of the first seed with a warm start)."""
    from gplinker_kit.recipe import Recipe

    sentences, dev, tokenizer = data
    rows, kept = [], []
    for seed in options.seeds:
        recipe = Recipe(epochs=options.epochs, batch_size=options.batch_size, learning_rate=options.learning_rate,
                        clipnorm=None, seed=seed)
        starts = {0: None} if seed in options.cold_seeds or not options.warm_start else {}
        if options.warm_start:
            started = time.process_time()
            warm = Recipe(epochs=options.warm_start, batch_size=options.batch_size, learning_rate=1e-3, seed=seed)
            starts[options.warm_start], losses = warm_weights(seed, sentences, tokenizer, warm, options.size)
            print('warm start, seed %d: losses %s, %.0f CPU seconds' % (
                seed, ' '.join('%.2f' % loss for loss in losses), time.process_time() - started), flush=True)
        for length, weights in starts.items():
            for head in options.heads:
                tagger = span_heads.build(head, tokenizer, seed, size=options.size)
                if weights is not None:
                    tagger.encoder.model.set_weights(weights)
                started = time.process_time()
                for row in train(tagger, sentences, dev, recipe, options.looks):
                    rows.append((head, length, seed) + row)
                print('%s, warm start %d, seed %d: F1 %.2f, macro %.2f, %.0f CPU seconds' % (
                    head, length, seed, rows[-1][5], rows[-1][8], time.process_time() - started), flush=True)
                write_csv(options.output, 'f1', F1, rows)  # what a run that is stopped leaves
                if seed == options.seeds[0] and length == options.warm_start:
                    kept.append(tagger)
    return rows, kept


def measure_times(options, data, taggers):
    """Returns rows as `head_times` has them; unless all have `taggers` it first trains some for one epoch."""
    from gplinker_kit.optimizers import Adam
    from gplinker_kit.recipe import Recipe

    sentences, dev, tokenizer = data
    if [tagger.name for tagger in taggers] != list(HEADS):
        taggers, recipe = [], Recipe(epochs=1, batch_size=options.batch_size, learning_rate=options.learning_rate,
                                     clipnorm=None)
        for head in HEADS:
            taggers.append(span_heads.build(head, tokenizer, 0, size=options.size))
            print('for the times: %s, F1 %.2f' % (head, list(train(taggers[-1], sentences, dev, recipe, 1))[-1][2]),
                  flush=True)
    rows = head_times.measure_finding(taggers, dev, options.rounds)
    others = [span_heads.build(name, tokenizer, 0, size=options.size) for name in (DENSE, PLAIN)]
    for tagger in others:
        tagger.model.compile(loss=tagger.loss, optimizer=Adam(1e-3))
    return rows + head_times.measure_steps(taggers + others, sentences, options.lengths, options.batch_size,
                                           options.rounds)


def parameter_rows(tokenizer, size):
    """Returns rows (head, weights counted, the formula for this encoder, for one 768 wide), head size 64, 10 labels."""
    rows = []
    for head in HEADS:
        tagger = span_heads.build(head, tokenizer, 0, size=size)
        width = tagger.encoder.hidden_size
        rows.append((head, span_heads.head_parameters(tagger)) + tuple(
            span_heads.formula(head, wide, 64, len(cluener.TYPES)) for wide in (width, 768)))
    return rows


def report_f1(rows, warm, folder):
    """Draws f1.png and prints a table of the last weights."""
    for length in sorted({row[1] for row in rows}):
        table = [[head] + [mean_and_deviation([row[column] for row in mine]) for column in range(5, 11)]
                 for head, mine in last_rows(rows, length).items()]
        print('\nwarm start: %d epochs\n%s' % (length, markdown(F1[:1] + F1[5:], table)))
    draw_f1(rows, warm, folder)


def report_times(rows, engine, folder):
    """Writes times-ENGINE.csv and prints medians: milliseconds a step by length, seconds for the dev sentences."""
    write_csv(folder, 'times-%s' % engine, ['head', 'what', 'tokens', 'round', 'CPU seconds'], rows)
    lengths = sorted({row[2] for row in rows if row[1] == STEP})
    table = []
    for head in dict.fromkeys(row[0] for row in rows):
        steps = ['%.1f' % (1000 * head_times.median(rows, head, STEP, length)) for length in lengths]
        found = [head_times.median(rows, head, what) for what in (NETWORK, DECODING)]
        table.append([head] + steps + ['' if seconds is None else '%.2f' % seconds for seconds in found])
    print('\n' + markdown(['head'] + ['ms a step, %d tokens' % length for length in lengths]
                          + ['dev: network, s', 'dev: decoding, s'], table))


def main(argv=None):
    options = parser(__doc__, 'global_pointer')
    options.add_argument('--only', choices=('f1', 'weights', 'times'), help='one of the three alone')
    add = options.add_argument
    add('--heads', nargs='+', choices=HEADS, default=HEADS, metavar='HEAD', help='of: %s' % '; '.join(HEADS))
    add('--sentences', type=int, metavar='N', help='of the training set, of 9,700 (default: 2000; with --full 6000)')
    add('--epochs', type=int, default=3, help='default: %(default)s')
    add('--seeds', type=int, nargs='+', metavar='N', help='default: 0; with --full 0 1 2')
    add('--looks', type=int, metavar='N', default=6, help='at the dev F1, during training (default: %(default)s)')
    add('--warm-start', type=int, metavar='EPOCHS', default=2, help='of guessing hidden tokens (default: %(default)s)')
    add('--cold-seeds', type=int, nargs='*', metavar='N', help='seeds that are trained without a warm start too '
        '(default: none; with --full 0)')  # fmt: skip
    add('--learning-rate', type=float, default=1e-3, help='peak of Adam (default: %(default)s)')
    add('--batch-size', type=int, default=16, help='sentences (default: %(default)s)')
    add('--size', default='tiny', help='of the encoder: tiny or small (default: %(default)s)')
    add('--lengths', type=int, nargs='+', default=(48, 128, 256), metavar='N',
        help='tokens of the timed steps (default: 48 128 256)')  # fmt: skip
    add('--rounds', type=int, help='of every time (default: 5; with --full 15)')
    options = options.parse_args(argv)
    chosen = dict(sentences=6000, seeds=[0, 1, 2], cold_seeds=[0], rounds=15) if options.full else dict(
        sentences=2000, seeds=[0], cold_seeds=[], rounds=5)
    for name, value in chosen.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    from gplinker_kit.backend import ENGINE
    from gplinker_kit.models.sizes import named_size

    data = corpus(options.sentences)
    print('%d training and %d dev sentences; dev F1 of the true spans of tokens %.2f, as BIO tags %.2f' % (
        len(data[0]), len(data[1]), *ceilings(data[1])))
    print('%d dev sentences have several entities of one type' % sum(map(cluener.repeats, data[1])), flush=True)
    taggers = []
    if options.only in (None, 'f1'):
        rows, taggers = measure_f1(options, data)
        report_f1(rows, options.warm_start, options.output)
    if options.only in (None, 'weights'):
        parameters = parameter_rows(data[2], options.size)
        header = ['head', 'weights', 'by the formula', 'by the formula, encoder 768 wide']
        write_csv(options.output, 'weights', header, parameters)
        print('\n' + markdown(header, parameters))
        draw_weights(parameters, named_size(options.size)['hidden_size'], options.output)
    if options.only in (None, 'times'):
        times = measure_times(options, data, taggers)
        report_times(times, ENGINE, options.output)
        draw_times(times, ENGINE, options.output)


if __name__ == '__main__':
    main()
