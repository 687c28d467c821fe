"""Vocabulary files, and texts cut by the Rust tokenizer or by the exact one; both say the same of a text."""

import os
import warnings

from gplinker_kit.tokenizers import Tokenizer, load_vocab

APART = b'\xff\xff'  # between vocabulary and text; UTF-8 never has these bytes
TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '中', '国', '公司', 'a', '##b', '##c', 'abc', '1', '，', '##中')
TEXTS = ('中国 abc，公司1', 'ÀÉ ｆｕｌｌ İstanbul Σίσυφος', '\ud7ff\U0001f600\u200d\U0001f468 한국어',
         '\0\ufffd\u3000\t\u2028\u0301a\u0301')


def seeds():
    vocabulary = '\n'.join(TOKENS).encode('utf-8')
    return [bytes([flags]) + vocabulary + APART + text.encode('utf-8') for flags, text in enumerate(TEXTS)]


def run(data, folder):
    flags = data[0] if data else 0
    vocabulary, _, text = data[1:].partition(APART)
    text = text.decode('utf-8', 'surrogatepass' if flags & 4 else 'replace')
    path = os.path.join(folder, 'vocab.txt')
    with open(path, 'wb') as stream:
        stream.write(vocabulary)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        load_vocab(path, simplified=bool(flags & 8))
        tokenizer = Tokenizer(path, do_lower_case=bool(flags & 1), word_maxlen=3 + (flags >> 4))
    ids, segments, offsets = tokenizer.encode_with_offsets(text, maxlen=64 if flags & 2 else None)
    if not len(ids) == len(segments) == len(offsets):
        raise RuntimeError('lists of different lengths: %d, %d, %d' % (len(ids), len(segments), len(offsets)))
    if any(not 0 <= start <= end <= len(text) for start, end in offsets):
        raise RuntimeError('offsets outside of the text: %r' % (offsets,))
    tokenizer.decode(ids)
    tokenizer.encode(text, text, maxlen=32)
