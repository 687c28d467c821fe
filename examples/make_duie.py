"""Writes a small corpus of invented sentences with their triples, in the files of DuIE 2.0, and a vocabulary.

    python examples/make_duie.py --output runs/duie-data

All names are put together from parts, so nobody real is meant. Objects come before their subjects in some sentences,
and in many a person has several roles or prizes, which only the slots of one object keep apart. The same seed gives the
same sentences.
"""

import argparse
import json
import os
import random

PARTS = {  # a name is one entry of each
    'person': ('赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦', '景若思承雨知亦书梓清', '舟宁远晴川言禾帆初岚'),
    'town': ('朔霜栖沧望暮雁苍砚霁', '岚汀堰浦渚垣塬墟岬湾', '县镇市'),
    'work': ('长短远近深浅新旧', '河山夜灯雪船路桥', ('之歌', '来客', '往事', '传')),
    'role': ('老小大', '陈林许何吕张', ('船长', '渔夫', '先生', '医生', '掌柜')),
    'firm': ('澄砚霁禾沐栖漱翎槿芷', '川野辰帆峤屿澜岩', ('科技', '药业', '传媒', '食品')),
    'prize': ('金银', '鹤梭橙雀', ('奖', '奖章')),
    'date': (('199', '200', '201'), '0123456789', '年'),
}
SCHEMA = {
    '出生地': ('人物', {'@value': '地点'}),
    '父亲': ('人物', {'@value': '人物'}),
    '创始人': ('企业', {'@value': '人物'}),
    '饰演': ('娱乐人物', {'@value': '角色', 'inWork': '影视作品'}),
    '获奖': ('娱乐人物', {'@value': '奖项', 'onDate': 'Date', 'inWork': '作品'}),
}
# What is said of a person, the words in braces drawn: text, then (predicate, subject, slots).
PATTERNS = (
    ('{person}出生于{town}', [('出生地', 'person', {'@value': 'town'})]),
    ('{town}是{person}的家乡', [('出生地', 'person', {'@value': 'town'})]),
    ('{person}的父亲是{person2}', [('父亲', 'person', {'@value': 'person2'})]),
    ('{firm}由{person}于{date}创立', [('创始人', 'firm', {'@value': 'person'})]),
    ('{person}创立了{firm}', [('创始人', 'firm', {'@value': 'person'})]),
    ('{person}在《{work}》中饰演{role}', [('饰演', 'person', {'@value': 'role', 'inWork': 'work'})]),
    ('{person}在《{work}》中饰演{role}，在《{work2}》中饰演{role2}', [
        ('饰演', 'person', {'@value': 'role', 'inWork': 'work'}),
        ('饰演', 'person', {'@value': 'role2', 'inWork': 'work2'})]),
    ('{date}，{person}凭借《{work}》获得{prize}', [
        ('获奖', 'person', {'@value': 'prize', 'onDate': 'date', 'inWork': 'work'})]),
    ('{person}接受了采访', []),
)


def draw(generator, values):
    return values[int(generator.random() * len(values))]


def sentence(generator):
    """Returns one line: a text of one or two patterns and its triples."""
    texts, triples = [], []
    for _ in range(1 + int(generator.random() * 2)):
        pattern, facts = draw(generator, PATTERNS)
        words = {name + number: ''.join(draw(generator, part) for part in parts)
                 for name, parts in PARTS.items() for number in ('', '2')}
        texts.append(pattern.format(**words))
        for predicate, subject, slots in facts:
            kind, kinds = SCHEMA[predicate]
            triples.append({'predicate': predicate, 'subject': words[subject], 'subject_type': kind,
                            'object': {slot: words[name] for slot, name in slots.items()}, 'object_type': kinds})
    return {'text': '；'.join(texts) + '。', 'spo_list': triples}


def write(folder, name, lines):
    with open(os.path.join(folder, name), 'w', encoding='utf-8') as stream:
        stream.writelines(line + '\n' for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--output', required=True, help='folder to write')
    parser.add_argument('--train', type=int, default=1200, help='sentences')
    parser.add_argument('--dev', type=int, default=200, help='sentences, of the test as well')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    os.makedirs(options.output, exist_ok=True)
    generator, characters = random.Random(options.seed), set()
    write(options.output, 'duie_schema.json', [
        json.dumps({'subject_type': kind, 'predicate': predicate, 'object_type': kinds}, ensure_ascii=False)
        for predicate, (kind, kinds) in SCHEMA.items()])
    for name, count in (('train', options.train), ('dev', options.dev), ('test2', options.dev)):
        lines = [sentence(generator) for _ in range(count)]
        characters.update(*(line['text'] for line in lines))
        lines = [{'text': line['text']} for line in lines] if name == 'test2' else lines
        write(options.output, 'duie_%s.json' % name, [json.dumps(line, ensure_ascii=False) for line in lines])
    write(options.output, 'vocab.txt', ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] + sorted(characters))


if __name__ == '__main__':
    main()
