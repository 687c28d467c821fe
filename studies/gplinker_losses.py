"""Three losses in one pipeline: factorised (ours), the published sparse one, and independent sigmoids.

Claims: the sparse loss "gives equal accuracy" to the dense one (kexue.fm/archives/8888); the multilabel cross-entropy
beats one sigmoid a cell where positives are few among many (archives/7359). Measured here: the two multilabel forms on
identical batches, value and gradient, and what each of the three trains to on FewFC: at threshold 0, and at the best
threshold of the arguments, which a sigmoid needs more than the others.

    python -m studies.gplinker_losses [--full] [--output DIR]
"""

from __future__ import annotations

import numpy as np

from studies import fewfc
from studies.common import COLOURS, figure, markdown, parser, save, write_csv

NAMES = ('factorised', 'legacy sparse', 'sigmoids')


def flat_golds(y_true, labels, n, ops):
    """Targets (b, G, 3) -> int32 (b, labels, G): start·n + end of the golds of each label, 0 elsewhere."""
    y_true = ops.cast(y_true, 'int32')
    index = y_true[:, :, 1] * n + y_true[:, :, 2]
    own = ops.equal(y_true[:, None, :, 0], ops.reshape(ops.arange(labels), (1, labels, 1)))
    return ops.cast(own, 'int32') * index[:, None, :]


def legacy_loss(labels):
    """The loss of the published scripts: dense scores, flat indices with 0 as padding, sum over labels."""
    from gplinker_kit.backend import ops
    from gplinker_kit.losses import dense_scores, legacy_sparse_multilabel_categorical_crossentropy

    def loss(y_true, y_pred):
        scores = dense_scores(y_pred, labels)
        n = ops.shape(scores)[2]
        flat = ops.reshape(scores, (ops.shape(scores)[0], labels, n * n))
        golds = flat_golds(y_true, labels, n, ops)
        return ops.sum(legacy_sparse_multilabel_categorical_crossentropy(golds, flat, mask_zero=True), axis=1)

    return loss


def sigmoid_loss(labels):
    """One binary cross-entropy a cell, summed: softplus(s) over all cells, minus s over the golds."""
    from gplinker_kit.backend import ops
    from gplinker_kit.losses import dense_scores

    def loss(y_true, y_pred):
        scores = dense_scores(y_pred, labels, fill=-1e9)
        b, n = ops.shape(scores)[0], ops.shape(scores)[2]
        flat = ops.reshape(scores, (b, labels, n * n))
        # softplus(s) = max(s, 0) + log(1 + exp(-|s|)), which neither overflows nor cancels
        cells = ops.maximum(flat, 0.0) + ops.log(1.0 + ops.exp(-ops.abs(flat)))
        golds = flat_golds(y_true, labels, n, ops)
        right = ops.take_along_axis(flat, golds, axis=-1) * ops.cast(golds > 0, 'float32')
        return ops.sum(ops.sum(cells, axis=-1) - ops.sum(right, axis=-1), axis=1)

    return loss


def makers():
    from gplinker_kit.losses import factorised_pointer_crossentropy

    return dict(zip(NAMES, (factorised_pointer_crossentropy, legacy_loss, sigmoid_loss)))


def compare_batches(gplinker, examples, count, batch_size=8):
    """Returns the largest relative differences, over batches, of loss and gradient: legacy against factorised.

    |a − b| / |a|, of the gradient with the Euclidean norm over all weights. The gradient is the one that the optimizer
    sees, the difference that a step of plain gradient descent makes; so it has the rounding of the weights in it.
    """
    from gplinker_kit.backend import keras
    from gplinker_kit.events.batches import make_batch
    from gplinker_kit.fitting import encode, train_step

    items, _ = encode(gplinker, examples[:count * batch_size])
    start = gplinker.model.get_weights()
    labels = len(gplinker.schema), gplinker.link_labels, gplinker.link_labels
    results = {}
    for name in NAMES[:2]:
        make = makers()[name]
        gplinker.model.compile(loss=[make(n) for n in labels], optimizer=keras.optimizers.SGD(1.0))
        results[name] = []
        for at in range(0, count * batch_size, batch_size):
            batch = items[at:at + batch_size]
            inputs, targets = make_batch(batch, max(len(item[0]) for item in batch))
            gplinker.model.set_weights(start)
            loss = train_step(gplinker.model, inputs, targets)
            step = [new - old for new, old in zip(gplinker.model.get_weights(), start)]
            results[name].append((loss, step))
    gplinker.model.set_weights(start)
    loss_error = gradient_error = 0.0
    for (loss, step), (other, other_step) in zip(*(results[name] for name in NAMES[:2])):
        one, two = (np.concatenate([weight.ravel() for weight in weights]).astype('float64')
                    for weights in (step, other_step))
        loss_error = max(loss_error, abs(loss - other) / abs(loss))
        gradient_error = max(gradient_error, float(np.linalg.norm(one - two) / np.linalg.norm(one)))
    return loss_error, gradient_error


def best_threshold(gplinker, dev):
    """Returns (strict scores at 0, argument F1 at the best argument threshold, that threshold)."""
    from gplinker_kit.events.sweep import argument_candidates
    from gplinker_kit.events.tuning import Search
    from gplinker_kit.thresholds import gather_cases

    found = gather_cases(gplinker, dev)
    search = Search(found, gplinker.schema)
    event, argument = search.scores((0.0, 0.0, 0.0))
    best = max(argument_candidates(found, gplinker.schema), key=lambda row: row[1])
    return 100 * argument.f1, 100 * event.f1, 100 * best[1], best[0]


def main():
    options = parser(__doc__, 'gplinker_losses').parse_args()
    from gplinker_kit.recipe import Recipe

    schema, examples, dev, tokenizer = fewfc.corpus()
    seeds, sentences, epochs = ((0, 1, 2), 1500, 3) if options.full else ((0,), 600, 2)
    gplinker = fewfc.build(schema, tokenizer, seed=0, dropout=0.0)
    errors = compare_batches(gplinker, examples, 20)
    print('20 identical batches, factorised against legacy sparse: loss within %.1e, gradient within %.1e' % errors)
    write_csv(options.output, 'losses_equal', ['batches', 'loss differs by', 'gradient differs by'], [(20,) + errors])
    rows = []
    for name in NAMES:
        for seed in seeds:
            gplinker = fewfc.build(schema, tokenizer, seed)
            labels = len(schema), gplinker.link_labels, gplinker.link_labels
            recipe = Recipe(epochs=epochs, batch_size=8, learning_rate=1e-3, seed=seed)
            fewfc.train(gplinker, examples[:sentences], recipe, [makers()[name](n) for n in labels])
            rows.append([name, seed] + list(best_threshold(gplinker, dev)))
            print(rows[-1], flush=True)
    header = ['loss', 'seed', 'argument F1 at 0', 'event F1 at 0', 'best argument F1', 'at threshold']
    write_csv(options.output, 'losses', header, rows)
    table = [[name] + [fewfc.mean_and_deviation([row[k] for row in rows if row[0] == name]) for k in range(2, 6)]
             for name in NAMES]
    print(markdown(['loss'] + header[2:], table))
    made, (axis,) = figure(7, 3.6)
    for shift, column, name in ((-0.2, 2, 'threshold 0'), (0.2, 4, 'best threshold')):
        for place, loss in enumerate(NAMES):
            values = [row[column] for row in rows if row[0] == loss]
            colour = COLOURS[0] if column == 2 else COLOURS[1]
            axis.bar(place + shift, np.mean(values), 0.36, color=colour, alpha=0.8, label=name if not place else None)
            axis.plot([place + shift] * len(values), values, 'o', ms=4, color='0.15')
    axis.set(xticks=range(len(NAMES)), xticklabels=NAMES, ylabel='strict argument F1, dev')
    axis.legend(frameon=False)
    save(made, options.output, 'losses')


if __name__ == '__main__':
    main()
