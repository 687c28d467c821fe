"""Generated folders of CLUE's tasks, in their official formats: what a label depends on can be learned in minutes.

    write_folder('ocnli', folder, count=64, seed=0)      # all train, dev and test files of the task
    tokenizer = make_tokenizer()                         # knows every character of them
"""

import json
import os
import random

from gplinker_kit.clue.tasks import TASKS
from gplinker_kit.tokenizers import Tokenizer

LETTERS = '甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥'
IDIOMS = [a + b + a + b for a, b in zip(LETTERS, LETTERS[5:])][:16]
OTHERS = '东西不它和好在哪喜欢什么他地走了男女：？，。；任说无效答案_|[]'
SPECIAL = ['[PAD]', '[unused1]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
CORPUS_TYPES = TASKS['cluener'].labels


def make_tokenizer():
    return Tokenizer({token: number for number, token in enumerate(SPECIAL + sorted(set(LETTERS + OTHERS)))},
                     do_lower_case=True)


def words(generator, count):
    return ''.join(generator.choice(LETTERS) for _ in range(count))


def sentence(generator, label, labels):
    """The label is the two letters behind 好."""
    number = labels.index(label)
    return '%s好%s%s%s' % (words(generator, 3), LETTERS[number // 12], LETTERS[number % 12], words(generator, 2))


def pair(generator, label, labels):
    """The same again, the same with 不 before it, or something else."""
    first = words(generator, 6)
    return first, [words(generator, 6), first, '不' + first][labels.index(label)]


def classification_line(task, generator, number, labeled):
    labels = TASKS[task].labels
    label = generator.choice(labels)
    line = {'id': number}
    if task in ('iflytek', 'tnews'):
        line['sentence'] = sentence(generator, label, labels)
    elif task in ('afqmc', 'cmnli', 'ocnli'):
        line['sentence1'], line['sentence2'] = pair(generator, label, labels)
    elif task == 'csl':
        abstract = words(generator, 12)
        line['keyword'] = [abstract[:3], abstract[5:8]] if label == '1' else [words(generator, 3), words(generator, 3)]
        line['abst'] = abstract
    else:  # wsc: 它 is the first of the two
        first, second = words(generator, 2), words(generator, 2)
        start = 0 if label == 'true' else 3
        line = {'idx': number // 2 if labeled else number, 'text': '%s和%s，它好' % (first, second)}
        line['target'] = {'span1_text': line['text'][start:start + 2], 'span1_index': start,
                          'span2_text': '它', 'span2_index': 6}
    return dict(line, label=label) if labeled else line


def c3_document(generator, number, labeled):
    choices = generator.sample(LETTERS, generator.randint(2, 4))
    answer = generator.choice(choices)
    question = {'question': '喜欢什么？', 'choice': choices}
    question.update({'answer': answer} if labeled else {'id': number})
    return [['男：%s。' % words(generator, 3), '女：喜欢%s。' % answer], [question], 'x-%d' % number]


def cmrc_article(generator, number, labeled, references):
    who, where = generator.sample(LETTERS, 2), [words(generator, 3) for _ in range(2)]
    context = '，'.join('%s在%s' % facts for facts in zip(who, where)) + '。'
    asked = generator.randrange(2)
    answer = {'text': where[asked], 'answer_start': context.index(who[asked] + '在') + 2}
    invented = {'text': 'FAKE_ANSWER_1', 'answer_start': -1}
    question = {'id': 'Q_%d' % number, 'question': '%s在哪？' % who[asked],
                'answers': [answer] * references if labeled else [invented]}
    return {'id': 'A_%d' % number, 'title': '', 'paragraphs': [{'id': 'P', 'context': context, 'qas': [question]}]}


def chid_line(generator, number):
    """What stands before a blank are the two letters of its idiom."""
    candidates = generator.sample(IDIOMS, 10)
    chosen, texts, answers = generator.sample(range(10), 3), [], {}
    for place, answer in enumerate(chosen):
        blank = '#idiom%06d#' % (3 * number + place)
        answers[blank] = answer
        text = '他%s%s地走了' % (candidates[answer][:2], blank)
        texts = texts[:-1] + [texts[-1] + '，' + text] if place == 1 else texts + [text]
    return {'content': texts, 'candidates': candidates}, answers


def cluener_line(generator, number, labeled):
    """An entity stands behind 任; its first letter is its type."""
    text, label = words(generator, 2), {}
    for kind in generator.sample(range(len(CORPUS_TYPES)), 2):
        entity = LETTERS[kind] + words(generator, 2)
        start = len(text) + 1
        text += '任%s说' % entity
        label.setdefault(CORPUS_TYPES[kind], {}).setdefault(entity, []).append([start, start + 2])
    return {'text': text, 'label': label} if labeled else {'id': number, 'text': text}


def write_folder(task, folder, count=64, seed=0):
    """Writes all the files of a task, `count` examples each (for c3 a file, for chid three blanks a line)."""
    generator, folder = random.Random(seed), str(folder)
    os.makedirs(folder, exist_ok=True)
    task = TASKS[task]
    files = [(name, True) for name in task.train + task.dev] + [(one.test, False) for one in task.submissions]
    for name, labeled in files:
        path, numbers = os.path.join(folder, name), range(count)
        if task.name == 'c3':
            write(path, [c3_document(generator, number, labeled) for number in numbers], indent=1)
        elif task.name == 'cmrc2018':
            references = 3 if name in task.dev else 1
            write(path, {'data': [cmrc_article(generator, number, labeled, references) for number in numbers]})
        elif task.name == 'chid':
            made = [chid_line(generator, number) for number in numbers]
            write_lines(path, [line for line, _ in made])
            if labeled:
                write(path.replace('.json', '_answer.json'), {k: v for _, part in made for k, v in part.items()})
        elif task.name == 'cluener':
            write_lines(path, [cluener_line(generator, number, labeled) for number in numbers])
        else:
            write_lines(path, [classification_line(task.name, generator, number, labeled) for number in numbers])


def write(path, value, indent=None):
    with open(str(path), 'w', encoding='utf-8') as stream:
        json.dump(value, stream, ensure_ascii=False, indent=indent)
    return str(path)


def write_lines(path, lines):
    with open(str(path), 'w', encoding='utf-8') as stream:
        stream.write(''.join(json.dumps(line, ensure_ascii=False) + '\n' for line in lines))
    return str(path)
