"""Schemas and examples of DuIE, both versions."""

from fuzz.targets.files import cases, lines, read
from gplinker_kit.relations import duie
from gplinker_kit.relations.schema import Schema

FLAT = [{'subject_type': '人物', 'predicate': '出生地', 'object_type': '地点'},
        {'subject_type': '人物', 'predicate': '妻子', 'object_type': '人物'}]
NESTED = [{'subject_type': '人物', 'predicate': '饰演', 'object_type': {'@value': '角色', 'inWork': '影视作品'}},
          {'subject_type': '人物', 'predicate': '妻子', 'object_type': {'@value': '人物'}}]
SCHEMA = Schema([('人物', '饰演', (('@value', '角色'), ('inWork', '影视作品')))], True)
OLD = {'text': '甲生于乙市', 'postag': [], 'spo_list': [
    {'subject': '甲', 'subject_type': '人物', 'predicate': '出生地', 'object': '乙市', 'object_type': '地点'}]}
NEW = {'text': '甲在丙中演丁', 'spo_list': [
    {'subject': '甲', 'subject_type': '人物', 'predicate': '饰演', 'object': {'@value': '丁', 'inWork': '丙'},
     'object_type': {'@value': '角色', 'inWork': '影视作品'}}]}
READERS = (duie.read_schema, duie.read_schema, duie.read_examples, lambda path: duie.read_examples(path, SCHEMA))


def seeds():
    return cases([lines(*FLAT), lines(*NESTED), lines(OLD, NEW), lines(NEW)])


def run(data, folder):
    read(READERS, data, folder)
