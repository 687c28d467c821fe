"""Generated folders of DuIE in the official formats, whose triples can be learned by heart in seconds.

    write_folder('2.0', folder, count=64)      # schema, train, dev, test
    tokenizer = make_tokenizer()               # knows every character of them
"""

import json
import os
import random

from gplinker_kit.tokenizers import Tokenizer

LETTERS = '甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥'
OTHERS = '在演生于，的家是'
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
FILES = {'1.0': ('all_50_schemas', 'train_data.json', 'dev_data.json', 'test1_data_postag.json'),
         '2.0': ('duie_schema.json', 'duie_train.json', 'duie_dev.json', 'duie_test2.json')}
BIRTH, ROLE = ('人物', '出生地', {'@value': '地点'}), ('娱乐人物', '饰演', {'@value': '角色', 'inWork': '影视作品'})


def make_tokenizer():
    return Tokenizer({token: number for number, token in enumerate(SPECIAL + sorted(set(LETTERS + OTHERS)))},
                     do_lower_case=True)


def entry(relation, version, subject, **objects):
    """One item of `spo_list`."""
    kinds, values = relation[2], {slot: objects[slot.lstrip('@')] for slot in relation[2]}
    if version == '1.0':
        kinds, values = kinds['@value'], values['@value']
    return {'predicate': relation[1], 'subject': subject, 'subject_type': relation[0], 'object': values,
            'object_type': kinds}


def made(generator, version):
    """Returns a text and its triples: a birthplace, before or behind its person, or one or two roles of a person.

    Which role belongs to which work can be seen by the letters: those of the first clause are of the first half.
    """
    first, second = (generator.sample(half, 5) for half in (LETTERS[:12], LETTERS[12:]))
    person, town = ''.join(first[:2] + second[:1]), ''.join(second[1:3])
    if version == '1.0' or generator.random() < 0.4:
        text = '%s生于%s' % (person, town) if generator.random() < 0.5 else '%s是%s的家' % (town, person)
        return text, [entry(BIRTH, version, person, value=town)]
    facts = (first[3:], second[3:])[:1 if generator.random() < 0.25 else 2]
    text = person + '，'.join('在%s演%s' % (work, role) for work, role in facts)
    return text, [entry(ROLE, version, person, value=role, inWork=work) for work, role in facts]


def write_folder(version, folder, count=64, seed=0):
    """Writes the files of a version, `count` examples each; returns the folder as str."""
    generator, folder = random.Random(seed), str(folder)
    os.makedirs(folder, exist_ok=True)
    schema = [{'subject_type': one[0], 'predicate': one[1], 'object_type': one[2] if version == '2.0' else '地点'}
              for one in ((BIRTH, ROLE) if version == '2.0' else (BIRTH,))]
    lines = [[dict(zip(('text', 'spo_list'), made(generator, version))) for _ in range(count)] for _ in range(3)]
    lines[2] = [{'text': line['text']} for line in lines[2]]
    for name, part in zip(FILES[version], [schema] + lines):
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as stream:
            stream.writelines(json.dumps(line, ensure_ascii=False) + '\n' for line in part)
    return folder
