"""Runs bert4keras 0.11.5's tokenizer: `python tokenizer_peer.py JOBS.json ANSWERS.json [classes]`.

JOBS is a list of jobs. Each holds `vocabulary` (a path or a dict), `options` of the Tokenizer, `pre_tokenize` (true for
words of two characters), and lists of inputs: `texts` to encode, `tokens` to tokenize, `matched` to tokenize and
rematch, `pairs` (arguments of encode), `decoded` (lists of ids). ANSWERS holds the answers and, if
asked for, the classes of all code points.
"""

import json
import sys
import time

from bert4keras import __version__
from bert4keras.tokenizers import Tokenizer, load_vocab


def rematch(tokenizer, text):
    try:
        return tokenizer.rematch(text, tokenizer.tokenize(text))
    except ValueError:
        return None


def answer(job):
    options = dict(job['options'])
    if job.get('pre_tokenize'):
        options['pre_tokenize'] = lambda text: [text[i:i + 2] for i in range(0, len(text), 2)]
    tokenizer = Tokenizer(job['vocabulary'], **options)
    begun = time.time()
    ids = [tokenizer.encode(text)[0] for text in job.get('texts', [])]
    seconds = time.time() - begun
    begun = time.time()
    matches = [rematch(tokenizer, text) for text in job.get('matched', [])]
    return {
        'ids': ids,
        'tokens': [tokenizer.tokenize(text) for text in job.get('tokens', [])],
        'matches': matches,
        'pairs': [tokenizer.encode(**arguments) for arguments in job.get('pairs', [])],
        'decoded': [tokenizer.decode(ids) for ids in job.get('decoded', [])],
        'vocabulary': load_vocab(job['vocabulary']) if isinstance(job['vocabulary'], str) else None,
        'simplified': load_vocab(job['vocabulary'], simplified=True, startswith=job['startswith'])
        if 'startswith' in job else None,
        'encode_seconds': seconds,
        'rematch_seconds': time.time() - begun,
    }


def classes():
    """One string a class: '1' for each code point that belongs to it."""
    names = ('_is_space', '_is_punctuation', '_is_cjk_character', '_is_control')
    every = [chr(code) for code in range(0x110000)]
    return {name: ''.join('01'[bool(getattr(Tokenizer, name)(ch))] for ch in every) for name in names}


def main():
    if __version__ != '0.11.5':
        raise SystemExit('expected bert4keras 0.11.5, got %s' % __version__)
    with open(sys.argv[1], encoding='utf-8') as stream:
        jobs = json.load(stream)
    answers = [answer(job) for job in jobs]
    with open(sys.argv[2], 'w', encoding='utf-8') as stream:
        json.dump({
            'answers': answers,
            'classes': classes() if 'classes' in sys.argv[3:] else None,
            'cjk_punctuation': Tokenizer._cjk_punctuation(),
        }, stream)


if __name__ == '__main__':
    main()
