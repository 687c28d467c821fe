"""Schemas and examples of DuEE and DuEE-fin."""

from fuzz.targets.files import cases, lines, read
from gplinker_kit.events import duee, duee_fin
from gplinker_kit.events.schema import Schema

SCHEMA = Schema({'收购': ['甲方', '乙方', ('状态', ['完成', '计划'])], '任命': ['人', '职务']})
EVENT = {'event_type': '收购', 'trigger': '收购', 'trigger_start_index': 2, 'class': 'x', 'arguments': [
    {'role': '甲方', 'argument': '甲司', 'argument_start_index': 0, 'alias': ['甲']},
    {'role': '状态', 'argument': '完成'}], 'score': 0.5, 'links': [[0, 1, 0.5]]}
LINE = {'id': 'a', 'text': '甲司收购乙司', 'event_list': [EVENT]}
READERS = (
    duee.read_schema, duee.read_examples, lambda path: duee.read_examples(path, SCHEMA),
    duee_fin.read_document_texts, lambda path: duee_fin.read_documents(path, SCHEMA, []),
)


def seeds():
    document = dict(LINE, title='甲司  公告')
    return cases([lines(*SCHEMA.to_lines()), lines(LINE, LINE), lines(LINE), lines(document),
                  lines(document, document)])


def run(data, folder):
    read(READERS, data, folder)
