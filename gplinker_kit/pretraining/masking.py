"""Whole-word masking: which tokens a masked language model has to tell, and what it sees in their place.

Of the words 15% are chosen, and all tokens of a word together; of the chosen tokens 80% are shown as [MASK], 10% as any
token, 10% as they are. numpy only.
Sources: Devlin et al., 2018 (arXiv:1810.04805); whole words: Cui et al., 2019 (arXiv:1906.08101).
"""

import numpy as np

RATE = 0.15
SHOWN = (0.8, 0.1)  # as [MASK], as any token


def word_numbers(text, words, offsets):
    """The number of the word that each token of a text lies in, ascending: int (n,).

    Arguments: words: list of str, the words of the text in their order; what lies between two (blanks, say) belongs to
        none and counts as a word of its own with whatever follows up to the next. offsets: [(start, end)] of the
        tokens, in characters of the text.
    Raises: ValueError for a word that is not in the text behind the one before it.
    """
    starts, cursor = [], 0
    for word in words:
        start = text.find(word, cursor)
        if start < 0:
            raise ValueError('words: %r is not in the text behind the word before it' % (word,))
        starts.append(start)
        cursor = start + len(word)
    places = np.array([start for start, _ in offsets], 'int64')
    return np.searchsorted(np.array(starts, 'int64'), places, side='right')


def mask_words(tokens, words, random, mask, choices, rate=RATE, shown=SHOWN):
    """Hides words: returns (what is shown, int (n,); which tokens are hidden, bool (n,)).

    Arguments:
        tokens: ids (n,). words: numbers (n,), equal for the tokens of one word. random: numpy RandomState. mask: id of
        [MASK]. choices: ids that may stand in place of a token. rate: share of the words that are hidden, on the
        average, and at least one of them. shown: shares of their tokens that are shown as [MASK], and as any token.
    """
    tokens = np.asarray(tokens)
    if not len(tokens):
        return tokens, np.zeros(0, bool)
    names, own = np.unique(words, return_inverse=True)
    count = max(1, int(rate * len(names) + random.random_sample()))
    chosen = np.zeros(len(names), bool)
    chosen[random.permutation(len(names))[:count]] = True
    hidden, lot = chosen[own.reshape(-1)], random.random_sample(len(tokens))
    anything = np.asarray(choices)[random.randint(0, len(choices), len(tokens))]
    result = np.where(hidden & (lot < shown[0]), mask, tokens)
    return np.where(hidden & (lot >= shown[0]) & (lot < sum(shown)), anything, result), hidden


def cut_at_words(words, room):
    """[(start, stop)] of pieces of at most `room` tokens that end where words end; a longer word is cut too."""
    pieces, start = [], 0
    while start < len(words):
        stop = min(start + room, len(words))
        if stop < len(words):
            while stop > start and words[stop] == words[stop - 1]:
                stop -= 1
            stop = stop if stop > start else start + room
        pieces.append((start, stop))
        start = stop
    return pieces
