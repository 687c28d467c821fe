"""Corpora in DuIE's formats, of invented sentences, and what several tests of relations need."""

import json
import random

from gplinker_kit.relations.schema import VALUE, Example, Schema, Triple

SIMPLE = Schema([('人物', '出生地', [(VALUE, '地点')]), ('企业', '成立日期', [(VALUE, 'Date')]),
                 ('机构', '成立日期', [(VALUE, 'Date')])], nested=False)
COMPLEX = Schema([
    ('人物', '出生地', [(VALUE, '地点')]),
    ('娱乐人物', '饰演', [('inWork', '影视作品'), (VALUE, '角色')]),
    ('娱乐人物', '获奖', [(VALUE, '奖项'), ('onDate', 'Date'), ('period', 'Number')]),
], nested=True)
NAMES, WORKS = '赵甲 钱乙 孙丙 李丁'.split(), '《云海》 《长河》 《夜船》'.split()
ROLES, TOWNS = '船长 渔夫 先生'.split(), '东镇 西州 南浦'.split()
PRIZES, DATES = '金鹤奖 银梭奖'.split(), '1999年 2003年'.split()


def triple(subject, predicate, value, **slots):
    return Triple(subject, predicate, dict({VALUE: value}, **slots))


def generated(count, seed=0):
    """Returns examples of COMPLEX; in many a subject has several complex objects, subject after object too."""
    generator, examples = random.Random(seed), []
    for _ in range(count):
        people = generator.sample(NAMES, 2)
        parts, triples = [], []
        for person in people:
            kind = generator.randrange(4)
            if kind == 0:
                town = generator.choice(TOWNS)
                parts.append('%s出生于%s' % (person, town))
                triples.append(triple(person, '出生地', town))
            elif kind == 1:
                works, roles = generator.sample(WORKS, 2), generator.sample(ROLES, 2)
                parts.append('%s在%s中饰演%s，在%s中饰演%s' % (person, works[0], roles[0], works[1], roles[1]))
                triples += [triple(person, '饰演', role, inWork=work) for role, work in zip(roles, works)]
            elif kind == 2:
                prize, date = generator.choice(PRIZES), generator.choice(DATES)
                parts.append('%s获得%s的是%s' % (date, prize, person))
                triples.append(triple(person, '获奖', prize, onDate=date))
            else:
                parts.append('%s没有回答' % person)
        examples.append(Example('，'.join(parts) + '。', triples))
    return examples


def line_of(subject, predicate, value, kinds, subject_type='人物'):
    """One entry of `spo_list`."""
    return {'subject': subject, 'predicate': predicate, 'object': value, 'subject_type': subject_type,
            'object_type': kinds}


def write_lines(path, *lines):
    """Writes objects, or strings as they are; returns the path as str."""
    path.write_text('\n'.join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding='utf-8')
    return str(path)
