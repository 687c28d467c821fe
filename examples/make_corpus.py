"""Writes the demo corpus: invented Chinese news sentences with their events, in DuEE's files.

    python examples/make_corpus.py --output examples/corpus

The sentences come from `corpus_patterns.txt` beside this file (its notation is explained there) and from the word lists
below. All names are put together from parts, so nobody real is meant. A quarter of the parts is kept for the dev file:
its companies, places and people do not occur in the training file. The same seed gives the same bytes on every
Python version, because nothing but `random.random()` is drawn.
"""

import argparse
import hashlib
import json
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20210
TRAIN_LINES, DEV_LINES = 785, 120
KINDS = (('one', 54), ('two', 20), ('joined', 10), ('none', 16))  # sentences of each kind in a hundred
TRIGGER = '触发词'
BRACKETS = {'<': '>', '[': ']', '(': ')', '{': '}'}


def pairs(first, second):
    return [a + b for a in first for b in second]


# Entries may hold further draws and marks; the lists in NAMES are divided between train and dev.
NAMES = {
    '商号': pairs('澄砚霁禾沐栖漱翎槿芷岑霖皓煜琅珩', '川野辰帆峤屿澜岩舟樾昀笙'),
    '地名': pairs('朔霜栖沧望暮雁苍砚霁', '岚汀堰浦渚垣塬墟岬湾'),
    '名': pairs('景若思承雨知亦书梓清', '舟宁远晴川言禾帆初岚'),
    '匿名': pairs('赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦', ('某', '某某')),
    '品牌': pairs('星灵青极逐飞', '梭雀鲸弦橙羽'),
}
WORDS = {
    '公司': ['{商号}' + s for s in '科技 集团 股份 药业 传媒 能源 食品 汽车 软件 物流'.split()],
    '人名': ['{姓}{名}'],
    '姓': list('赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张'),
    '职位': '首席执行官 董事长 总经理 首席财务官 副总裁 技术总监 首席科学家 监事会主席'.split(),
    '法院': ['<地点|{地名}市>中级人民法院', '<地点|{地名}县>人民法院', '<地点|{地名}区>人民法院'],
    '罪名': '合同诈骗罪 挪用资金罪 故意伤害罪 盗窃罪 职务侵占罪 危险驾驶罪 走私罪 伪造印章罪'.split(),
    '刑期': ['有期徒刑{十几}年', '有期徒刑{个位}年', '有期徒刑{个位}年{个位}个月', '拘役{个位}个月'],
    '刑年': ['{十几}年', '{个位}年'],
    '地方': ['{地名}市', '{地名}县', '{地名}县{地名}镇', '{地名}以北海域'],
    '路段': ['{地名}高速', '{地名}市{方位}环路', '{地名}大桥', '{地名}隧道', '{地名}县{整数}国道'],
    '方位': list('东南西北'),
    '震级': ['{震}.{位}级'],
    '震': list('34567'),
    '深度': ['{两位}公里', '{两位}千米', '{个位}千米'],
    '赛事': [
        '<地点|{地名}>国际马拉松赛', '<地点|{地名}>{项目}公开赛',
        '{项目}世界锦标赛', '全国{项目}锦标赛', '{项目}超级联赛',
    ],
    '项目': '羽毛球 乒乓球 围棋 射箭 皮划艇 击剑 网球 攀岩'.split(),
    '球队': ['{地名}雪豹队', '{地名}飞鱼队', '{地名}猎鹰队', '{地名}灰狼队'],
    '产品': ['{品牌}{型号}' + s for s in '手机 平板电脑 电动汽车 智能手表 扫地机器人 投影仪'.split()],
    '型号': 'X5 S2 Pro Max 3代 {两位}'.split(),
    '标的': ['{公司}股价', '{公司}', '{商品}期货', '{商品}价格'],
    '商品': '原油 黄金 玉米 焦煤 棉花 豆粕 生猪 铁矿石'.split(),
    '协议': '战略合作协议 框架协议 供货合同 购销合同 技术许可协议 联合研发协议'.split(),
    '机构': [
        '<地点|{地名}>数据交易所', '<地点|{地名}>人工智能研究院', '<地点|{地名}市>环保基金会',
        '{商号}基金会', '{商号}研究院',
    ],
    '日期': [
        '{年份}年{月}月{日}日', '{月日}', '{月日}上午', '{日}日晚间', '今年{月}月',
        '周{周}', '本周{周}', '昨日', '今日', '近日',
    ],
    '月日': ['{月}月{日}日'],
    '月': [str(n) for n in range(1, 13)],
    '日': [str(n) for n in range(1, 29)],
    '周': list('一二三四五'),
    '年份': [str(n) for n in range(2001, 2024)],
    '金额': ['{两位}亿元', '{个位}.{位}亿元', '{两位}万元', '{整数}万元', '{两位}.{位}亿美元'],
    '价格': ['{整数}元', '{个位}{整数}元', '{两位}.{位}元'],
    '比例': ['{两位}%', '{个位}%', '{个位}.{位}%', '{两位}.{位}%'],
    '人数': ['{两位}人', '{个位}人', '{整数}人', '{整十}余人'],
    '位': list('123456789'),
    '个位': list('23456789'),
    '十几': [str(n) for n in range(11, 21)],
    '整十': [str(n) for n in range(20, 100, 10)],
    '年龄': [str(n) for n in range(22, 60)],
    '两位': [str(n) for n in range(11, 60)],
    '整数': [str(n) for n in range(101, 1000, 3)],
}
OPENINGS = ('据悉，', '记者获悉，', '{地名}日报消息，', '{月日}消息，', '公开资料显示，', '新闻快讯：')
CLOSINGS = {
    '商': ('公司成立于{年份}年。', '相关公告于{月日}发布。', '消息公布后，市场反应平稳。', '业内预计明年增长{两位}%。'),
    '法': ('该案于{年份}年立案。', '辩护律师没有置评。', '宣判用时{两位}分钟。'),
    '灾': ('救援仍在进行。', '当地人口约{两位}万人。', '当天气温{两位}度。', '上一次类似事件在{年份}年。'),
    '体': ('现场有观众{整数}人。', '下一站比赛在{月}月举行。', '赛事创办于{年份}年。'),
}
JOINTS = ('；', '。此外，', '。另据报道，', '；与此同时，')


def closing_index(template, start):
    """Returns the index of the bracket that closes the one at `start`."""
    depth, opening, closing = 0, template[start], BRACKETS[template[start]]
    for index in range(start, len(template)):
        depth += (template[index] == opening) - (template[index] == closing)
        if depth == 0:
            return index
    raise ValueError('%r is not closed in %r' % (opening, template))


def alternatives(inside):
    """Splits 'a/b/' at the slashes that stand in no bracket."""
    parts, start, index = [], 0, 0
    while index < len(inside):
        if inside[index] in BRACKETS:
            index = closing_index(inside, index)
        elif inside[index] == '/':
            parts.append(inside[start:index])
            start = index + 1
        index += 1
    return parts + [inside[start:]]


def read_patterns(path):
    """Returns (schema, patterns): {event type: roles} and [(event types, kind, template), ...] in file order."""
    schema, patterns, header = {}, [], None
    with open(path, encoding='utf-8') as stream:
        for line in stream:
            line = line.strip()
            if line.startswith('=='):
                fields = [field.strip() for field in line[2:].split(' : ')]
                types = () if fields[0] == '-' else tuple(name.strip() for name in fields[0].split('+'))
                if len(fields) == 3:
                    schema[types[0]] = fields[2].split()
                header = (types, fields[1])
            elif line and not line.startswith('#'):
                patterns.append(header + (line,))
    return schema, patterns


def share(names, split):
    """Returns the names of one split: every fourth is for dev, in an order that only the names themselves decide."""
    order = sorted(names, key=lambda name: hashlib.md5(name.encode('utf-8')).hexdigest())
    cut = len(order) // 4
    return order[:cut] if split == 'dev' else order[cut:]


def cycle(rng, items):
    """Yields all items in a random order, then all in another, and so on."""
    while True:
        yield from [items[index] for _, index in sorted((rng.random(), index) for index in range(len(items)))]


class Sentence:
    """A text that grows as templates are written to it, and the marks in it: (event index, role, start, end)."""

    def __init__(self, rng, split, schema):
        self.rng, self.split, self.schema = rng, split, schema
        self.text, self.types, self.marks = '', [], []
        self.used, self.named = set(), {}

    def choose(self, choices):
        return choices[int(self.rng.random() * len(choices))]

    def add(self, types, template):
        """Writes a whole pattern whose events, in order, are of `types`."""
        first = len(self.types)
        self.types.extend(types)
        self.write(template, list(range(first, len(self.types))), first)

    def write(self, template, takers=(), first=0, from_list=False):
        index = 0
        while index < len(template):
            if template[index] not in BRACKETS:
                self.text += template[index]
                index += 1
                continue
            end = closing_index(template, index)
            inside, opening = template[index + 1:end], template[index]
            index = end + 1
            if opening == '(':
                self.write(self.choose(alternatives(inside)), takers, first, from_list)
            elif opening == '{':
                name, _, key = inside.partition('#')
                self.write(self.draw(name, key), takers, first, True)
            elif opening == '<':
                targets, _, content = inside.partition('|')
                self.mark(targets.split(), content, takers, first, from_list)
            else:
                letter, dot, content = inside.rpartition('.')
                self.mark([letter + dot + TRIGGER], content, takers, first, from_list)

    def mark(self, targets, content, takers, first, from_list):
        """Writes `content` and notes its span for each target; a mark inside without a letter has the same events."""
        found = []
        for target in targets:
            letter, _, role = target.rpartition('.')
            events = ['ab'.index(letter) + first] if letter else takers
            found += [(event, role) for event in events if role == TRIGGER or role in self.schema[self.types[event]]]
        # A court brings its place along, and a sentence about something else need not have that role.
        if not found and not from_list:
            raise ValueError('no event of %s has a role of %s' % (self.types, targets))
        start = len(self.text)
        self.write(content, [event for event, _ in found] or takers, first, from_list)
        self.marks += [(event, role, start, len(self.text)) for event, role in found]

    def draw(self, name, key):
        """Returns an entry of a list; in one sentence no entry of plain text comes twice while there are others."""
        if key and (name, key) in self.named:
            return self.named[name, key]
        choices = WORDS.get(name) or share(NAMES[name], self.split)
        fresh = [choice for choice in choices if (name, choice) not in self.used]
        entry = self.choose(fresh or choices)
        if '{' not in entry:
            self.used.add((name, entry))
        if key:  # the entry is written to a scratch sentence, so that the same text comes again
            scratch = Sentence(self.rng, self.split, self.schema)
            scratch.used = self.used
            scratch.write(entry)
            entry = self.named[name, key] = scratch.text
        return entry

    def events(self):
        """Returns the events as objects of DuEE's `event_list`, arguments in the order of the text."""
        events = []
        for index, event_type in enumerate(self.types):
            spans = sorted({(start, end, role) for event, role, start, end in self.marks if event == index})
            arguments = [{'argument_start_index': start, 'role': role, 'argument': self.text[start:end], 'alias': []}
                         for start, end, role in spans if role != TRIGGER]
            start, end = [(start, end) for start, end, role in spans if role == TRIGGER][0]
            events.append({
                'event_type': event_type, 'trigger': self.text[start:end], 'trigger_start_index': start,
                'arguments': arguments, 'class': event_type.split('-')[0],
            })
        return events


def make_split(schema, patterns, split, count, seed=SEED):
    """Returns `count` different examples as objects of a DuEE file."""
    rng = random.Random('%d-%s' % (seed, split))
    by_kind = {kind: cycle(rng, [p for p in patterns if len(p[0]) == n]) for kind, n in
               (('one', 1), ('two', 2), ('none', 0), ('joined', 1))}
    kinds = cycle(rng, [kind for kind, percent in KINDS for _ in range(percent)])
    examples, seen = [], set()
    while len(examples) < count:
        kind = next(kinds)
        sentence = Sentence(rng, split, schema)
        if rng.random() < 0.25:
            sentence.write(sentence.choose(OPENINGS))
        types, topic, template = next(by_kind[kind])
        sentence.add(types, template)
        if kind == 'joined':
            others = [p for p in patterns if len(p[0]) == 1 and p[1] == topic and p[0] != types]
            other = sentence.choose(others or [p for p in patterns if not p[0] and p[1] == topic])
            sentence.write(sentence.choose(JOINTS))
            sentence.add(other[0], other[2])
        sentence.write('。')
        if rng.random() < 0.2:
            sentence.write(sentence.choose(CLOSINGS[topic]))
        if sentence.text not in seen:
            seen.add(sentence.text)
            examples.append({'text': sentence.text, 'id': '%s-%04d' % (split, len(examples) + 1),
                             'event_list': sentence.events()})
    return examples


def vocabulary(examples):
    """Returns the lines of vocab.txt: special tokens, printable ASCII, its continuations, the corpus's characters."""
    ascii_ = [chr(code) for code in range(33, 127)]
    continued = ['##' + c for c in ascii_ if c.isalnum()]
    corpus = sorted({c for example in examples for c in example['text'].lower() if c > '~'})
    return ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] + ascii_ + continued + corpus


def write_lines(path, lines):
    with open(path, 'w', encoding='utf-8', newline='\n') as stream:
        stream.write('\n'.join(lines) + '\n')


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--output', default=os.path.join(HERE, 'corpus'), help='folder to write to')
    folder = parser.parse_args(arguments).output
    schema, patterns = read_patterns(os.path.join(HERE, 'corpus_patterns.txt'))
    train = make_split(schema, patterns, 'train', TRAIN_LINES)
    dev = make_split(schema, patterns, 'dev', DEV_LINES)
    lines = [
        {'event_type': name, 'role_list': [{'role': role} for role in roles], 'id': 'type-%02d' % number,
         'class': name.split('-')[0]}
        for number, (name, roles) in enumerate(schema.items(), 1)
    ]
    os.makedirs(folder, exist_ok=True)
    for name, objects in (('duee_event_schema', lines), ('duee_train', train), ('duee_dev', dev)):
        write_lines(os.path.join(folder, name + '.json'),
                    [json.dumps(value, ensure_ascii=False, separators=(',', ':')) for value in objects])
    write_lines(os.path.join(folder, 'vocab.txt'), vocabulary(train + dev))
    print('%s: %d event types, %d training and %d dev sentences' % (folder, len(schema), len(train), len(dev)))


if __name__ == '__main__':
    main()
