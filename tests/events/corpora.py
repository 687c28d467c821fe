"""Small corpora in DuEE's format, written by the tests of what reads and checks them."""

import json

from gplinker_kit.events.checking import KINDS
from gplinker_kit.events.findings import Findings
from gplinker_kit.events.schema import Schema

SCHEMA = Schema({'裁员': ['裁员方', '时间', '裁员人数'], '公司上市': ['公司', ('环节', ['筹备上市', '正式上市'])]})
TEXT = '甲公司昨日裁员300人'


def argument(role, word, start=None, **more):
    return dict({'role': role, 'argument': word}, **({} if start is None else {'argument_start_index': start}), **more)


def layoff(*arguments, **changes):
    """One event of TEXT; by default its three arguments."""
    event = {'event_type': '裁员', 'trigger': '裁员', 'trigger_start_index': 5, 'arguments': list(arguments) or [
        argument('裁员方', '甲公司', 0), argument('时间', '昨日', 3), argument('裁员人数', '300人', 7)]}
    event.update(changes)
    return {key: value for key, value in event.items() if value is not None}


def line(*events, text=TEXT, **more):
    return dict({'text': text, 'event_list': list(events)}, **more)


def write_lines(path, *lines):
    """Writes objects, or strings as they are; returns the path as str."""
    path.write_text('\n'.join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding='utf-8')
    return str(path)


def write_corpus(folder, train, dev=None, schema=SCHEMA):
    """Writes the files of a corpus and returns the folder as str."""
    write_lines(folder / 'duee_event_schema.json', *schema.to_lines())
    write_lines(folder / 'duee_train.json', *train)
    if dev is not None:
        write_lines(folder / 'duee_dev.json', *dev)
    return str(folder)


def no_findings():
    return Findings(KINDS)


def found(findings):
    """Returns [(kind, line, message)] of all findings."""
    return [(finding.kind, finding.line, finding.message) for _, some in findings.groups() for finding in some]
