"""Real text for the studies that train on it: the passages of CLUE's c3, cmrc2018 and iflytek as numbered characters.

Tokens are those of RoFormerV2's vocabulary, nearly all of them single characters, of which the most frequent are kept:
a small vocabulary makes the softmax over it cheap, and leaves a small model something to learn.
"""

from __future__ import annotations

import functools
import json

import numpy as np

from studies.common import data_path

UNKNOWN, MASK, END, FIRST = 1, 2, 3, 4  # ids: of a rare token, a hidden one, the end of a text; 0 is padding
SPECIAL = (0, UNKNOWN, END)  # never hidden
VOCABULARY = ('vocab', 'roformer_v2_char', 'vocab.txt')
FILES = {
    'train': (('c3', 'm-train.json'), ('c3', 'd-train.json'), ('cmrc2018', 'train.json'), ('iflytek', 'train.json')),
    'dev': (('c3', 'm-dev.json'), ('c3', 'd-dev.json'), ('cmrc2018', 'dev.json'), ('iflytek', 'dev.json')),
}


def passages(corpus, name):
    """Returns the texts of one file, each once, in its order."""
    with open(data_path('clue', corpus, name), encoding='utf-8') as stream:
        if corpus == 'iflytek':
            found = [json.loads(line)['sentence'] for line in stream]
        elif corpus == 'c3':
            found = ['\n'.join(row[0]) for row in json.load(stream)]
        else:
            found = [part['context'] for row in json.load(stream)['data'] for part in row['paragraphs']]
    return list(dict.fromkeys(found))


@functools.lru_cache(maxsize=1)
def token_ids():
    """Returns {'train', 'dev': list of lists of ids of the vocabulary, one a text}; it takes seconds, once."""
    from gplinker_kit.tokenizers import Tokenizer

    tokenizer = Tokenizer(data_path(*VOCABULARY), do_lower_case=True)
    return {part: [tokenizer.encode(text)[0][1:-1] for name in names for text in passages(*name)]
            for part, names in FILES.items()}


def numbered(kept):
    """Returns {'train', 'dev': list of int32 arrays, one a text}: 0 … kept - 1, the most frequent of the training."""
    return keep_frequent(token_ids(), kept)


def keep_frequent(ids, kept):
    """{part: lists of any ids} -> {part: int32 arrays}: those frequent in 'train' from `FIRST` on, others `UNKNOWN`."""
    values, counts = np.unique(np.concatenate(ids['train']), return_counts=True)
    values = values[np.lexsort((values, -counts))][:kept - FIRST]
    table = {int(value): FIRST + place for place, value in enumerate(values)}
    return {part: [np.array([table.get(one, UNKNOWN) for one in text], 'int32') for text in texts]
            for part, texts in ids.items()}


def joined(texts):
    """The texts one behind the other, `END` after each."""
    return np.concatenate([piece for text in texts for piece in (text, [END])]).astype('int32')


def windows(stream, length, count, random, starts=None):
    """`count` rows of `length` tokens from random places of a stream, of all or of those in `starts`."""
    places = random.randint(0, len(stream) - length + 1 if starts is None else len(starts), count)
    return stream[(places if starts is None else starts[places])[:, None] + np.arange(length)]


def starts_within(texts, length):
    """The places of `joined(texts)` from which on `length` tokens are of one text."""
    ends = np.cumsum([len(text) + 1 for text in texts])
    return np.concatenate([np.arange(end - 1 - len(text), end - length) for end, text in zip(ends, texts)])
