"""Bodies of POST /extract, as they are read before any model sees them."""

import json

from gplinker_kit.serving import Limits, read_texts

LIMITS = Limits(texts=4, characters=60, body_bytes=20000)


def seeds():
    values = [{'texts': ['甲收购乙', 'b']}, {'text': '甲'}, {'texts': []}, {'text': 1}, {}, [], 'x',
              {'texts': ['a'] * 5}, {'text': 'x' * 61}, {'text': '\ud800'}, {'texts': ['a'], 'text': 'a'}]
    return [json.dumps(value).encode() for value in values] + [b'\xef\xbb\xbf{"text": ""}', b' ' * 20001, b'']


def run(data, folder):
    texts = read_texts(data, LIMITS)
    if not 1 <= len(texts) <= LIMITS.texts or sum(map(len, texts)) > LIMITS.characters:
        raise RuntimeError('texts beyond the limits: %r' % (texts,))
    '\n'.join(texts).encode('utf-8')
