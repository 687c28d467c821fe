"""The strict score of triples, that of the published scripts (GPLinker, bert4keras's example): micro F1.

Texts are equal when they have the same tokens; without a tokenizer, when they are the same without regard to case,
accents and whitespace, which comes to the same but for tokens that a vocabulary does not have. 《》 count, unlike in
the official score.
"""

from __future__ import annotations

import unicodedata

from gplinker_kit.events.counts import set_counts


def plain_text(text):
    """Returns a text in lower case, without accents (combining marks) and whitespace."""
    bare = unicodedata.normalize('NFD', text.lower())
    return ''.join(c for c in bare if unicodedata.category(c) != 'Mn' and not c.isspace())


def triple_counts(gold, predicted, tokenize=None):
    """Counts the triples of one text whose subject, predicate and slots are all equal; equal ones count once.

    Arguments:
        gold, predicted: iterables of Triple.
        tokenize: None, or a function from a text to its tokens, such as a tokenizer's `tokenize`.
    Returns:
        Counts, to be added over texts.
    """
    def text_key(text):
        return plain_text(text) if tokenize is None else tuple(tokenize(text))

    def keys(triples):
        return {(text_key(triple.subject), triple.predicate,
                 tuple((slot, text_key(text)) for slot, text in triple.objects)) for triple in triples}

    return set_counts(keys(gold), keys(predicted))
