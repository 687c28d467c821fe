"""Runs bert4keras 0.11.5's snippets and tokenizers: `python snippets_peer.py FOLDER OUT.npz`.

FOLDER holds `jobs.json` and a SentencePiece model `small.model`; the answers are one JSON text in the archive.
"""

import json
import os
import sys

import jieba
import numpy as np
from bert4keras import snippets
from bert4keras.tokenizers import SpTokenizer, Tokenizer


def padding(job):
    rows = [np.arange(1, 1 + int(np.prod(shape))).reshape(shape) for shape in job['shapes']]
    padded = snippets.sequence_padding(rows, job['length'], job['value'], job['dims'], job['mode'])
    return [str(padded.dtype), list(padded.shape), padded.ravel().tolist()]


def resize(job):
    a = np.random.RandomState(job['seed']).normal(size=job['old'])
    return snippets.orthogonally_resize(a, job['new'], job['window']).ravel().tolist()


class Numbers(snippets.DataGenerator):
    def __iter__(self, random=False):
        yield [item for _, item in self.sample(random)]


def order(job):
    np.random.seed(job['seed'])
    data = list(range(job['count'])) if job['sized'] else IterableOf(job['count'])
    generator = Numbers(data, 4, job['buffer'])
    batches = generator.forfit()
    return [[int(x) for x in next(batches)] for _ in range(2)] + [generator.steps]


class IterableOf:
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(range(self.count))


def answers(folder, jobs):
    pieces = SpTokenizer(os.path.join(folder, 'small.model'))
    words = Tokenizer(jobs['vocabulary'], do_lower_case=True, pre_tokenize=lambda s: jieba.lcut(s, HMM=False))
    tokens = [words.tokenize(text) for text in jobs['words']]
    return {
        'padding': [padding(job) for job in jobs['padding']],
        'resize': [resize(job) for job in jobs['resize']],
        'order': [order(job) for job in jobs['order']],
        'substring': [snippets.longest_common_substring(*pair) for pair in jobs['pairs']],
        'subsequence': [snippets.longest_common_subsequence(*pair) for pair in jobs['pairs']],
        'segments': [snippets.text_segmentate(*job) for job in jobs['segments']],
        'truncated': [snippets.truncate_sequences(*job) for job in jobs['truncated']],
        'folded': [snippets.lowercase_and_normalize(text) for text in jobs['words']],
        'softmax': snippets.softmax(np.array(jobs['scores']), axis=0).tolist(),
        'pieces': [pieces.tokenize(text) for text in jobs['pieces']],
        'piece_ids': [pieces.encode(text, text[::-1], maxlen=12) for text in jobs['pieces']],
        'piece_texts': [pieces.decode(pieces.encode(text)[0]) for text in jobs['pieces']],
        'piece_attributes': {name: value for name, value in vars(pieces).items() if isinstance(value, (int, str))},
        'words': tokens,
        'word_ids': [words.encode(text, maxlen=15) for text in jobs['words']],
        'word_texts': [words.decode(words.encode(text)[0]) for text in jobs['words']],
        'word_places': [words.rematch(text, part) for text, part in zip(jobs['words'], tokens)],
    }


def main():
    folder, out = sys.argv[1:]
    with open(os.path.join(folder, 'jobs.json'), encoding='utf-8') as stream:
        jobs = json.load(stream)
    np.savez(out, answers=np.array(json.dumps(answers(folder, jobs))))


if __name__ == '__main__':
    main()
