"""Real Chinese text for small language models: CLUE's app descriptions, reading passages and headlines, in rows."""

from __future__ import annotations

import collections
import json

import numpy as np

from studies.common import data_path

VOCABULARY = ('vocab', 'roformer_v2_char', 'vocab.txt')
SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')  # the first rows of the small vocabulary, in this order


def read_texts(split):
    """Returns the texts of IFLYTEK, C3 and TNEWS, each once. split: 'train' or 'dev'."""
    found = []
    for corpus in ('iflytek', 'tnews'):
        with open(data_path('clue', corpus, split + '.json'), encoding='utf-8') as stream:
            found += [json.loads(line)['sentence'] for line in stream]
    for kind in ('m', 'd'):
        with open(data_path('clue', 'c3', '%s-%s.json' % (kind, split)), encoding='utf-8') as stream:
            found += [''.join(passage) for passage, *_ in json.load(stream)]
    return list(dict.fromkeys(found))


def frequent_tokenizer(texts, size, vocabulary):
    """Returns a `Tokenizer` of the special tokens and the most frequent ones of `texts`, `size` together.

    vocabulary: path of the file that the others are left out of; they become [UNK].
    """
    from gplinker_kit.tokenizers import Tokenizer

    whole, counts = Tokenizer(vocabulary, do_lower_case=True), collections.Counter()
    for text in texts:
        counts.update(whole.tokenize(text)[1:-1])
    known = [token for token, _ in counts.most_common() if token in whole._token_dict and token not in SPECIAL]
    kept = list(SPECIAL) + known[:size - len(SPECIAL)]
    return Tokenizer({token: number for number, token in enumerate(kept)}, do_lower_case=True)


def packed(tokenizer, texts, length):
    """The texts one behind the other, [SEP] behind each, cut into full rows: int32 (rows, length).

    The rest that fills no row is left out.
    """
    ids = [number for text in texts for number in tokenizer.encode(text)[0][1:]]
    count = len(ids) // length
    return np.array(ids[:count * length], 'int32').reshape(count, length)


def unigram_loss(rows, counted, size, special):
    """Mean cross-entropy in nats of guessing each usual token of `rows` by its frequency in `counted`, plus one."""
    counts = np.bincount(counted.ravel(), minlength=size) + 1.0
    counts[list(special)] = 0.0
    usual = rows[~np.isin(rows, special)]
    return float(np.mean(np.log(counts.sum() / counts[usual])))
