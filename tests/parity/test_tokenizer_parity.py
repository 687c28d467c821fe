"""Tokenizer against bert4keras 0.11.5, on FewFC's sentences and on fuzzed strings."""

import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from gplinker_kit.tokenizers import Tokenizer, characters, load_vocab

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / 'shared' / 'data'
PEER = Path(__file__).resolve().parent / 'peers' / 'tokenizer_peer.py'
VOCABULARIES = [DATA / 'vocab' / name / 'vocab.txt' for name in ('bert_google_zh', 'roformer_v2_char')]
CONFIGURATIONS = [(path, lower) for path in VOCABULARIES for lower in (True, False)]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('bert4keras') is None, reason='bert4keras 0.11.5 is installed on the tf1 stack only'
)
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason='no real data at %s' % DATA)

ALPHABETS = [
    'abcdefgHIJKLM 0123456789', '中国公司收购股权质押的天气苏州北京', '.,!?-_()[]{}<>"\'，。！？、“”《》…—',
    ' \t\n\r\x0b\x0c\x1c\x85\xa0\u2002\u2028\u2029\u3000',
    '\0\x01\x7f\xad\u200b\u200c\u200d\u2060\ufeff\ufffd\U000e0041',
    'İıßẞﬁŉǅÅΣσςΑΟΔέϔ', '\u0300\u0301\u0345\u0327\u302e\U0001d165\u05b0\ufe0f\u0c4d',
    '가각힣각ㄱ', '😀🥰👩👧❤🏻🇨🇳①ＡｂＣ',
    '\U00020000\U0002b820\U0002b91f\U0002f800\uf900\ue000\U000f0000\u2e43\U0001f9ff\U0010ffff',
]


def fuzzed(count, seed):
    """Strings that mix the alphabets with code points from everywhere but the surrogates, a few of them very long."""
    source = random.Random(seed)
    texts = []
    for number in range(count):
        chosen, text = source.sample(ALPHABETS, source.randint(1, 4)), []
        for _ in range(source.randint(0, 30)):
            if source.random() < 0.25:
                code = source.randrange(source.choice((0x300, 0x3100, 0x10000, 0x20000, 0x110000)))
                text.append(chr(code) if not 0xD800 <= code < 0xE000 else ' ')
            else:
                text.append(source.choice(source.choice(chosen)))
        if number % 200 == 0:
            text.insert(source.randint(0, len(text)), source.choice('aé中\u0301') * source.randint(195, 260))
        texts.append(''.join(text))
    return texts


def ask(folder, jobs, *flags):
    """Hands `jobs` to bert4keras in a process of its own; returns its answers."""
    paths = [str(folder / name) for name in ('jobs.json', 'answers.json')]
    Path(paths[0]).write_text(json.dumps(jobs), encoding='utf-8')
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL='3', CUDA_VISIBLE_DEVICES='')
    environment.pop('TF_KERAS', None)
    run = subprocess.run(
        [sys.executable, str(PEER)] + paths + list(flags), env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert run.returncode == 0, run.stdout.decode('utf-8', 'replace')[-3000:]
    return json.loads(Path(paths[1]).read_text(encoding='utf-8'))


def first_difference(texts, ours, theirs):
    """Returns the first text with different results, and both of them; None where all are equal."""
    assert len(texts) == len(ours) == len(theirs) > 0
    return next(((ascii(t), a, b) for t, a, b in zip(texts, ours, theirs) if a != b), None)


@pytest.fixture(scope='module')
def fewfc():
    texts = []
    for name in ('duee_train.json', 'duee_dev.json'):
        with open(str(DATA / 'fewfc' / name), encoding='utf-8') as stream:
            texts.extend(json.loads(line)['text'] for line in stream)
    return texts


@needs_data
def test_ids_of_every_fewfc_sentence_and_of_fuzzed_strings(tmp_path, fewfc):
    assert len(fewfc) == 8070
    strings = fuzzed(5000, seed=20)
    assert sum(not characters.is_regular(text) for text in strings) > 1250
    assert sum(characters.is_regular(text) for text in strings) > 750
    texts, plain = fewfc + strings, [t for t in strings[:1500] if len(t.lower()) == len(t)]
    jobs = [
        {
            'vocabulary': str(path), 'options': {'do_lower_case': lower}, 'texts': texts, 'tokens': strings[:1000],
            'matched': (fewfc if path == VOCABULARIES[1] and lower else []) + plain,
        }
        for path, lower in CONFIGURATIONS
    ]
    answers = ask(tmp_path, jobs)['answers']
    for (path, lower), job, theirs in zip(CONFIGURATIONS, jobs, answers):
        tokenizer = Tokenizer(str(path), do_lower_case=lower)
        assert tokenizer._token_dict == theirs['vocabulary']
        results = tokenizer.encode_batch_with_offsets(texts)
        assert first_difference(texts, [ids for ids, _, _ in results], theirs['ids']) is None
        assert first_difference(texts, [tokenizer.encode(text)[0] for text in texts], theirs['ids']) is None
        tokens = [tokenizer.tokenize(text) for text in job['tokens']]
        assert first_difference(job['tokens'], tokens, theirs['tokens']) is None
        # bert4keras finds no match where its own normalisations disagree; ours always does.
        matched = [(text, match) for text, match in zip(job['matched'], theirs['matches']) if match is not None]
        assert len(matched) > 0.99 * len(job['matched'])
        ours = [tokenizer.rematch(text, tokenizer.tokenize(text)) for text, _ in matched]
        assert first_difference([text for text, _ in matched], ours, [match for _, match in matched]) is None


@needs_data
def test_pairs_simplified_vocabularies_and_decoded_text(tmp_path):
    source = random.Random(21)
    strings = fuzzed(600, seed=22)
    pairs = []
    for first, second in zip(strings[::2], strings[1::2]):
        pairs.append({
            'first_text': first, 'second_text': source.choice((second, second, None)),
            'maxlen': source.choice((None, 4, 8, 13)), 'pattern': source.choice(('S*E*E', 'S*ES*E')),
            'truncate_from': source.choice(('right', 'left', -2, 1, [-2, 1])),
        })
    decoded = [[source.randrange(100, 12000) for _ in range(source.randint(1, 20))] for _ in range(2000)]
    startswith = ['[PAD]', '[UNK]', '[CLS]', '[SEP]']
    jobs = [
        {
            'vocabulary': str(path), 'options': {'do_lower_case': lower}, 'pairs': pairs, 'decoded': decoded,
            'startswith': startswith,
        }
        for path, lower in CONFIGURATIONS
    ]
    for (path, lower), theirs in zip(CONFIGURATIONS, ask(tmp_path, jobs)['answers']):
        tokenizer = Tokenizer(str(path), do_lower_case=lower)
        ours = [list(tokenizer.encode(**arguments)) for arguments in pairs]
        assert first_difference(pairs, ours, theirs['pairs']) is None
        assert first_difference(decoded, [tokenizer.decode(ids) for ids in decoded], theirs['decoded']) is None
        assert list(load_vocab(str(path), simplified=True, startswith=startswith)) == theirs['simplified']


def test_options_and_classes_of_characters(tmp_path):
    words = ['中国', '公司', 'ab', '##b', 'é', 'a', 'b', '##a', '中', '国', '公', '司', '[', '##c']
    vocabulary = {token: index for index, token in enumerate(['[PAD]', '[UNK]', '[CLS]', '[SEP]'] + words)}
    strings = fuzzed(600, seed=23) + ['中国公司ab国', 'aab\u0301中国中国']
    options = [
        {'do_lower_case': True}, {'word_maxlen': 1}, {'word_maxlen': 3}, {'token_translate': {'中': '国', 'a': '['}},
        {'token_start': None}, {'token_start': 'a', 'token_end': None},
    ]
    jobs = [
        {'vocabulary': vocabulary, 'options': one, 'pre_tokenize': words, 'texts': strings, 'tokens': strings}
        for one in options for words in (False, True)
    ]
    answered = ask(tmp_path, jobs, 'classes')
    for job, theirs in zip(jobs, answered['answers']):
        pre_tokenize = (lambda text: [text[i:i + 2] for i in range(0, len(text), 2)]) if job['pre_tokenize'] else None
        tokenizer = Tokenizer(vocabulary, pre_tokenize=pre_tokenize, **job['options'])
        assert first_difference(strings, [tokenizer.tokenize(text) for text in strings], theirs['tokens']) is None
        assert first_difference(strings, [tokenizer.encode(text)[0] for text in strings], theirs['ids']) is None
        results = tokenizer.encode_batch_with_offsets(strings)
        assert first_difference(strings, [ids for ids, _, _ in results], theirs['ids']) is None
    for name, flags in answered['classes'].items():
        ours = getattr(Tokenizer, name)
        assert ''.join('01'[bool(ours(chr(code)))] for code in range(0x110000)) == flags, name
    punctuation = {chr(code) for first, last in characters.CJK_PUNCTUATION for code in range(first, last + 1)}
    assert punctuation == set(answered['cjk_punctuation'])
