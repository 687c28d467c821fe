"""Sequences in numpy, the slow way: sums and maxima over every path, and decoders that follow one list at a time.

No import of ours: peers use them too. Notation: n length, k tags; scores (n, k), trans (k, k), a path: a tuple of tags.
"""

import itertools

import numpy as np


def paths(n, k):
    return list(itertools.product(range(k), repeat=n))


def score(path, scores, trans):
    return sum(scores[t, y] for t, y in enumerate(path)) + sum(trans[i, j] for i, j in zip(path, path[1:]))


def log_sum_exp(values):
    values = np.asarray(values, 'float64')
    return values.max() + np.log(np.exp(values - values.max()).sum())


def segments(real):
    """The runs of True in a boolean row, as slices: [1 1 0 1] -> [0:2, 3:4]."""
    found, start = [], None
    for t, here in enumerate(list(real) + [False]):
        if here and start is None:
            start = t
        elif not here and start is not None:
            found.append(slice(start, t))
            start = None
    return found


def crf_loss(tags, scores, trans, real):
    """-log probability of one text; texts with gaps are several, which are independent."""
    total = 0.0
    for part in segments(real):
        own = scores[part].astype('float64')
        every = [score(path, own, trans) for path in paths(*own.shape)]
        total += log_sum_exp(every) - score(tuple(tags[part]), own, trans)
    return total


def crf_gradients(tags, scores, trans, real):
    """The gradients of `crf_loss` for scores and trans: expected counts of tags and transitions, less the true ones."""
    by_score, by_trans = np.zeros(scores.shape), np.zeros(trans.shape)
    for part in segments(real):
        own = scores[part].astype('float64')
        every = [score(path, own, trans) for path in paths(*own.shape)]
        chances = np.exp(np.array(every) - log_sum_exp(every))
        for chance, path in list(zip(chances, paths(*own.shape))) + [(-1.0, tuple(tags[part]))]:
            for t, y in enumerate(path):
                by_score[part.start + t, y] += chance
            for i, j in zip(path, path[1:]):
                by_trans[i, j] += chance
    return by_score, by_trans


def memm_steps(tags, scores, trans, real):
    """Yields (tag, forward logits, backward logits) of each real token of one text."""
    for t in np.flatnonzero(real):
        before, after = t > 0 and real[t - 1], t + 1 < len(real) and real[t + 1]
        forward = (scores[t] + trans[tags[t - 1]]) / 2 if before else scores[t]
        backward = (scores[t] + trans[:, tags[t + 1]]) / 2 if after else scores[t]
        yield tags[t], forward, backward


def memm(tags, scores, trans, real):
    """(loss, accuracy) of a batch: means over its real tokens, and over both directions."""
    losses, right = [], []
    for row in zip(tags, scores.astype('float64'), real):
        for tag, *directions in memm_steps(row[0], row[1], trans, row[2]):
            losses += [log_sum_exp(logits) - logits[tag] for logits in directions]
            right += [logits.argmax() == tag for logits in directions]
    return np.mean(losses), np.mean(right)


def best_paths(scores, trans, starts=None, ends=None):
    """(the highest score of an allowed path, all paths that reach it)."""
    n, k = scores.shape
    allowed = [path for path in paths(n, k)
               if (starts is None or path[0] in starts) and (ends is None or path[-1] in ends)]
    found = [score(path, scores.astype('float64'), trans) for path in allowed]
    return max(found), [path for path, value in zip(allowed, found) if value > max(found) - 1e-9]


def next_logits(table, inputs, output_ids):
    """A toy model: table (v, v, v) -> logits (r, v) that depend on the last token and on one of the input's tokens."""
    step = output_ids.shape[1]
    last = output_ids[:, -1] if step else np.zeros(len(output_ids), int)
    return table[inputs[:, step % inputs.shape[1]], last]


def beam_search(step, start, end, maxlen, minlen, topk, min_ends):
    """Beam search with lists: step(output) -> log probabilities of the next token."""
    beams, width = [(0.0, start)], topk
    for _ in range(maxlen):
        longer = [(total + value, output + [token])
                  for total, output in beams for token, value in enumerate(step(output))]
        beams = sorted(longer, key=lambda beam: -beam[0])[:width]

        def ended(output):
            return len(output) >= minlen and output[-1] == end and output.count(end) >= min_ends

        if ended(beams[0][1]):
            return beams[0][1]
        width -= sum(ended(output) for _, output in beams)
        beams = [beam for beam in beams if not ended(beam[1])]
    return beams[0][1]


def toy(base, table):
    """The class of `next_logits(table, …)` with the given AutoRegressiveDecoder as its base."""

    class Toy(base):
        @base.wraps(default_rtype='logits')
        def predict(self, inputs, output_ids, states):
            return next_logits(table, inputs[0], output_ids)

    return Toy


def run_decoders(viterbi, autoregressive, arrays):
    """{result: ids (rows, 16), padded with -1} of a library's decoder classes; arrays as in `sequences_peer.py`."""
    results = {}
    for name, ends in (('free', (None, None)), ('bound', ([0, 2], [1]))):
        decoder = viterbi(arrays['trans'], *ends)
        results['viterbi/' + name] = [decoder.decode(nodes.copy()) for nodes in arrays['nodes']]
    decoder = toy(autoregressive, arrays['table'])(0, 1, 10, minlen=3)
    for topk, min_ends, temperature in ((1, 1, 1), (4, 1, 1), (5, 2, 0.7)):
        results['beam/%d' % topk] = [
            decoder.beam_search([text], topk, temperature=temperature, min_ends=min_ends) for text in arrays['texts']]
    for i, options in enumerate(({}, {'topk': 4}, {'topp': 0.8}, {'topk': 5, 'topp': 0.9, 'temperature': 1.3})):
        np.random.seed(i)
        results['sample/%d' % i] = [
            ids for text in arrays['texts'] for ids in decoder.random_sample([text], 4, **options)]
    return {name: np.array([pad(ids) for ids in lists]) for name, lists in results.items()}


def pad(ids):
    return np.pad(np.asarray(ids, 'int64'), (0, 16 - len(ids)), 'constant', constant_values=-1)
