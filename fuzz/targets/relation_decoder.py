"""Triples of scores."""

import warnings

from fuzz.targets import scores
from gplinker_kit.relations.decoder import decode
from gplinker_kit.relations.schema import Schema

SCHEMA = Schema([('人物', '饰演', (('@value', '角色'), ('inWork', '影视作品'))),
                 ('人物', '妻子', (('@value', '人物'),))], True)
seeds = scores.seeds


def run(data, folder):
    text, offsets, packed = scores.maps(data, (2, len(SCHEMA), len(SCHEMA)))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)
        found = decode(text, offsets, packed, SCHEMA)
    for triple in found.triples:
        if not 0 <= triple.score <= 1:
            raise RuntimeError('a triple with the score %r' % triple.score)
