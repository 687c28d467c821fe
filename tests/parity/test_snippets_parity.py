"""Snippets, SpTokenizer and word-level tokenisation against bert4keras 0.11.5, run once in a process of its own."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from gplinker_kit import snippets
from gplinker_kit.tokenizers import SpTokenizer, Tokenizer, jieba_words
from tests.helpers import run_peer
from tests.tokenizers.sentence_models import WORDS, train

PEER = Path(__file__).resolve().parent / 'peers' / 'snippets_peer.py'
CHINESE = [
    '今天天气很好，我们去北京大学看看。', 'Tésla在上海建超级工厂 OK!', '研究生命的起源，乒乓球拍卖完了',
    '南京市长江大桥abc123',
]
VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '今天', '我们', '北京大学', '上海', '工厂', '乒乓球']
VOCABULARY += ['研究', '南京市', '长江大桥', 'ok', 'abc', '##1', '##2']
VOCABULARY += list('天气很好去看在建超级生命的起源拍卖完了，。！tesla')


def make_jobs():
    source = random.Random(4)

    def word(letters, length):
        return ''.join(source.choice(letters) for _ in range(source.randint(0, length)))

    def padding_job():
        dims = source.randint(1, 3)
        inner = source.choice(([], [2]))
        shapes = [[source.randint(1, 4) for _ in range(dims)] + inner for _ in range(source.randint(1, 4))]
        length = source.choice((None, [source.randint(1, 5) for _ in range(dims)]))
        if length and dims == 1 and source.random() < 0.5:
            length = length[0]
        return {'shapes': shapes, 'length': length, 'value': source.choice((0, -1, 5)), 'dims': dims,
                'mode': source.choice(('post', 'pre'))}

    return {
        'padding': [padding_job() for _ in range(60)],
        'resize': [
            {'seed': seed, 'old': old, 'new': new, 'window': window}
            for seed, (old, new, window) in enumerate([
                ((4, 6), (8, 9), 2), ((4, 6), (3, 11), 2), ((8,), (20,), 4), ((4, 4, 2), (4, 9, 1), 2),
            ])
        ],
        'order': [
            {'seed': 1, 'count': 50, 'sized': True, 'buffer': None},
            {'seed': 2, 'count': 50, 'sized': False, 'buffer': 7},
            {'seed': 3, 'count': 5, 'sized': False, 'buffer': None},
        ],
        'pairs': [[word('abc', 12), word('abc', 12)] for _ in range(150)] + [[[1, 2, 3], [3, 2, 3, 1]]],
        'segments': [
            [word('ab。，\n ', 40), source.randint(1, 12), source.choice(('\n。，', '。', '', ['，', '\n'])),
             source.choice((None, '。', ' a'))]
            for _ in range(150)
        ],
        'truncated': [
            [source.randint(2, 12), source.choice((-1, 0, -2)),
             list(range(source.randint(2, 9))), list(range(source.randint(0, 9)))]
            for _ in range(60)
        ],
        'scores': [[1.0, 2.0], [3.0, -800.0], [0.5, 0.25]],
        'pieces': [' '.join(source.choice(WORDS) for _ in range(source.randint(1, 6))) for _ in range(30)]
        + ['the [MASK] cat', 'Ж the', '  小猫   sat ', ''],
        'words': CHINESE
        + [''.join(source.choice(CHINESE)[:source.randint(1, 20)] for _ in range(3)) for _ in range(30)],
        'vocabulary': {token: index for index, token in enumerate(dict.fromkeys(VOCABULARY))},
    }


@pytest.fixture(scope='module')
def jobs():
    return make_jobs()


@pytest.fixture(scope='module')
def folder(tmp_path_factory, jobs):
    folder = tmp_path_factory.mktemp('snippets')
    train(folder / 'small')
    (folder / 'jobs.json').write_text(json.dumps(jobs), encoding='utf-8')
    return folder


@pytest.fixture(scope='module')
def theirs(folder):
    return json.loads(str(run_peer(PEER, folder)['answers']))


def plain(value):
    """Returns `value` as JSON would give it back."""
    return json.loads(json.dumps(value))


def test_padding(jobs, theirs):
    for job, (kind, shape, values) in zip(jobs['padding'], theirs['padding']):
        rows = [np.arange(1, 1 + int(np.prod(shape))).reshape(shape) for shape in job['shapes']]
        padded = snippets.sequence_padding(rows, job['length'], job['value'], job['dims'], job['mode'])
        assert (str(padded.dtype), list(padded.shape), padded.ravel().tolist()) == (kind, shape, values), job


def test_resizing_and_softmax(jobs, theirs):
    for job, expected in zip(jobs['resize'], theirs['resize']):
        a = np.random.RandomState(job['seed']).normal(size=job['old'])
        found = snippets.orthogonally_resize(a, job['new'], job['window'])
        assert np.allclose(found.ravel(), expected, rtol=0, atol=1e-12)
    assert np.allclose(snippets.softmax(np.array(jobs['scores']), axis=0), theirs['softmax'], rtol=0, atol=1e-15)


def test_common_parts(jobs, theirs):
    assert plain([snippets.longest_common_substring(*pair) for pair in jobs['pairs']]) == theirs['substring']
    assert plain([snippets.longest_common_subsequence(*pair) for pair in jobs['pairs']]) == theirs['subsequence']


def test_segments_and_truncation(jobs, theirs):
    for job, expected in zip(jobs['segments'], theirs['segments']):
        assert snippets.text_segmentate(*job) == expected, job
    for (maxlen, index, *lists), expected in zip(plain(jobs['truncated']), theirs['truncated']):
        assert snippets.truncate_sequences(maxlen, index, *lists) == expected
    assert [snippets.lowercase_and_normalize(text) for text in jobs['words']] == theirs['folded']


class Items:
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(range(self.count))


def test_the_order_of_shuffled_data(jobs, theirs):
    for job, (*epochs, steps) in zip(jobs['order'], theirs['order']):
        np.random.seed(job['seed'])
        data = list(range(job['count'])) if job['sized'] else Items(job['count'])
        generator = snippets.DataGenerator(data, 4, job['buffer'])
        assert [[item for _, item in generator.sample(random=True)] for _ in range(2)] == epochs
        assert generator.steps == steps


def test_sentence_pieces(folder, jobs, theirs):
    tokenizer, texts = SpTokenizer(folder / 'small.model'), jobs['pieces']
    assert [tokenizer.tokenize(text) for text in texts] == theirs['pieces']
    assert plain([tokenizer.encode(text, text[::-1], maxlen=12) for text in texts]) == theirs['piece_ids']
    assert [tokenizer.decode(tokenizer.encode(text)[0]) for text in texts] == theirs['piece_texts']
    for name, value in theirs['piece_attributes'].items():
        assert getattr(tokenizer, name) == value, name


def test_words(jobs, theirs):
    tokenizer, texts = Tokenizer(jobs['vocabulary'], do_lower_case=True, pre_tokenize=jieba_words), jobs['words']
    tokens = [tokenizer.tokenize(text) for text in texts]
    assert tokens == theirs['words']
    assert plain([tokenizer.encode(text, maxlen=15) for text in texts]) == theirs['word_ids']
    assert [tokenizer.decode(tokenizer.encode(text)[0]) for text in texts] == theirs['word_texts']
    assert [tokenizer.rematch(text, part) for text, part in zip(texts, tokens)] == theirs['word_places']
