"""What the scripts of this folder share: their command line, and small invented data to run on.

Without options a script writes the data of its task, a vocabulary and the configuration of a tiny model into a new
folder, and trains from scratch there within seconds. With your own files:

    python examples/migration/SCRIPT.py --data DIR --vocab vocab.txt --config bert_config.json --checkpoint model.ckpt

It knows nothing of the library the scripts are written for.
"""

import argparse
import itertools
import json
import os
import random
import tempfile

import numpy as np

SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
COMPANIES = ['沐舟能源', '霖笙食品', '澄昀物流', '青弦科技', '朔墟重工', '栖禾银行']
PEOPLE = ['闻人舒', '阮知秋', '裴沐', '乔南星', '陆羽白', '苏闻笛', '温予', '秦放歌']
PLACES = ['望舒市', '鹿鸣县', '枫桥区', '落霞镇', '云梯山']
PRODUCTS = ['手机', '无人机', '电池', '咖啡', '货车']
CHEAP_TALK = ['据报道，', '昨天，', '今天上午，', '有消息说，', '']


def pairs(rng):
    """Lines of two questions and whether they ask the same: 'text1 <tab> text2 <tab> label'."""
    things = ['退款', '换货', '发票', '会员', '快递', '优惠券', '积分', '密码']
    how = ['怎么申请%s', '%s怎么弄', '如何办理%s', '想申请%s']
    others = ['%s什么时候到', '为什么没有%s', '能取消%s吗', '谁收到了%s']
    polite = ['你好，%s', '请问%s', '%s？', '%s呢', '麻烦问一下，%s']
    for i in range(320):
        thing, label = rng.choice(things), i % 2
        first, second = rng.sample(how, 2)
        texts = [rng.choice(polite) % text % thing for text in (first, second if label else rng.choice(others))]
        yield '%s\t%s\t%d' % (texts[0], texts[1], label)


def entities(rng):
    """Characters with their tags, 'character tag' on a line, and an empty line after each sentence."""
    patterns = ['{t}{PER}来到{LOC}。', '{t}{ORG}在{LOC}开会。', '{t}{PER}加入了{ORG}。', '{t}{ORG}的{PER}去了{LOC}。']
    names = {'PER': PEOPLE, 'LOC': PLACES, 'ORG': COMPANIES}
    for _ in range(240):
        pieces = rng.choice(patterns).replace('{t}', rng.choice(CHEAP_TALK)).replace('}', '{').split('{')
        lines = []
        for i, piece in enumerate(pieces):
            text = rng.choice(names[piece]) if i % 2 else piece
            tags = ['B-' + piece] + ['I-' + piece] * len(text) if i % 2 else ['O'] * len(text)
            lines += ['%s %s' % pair for pair in zip(text, tags)]
        yield '\n'.join(lines) + '\n'


def titles(rng):
    """Lines of a title and the news below it: 'title <tab> text'."""
    for company, product, action in itertools.product(COMPANIES, PRODUCTS, ['推出', '停售']):
        reason = {'推出': '新款%s上市了', '停售': '%s不再卖了'}[action] % product
        for talk in CHEAP_TALK:
            place = rng.choice(PLACES)
            yield '%s%s%s\t%s%s在%s宣布，%s。' % (company, action, product, talk, company, place, reason)


def sentences(rng):
    """Plain text, a sentence on a line. Every company has its person, place and product: hidden words can be told."""
    for _ in range(400):
        i = rng.randrange(len(COMPANIES))
        company, person, place, product = [words[i % len(words)] for words in (COMPANIES, PEOPLE, PLACES, PRODUCTS)]
        yield rng.choice(CHEAP_TALK) + rng.choice([
            '%s在%s推出新款%s。' % (company, place, product),
            '%s出任%s董事长。' % (person, company),
            '%s的%s在%s不再生产。' % (company, product, place),
        ])


def relations(rng):
    """JSON lines as in DuIE: the text and its (subject, predicate, object)."""
    for _ in range(240):
        company, person, place, product = map(rng.choice, (COMPANIES, PEOPLE, PLACES, PRODUCTS))
        text, found = rng.choice([
            ('{p}创办了{c}，总部在{l}。', ['创始人', '总部']),
            ('{c}位于{l}，主要生产{g}。', ['总部', '产品']),
            ('{c}由{p}创办，生产{g}。', ['创始人', '产品']),
            ('{p}去了{l}。', []),
        ])
        objects = {'创始人': person, '总部': place, '产品': product}
        yield json.dumps({
            'text': rng.choice(CHEAP_TALK) + text.format(c=company, p=person, l=place, g=product),
            'spo_list': [{'subject': company, 'predicate': p, 'object': objects[p]} for p in found],
        }, ensure_ascii=False)


def reviews(rng):
    """Lines of a review and whether it is a good one: 'text <tab> label'."""
    words = [
        ['太差了', '很失望', '不值这个价', '再也不来了'],
        ['非常满意', '很喜欢', '值得推荐', '下次还来'],
    ]
    things = ['酒店', '菜', '手机', '衣服', '书', '服务', '房间']
    for i in range(320):
        first, second = rng.sample(words[i % 2], 2)
        yield '%s%s，%s。\t%d' % (rng.choice(['这个', '这家的', '']) + rng.choice(things), first, second, i % 2)


TASKS = {
    'pairs': pairs,
    'entities': entities,
    'titles': titles,
    'sentences': sentences,
    'relations': relations,
    'reviews': reviews,
}


def write_data(task, folder, size=None):
    """Writes train.txt, dev.txt and vocab.txt of a task into a folder; sixteen items are for development."""
    rng = random.Random(7)
    items = list(TASKS[task](rng))
    characters = sorted(set(''.join(items)) - set('\n\t "{}[]'))
    rng.shuffle(items)
    items = items[:size]
    for name, chosen in (('train.txt', items[16:]), ('dev.txt', items[:16])):
        write_lines(os.path.join(folder, name), chosen)
    # Tokens that Chinese text never needs, as in published vocabularies; load_vocab(simplified=True) drops them.
    spare = ['[unused%d]' % i for i in range(1, 20)] + ['##' + character for character in characters[:20]]
    write_lines(os.path.join(folder, 'vocab.txt'), SPECIAL + spare + characters)


def write_config(path, vocab, **sizes):
    """Writes the configuration of a model small enough to be trained from scratch in seconds."""
    with open(vocab, encoding='utf-8') as stream:
        vocab_size = len(stream.readlines())
    config = {
        'vocab_size': vocab_size,
        'hidden_size': 64,
        'num_hidden_layers': 1,
        'num_attention_heads': 4,
        'intermediate_size': 128,
        'hidden_act': 'gelu',
        'hidden_dropout_prob': 0.0,
        'attention_probs_dropout_prob': 0.0,
        'max_position_embeddings': 64,
        'type_vocab_size': 2,
    }
    write_lines(path, [json.dumps(dict(config, **sizes), indent=1)])


def write_lines(path, lines):
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write('\n'.join(lines) + '\n')


def options(task, description, epochs, learning_rate, sizes=()):
    """Reads the command line; writes the data of `task`, a vocabulary and a configuration where none are given.

    Returns a namespace with data, vocab, config, checkpoint, weights, initial, epochs, steps, learning_rate and
    `invented` (whether the data are).
    """
    parser = argparse.ArgumentParser(description=description.split('\n')[0])
    parser.add_argument('--data', metavar='DIR', help='folder with train.txt and dev.txt; invented ones by default')
    parser.add_argument('--items', type=int, help='how many invented items to use; all of them by default')
    parser.add_argument('--vocab', metavar='FILE', help='vocab.txt; the one of the data by default')
    parser.add_argument('--config', metavar='FILE', help='bert_config.json; a tiny model by default')
    parser.add_argument('--checkpoint', metavar='FILE', help='bert_model.ckpt; from scratch by default')
    parser.add_argument('--weights', metavar='FILE', help='where the best weights go; ends in .weights.h5')
    parser.add_argument('--initial', metavar='FILE', help='weights (.h5) to start from; written if there are none')
    parser.add_argument('--epochs', type=int, default=epochs)
    parser.add_argument('--steps', type=int, help='batches an epoch; all of them by default')
    parser.add_argument('--learning-rate', type=float, default=learning_rate)
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix='migration_')
    given.invented = given.data is None
    if given.invented:
        given.data = folder
        write_data(task, folder, given.items)
    given.vocab = given.vocab or os.path.join(given.data, 'vocab.txt')
    given.weights = given.weights or os.path.join(folder, 'best_model.weights.h5')
    if given.config is None:
        given.config = os.path.join(folder, 'bert_config.json')
        write_config(given.config, given.vocab, **dict(sizes))
    # Keras takes the seeds of initial weights from here.
    random.seed(7)
    np.random.seed(7)
    return given


def start(model, path):
    """Loads the weights in `path`, or saves those of the model where there is no such file; seeds the shuffling."""
    if path is not None:
        (model.load_weights if os.path.exists(path) else model.save_weights)(path)
    np.random.seed(7)
