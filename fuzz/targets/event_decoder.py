"""Events and cliques of scores; every argument of an event stands in its text."""

import warnings

from fuzz.targets import scores
from gplinker_kit.events.decoder import decode
from gplinker_kit.events.policy import CHOICES, Policy
from gplinker_kit.events.schema import Schema

SCHEMA = Schema({'收购': ['甲方', ('状态', ['完成', '计划'])], '任命': ['人']})
seeds = scores.seeds


def run(data, folder):
    typed = len(data) > 4 and data[4] & 1
    links = len(SCHEMA.event_types) if typed else 1
    text, offsets, packed = scores.maps(data, (len(SCHEMA), links, links))
    choice = data[2] if len(data) > 2 else 0
    policy = Policy(max_seconds=1.0, **{name: values[choice % len(values)] for name, values in CHOICES.items()})
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # overflow of huge scores
        found = decode(text, offsets, packed, SCHEMA, policy=policy)
    for event in found.events:
        if not 0 <= event.score <= 1:
            raise RuntimeError('an event with the score %r' % event.score)
        for node in event.nodes():
            if node.start is not None and text[node.start:node.end] != node.text:
                raise RuntimeError('%r does not stand at %d' % (node.text, node.start))
