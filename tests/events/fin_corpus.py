"""Invented documents in DuEE-fin's format: several events that share values, repeated values, items, no offsets."""

import json
import random

from gplinker_kit.events.corpus import DUEE_FIN
from gplinker_kit.events.duee_fin import TEST_FILE
from gplinker_kit.events.schema import Schema
from tests.events.corpora import write_lines

SCHEMA = Schema([
    ('质押', ['质押方', '质押物', '质权方', '日期']),
    ('股份回购', ['回购方', '回购股份数量', '交易金额', '日期']),
    ('公司上市', ['上市公司', '日期', ('环节', ['筹备上市', '暂停上市', '正式上市', '终止上市'])]),
])
KINDS = ['科技', '矿业', '药业']
NAMES = [first + second + kind for first, second in zip('砚漱岚朔珩霁岫璟', '帆岩汀澜屿川栖岑') for kind in KINDS]
TRIGGERS = {'质押': ['质押'], '股份回购': ['回购'], '公司上市': ['挂牌', '摘牌', '申报']}
FILLERS = [
    '本次事项无需提交审议。', '公司提醒投资者注意风险，\n谨慎决策。', '上述内容以公告为准。',
    '　　财务状况未见异常。', '市场对此反应平淡。', '公司将及时履行披露义务。',
]
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]']
ENCODER = dict(
    hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, hidden_act='relu',
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, type_vocab_size=2,
)  # fmt: skip


def _value(generator, role, item=None):
    if role == '日期':
        return '%d月%d日' % (generator.randint(1, 12), generator.randint(1, 28))
    if role in ('质押物', '回购股份数量'):
        return '%d万股' % generator.randint(100, 999)
    if role == '交易金额':
        return '%d.%d亿元' % (generator.randint(1, 9), generator.randint(1, 9))
    return generator.choice(NAMES)


def _event(generator, event_type, trigger, shared):
    """One event; a value of a role in `shared` is that of an earlier event now and then."""
    arguments = []
    for role in SCHEMA.roles(event_type):
        items = SCHEMA.enum_items(event_type, role)
        if items:
            if trigger is not None:
                arguments.append({'role': role, 'argument': generator.choice(items)})
            continue
        if role not in shared or generator.random() < 0.7:
            shared[role] = _value(generator, role)
        arguments.append({'role': role, 'argument': shared[role]})
    event = {'event_type': event_type, 'arguments': arguments}
    return event if trigger is None else dict(event, trigger=trigger)


def _sentence(event):
    words = [argument['argument'] for argument in event['arguments'] if argument['role'] != '环节']
    return '，'.join(words[:1] + ([event['trigger']] if 'trigger' in event else []) + words[1:]) + '。'


def document(generator, number, fillers=6):
    """Returns the line of one document: none to three events, each told of once or twice, and sentences about nothing.

    A trigger word of 公司上市 is one event's: with one word, two events cannot have two items.
    """
    events, shared = [], {}
    for _ in range(generator.choice([0, 1, 2, 2, 3])):
        event_type = generator.choice(SCHEMA.event_types)
        used = [event.get('trigger') for event in events if event_type == '公司上市']
        words = [word for word in TRIGGERS[event_type] if word not in used]
        trigger = generator.choice(words) if words and generator.random() < 0.8 else None
        events.append(_event(generator, event_type, trigger, shared))
    sentences = [_sentence(event) for event in events for _ in range(generator.randint(1, 2))]
    sentences += [generator.choice(FILLERS) for _ in range(fillers)]
    generator.shuffle(sentences)
    line = {'id': 'd%d' % number, 'title': ' 公告第%d号' % number, 'text': '\n'.join(sentences)}
    return dict(line, event_list=events) if events else line


def documents(count, seed=0, fillers=6):
    """Returns the lines of so many documents, always the same."""
    generator = random.Random(seed)
    return [document(generator, number, fillers) for number in range(count)]


def intertwined(line):
    """Whether a document has several events of a type, or events that share a value."""
    events = line.get('event_list', [])
    types = [event['event_type'] for event in events]
    values = [argument['argument'] for event in events for argument in event['arguments']]
    return len(set(types)) < len(types) or len(set(values)) < len(values)


def short_documents(count, hard, longest=60, seed=5):
    """Returns the lines of so many documents that a small model learns in seconds, the intertwined ones last.

    hard: int, how many are intertwined. longest: int, most characters of a text.
    """
    lines = [line for line in documents(10 * count, seed, fillers=0) if len(line['text']) <= longest]
    easy = [line for line in lines if not intertwined(line)]
    return easy[:count - hard] + [line for line in lines if intertwined(line)][:hard]


def write_folder(folder, lines, dev=()):
    """Writes the official files (dev's where there are such lines), and what a small encoder needs: its config and a
    vocabulary. The test file has the documents of train.
    """
    for name, some in (('schema', SCHEMA.to_lines()), ('train', lines), ('dev', dev)):
        if some:
            write_lines(folder / DUEE_FIN.files[name], *some)
    test = [{key: line[key] for key in ('id', 'title', 'text')} for line in lines]
    write_lines(folder / TEST_FILE, *test)
    tokens = SPECIAL + sorted(set(''.join(line['title'] + line['text'] for line in lines)) - set(' \n\u3000'))
    (folder / 'vocab.txt').write_text('\n'.join(tokens) + '\n', encoding='utf-8')
    (folder / 'encoder.json').write_text(json.dumps(dict(ENCODER, vocab_size=len(tokens))))
