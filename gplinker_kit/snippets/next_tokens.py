"""Choosing the next tokens of many outputs at once, without a loop over them. numpy only.

Notation: s inputs, r outputs in the making (the beams or samples of all inputs, one input after another), v vocabulary.
"""

import numpy as np


def best_continuations(scores, owner, widths):
    """The `widths[i]` best of all next tokens of the rows of each input i.

    scores (r, v): what the outputs score with each next token; owner (r,): their inputs, ascending; widths (s,).
    Returns (rows that they continue, their tokens, their scores), ordered by input.
    """
    v = scores.shape[1]
    inputs, first, counts = np.unique(owner, return_index=True, return_counts=True)
    kinds = np.stack([counts, np.minimum(widths[inputs], counts * v)], axis=1)
    rows, tokens, totals = [], [], []
    # Inputs with as many beams are one block. Most of the time all are: only beams that end make a difference.
    for count, width in np.unique(kinds, axis=0):
        block = first[(kinds == (count, width)).all(axis=1)]
        block_scores = scores[block[:, None] + np.arange(count)].reshape(len(block), count * v)
        chosen = block_scores.argpartition(-width, axis=1)[:, -width:]
        rows.append((block[:, None] + chosen // v).reshape(-1))
        tokens.append((chosen % v).reshape(-1))
        totals.append(np.take_along_axis(block_scores, chosen, axis=1).reshape(-1))
    rows, tokens, totals = np.concatenate(rows), np.concatenate(tokens), np.concatenate(totals)
    order = np.argsort(owner[rows], kind='stable')
    return rows[order], tokens[order], totals[order]


def best_rows(totals, owner):
    """The row with the highest score of each input, the first of equal ones: totals and owner (r,) -> (inputs,)."""
    order = np.lexsort((np.arange(len(owner)), -totals, owner))
    return order[np.unique(owner[order], return_index=True)[1]]


def draw(probas, topk=None, topp=None):
    """One random column of each row, with the numbers of `np.random`: probas (r, v) -> (r,).

    The draws are those that `np.random.choice` makes row by row, as in bert4keras, without a call for each row.
    Raises: ValueError if a row has no finite, positive sum.
    """
    columns = []
    probas = _normalized(probas)
    if topk is not None:
        topk = min(topk, probas.shape[1])
        columns.append(probas.argpartition(-topk, axis=1)[:, -topk:])
        probas = _normalized(np.take_along_axis(probas, columns[-1], axis=1))
    if topp is not None:
        columns.append(probas.argsort(axis=1)[:, ::-1])
        probas = np.take_along_axis(probas, columns[-1], axis=1)
        # A token is out if those before it reach topp.
        reached = np.cumsum(probas, axis=1)[:, :-1] >= topp
        probas[:, 1:][reached] = 0
        probas = _normalized(probas)
    sums = np.cumsum(probas, axis=1, dtype='float64')
    sums /= sums[:, -1:]
    chosen = (sums <= np.random.random_sample(len(sums))[:, None]).sum(axis=1)[:, None]
    for names in reversed(columns):
        chosen = np.take_along_axis(names, chosen, axis=1)
    return chosen[:, 0]


def _normalized(probas):
    sums = probas.sum(axis=1, keepdims=True)
    if not (np.isfinite(sums) & (sums > 0)).all():
        raise ValueError('the probabilities of a row must have a finite, positive sum. Received: %s' % sums.min())
    return probas / sums
