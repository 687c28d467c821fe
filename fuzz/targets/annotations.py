"""Exports of doccano and Label Studio, up to the events that become of them."""

import json

from fuzz.targets.files import cases, lines, read
from gplinker_kit.annotations.assembly import KINDS
from gplinker_kit.annotations.doccano import read_doccano
from gplinker_kit.annotations.label_studio import read_label_studio
from gplinker_kit.events.findings import Findings

DOCCANO = {'id': 1, 'text': '甲司收购乙司', 'Comments': [], 'entities': [
    {'id': 10, 'label': '收购', 'start_offset': 2, 'end_offset': 4},
    {'id': 11, 'label': '甲方', 'start_offset': 0, 'end_offset': 2}],
    'relations': [{'id': 20, 'from_id': 10, 'to_id': 11, 'type': '甲方'}]}
STUDIO = [{'id': 1, 'data': {'text': '甲司收购😀乙司'}, 'annotations': [{'was_cancelled': False, 'result': [
    {'id': 'a', 'type': 'labels', 'value': {'start': 2, 'end': 4, 'text': '收购', 'labels': ['收购']}},
    {'id': 'b', 'type': 'labels', 'value': {'start': 6, 'end': 8, 'labels': ['乙方']}},
    {'type': 'relation', 'from_id': 'a', 'to_id': 'b', 'direction': 'right', 'labels': ['乙方']}]}]}]
READERS = (lambda path: read_doccano(path, Findings(KINDS)), lambda path: read_label_studio(path, Findings(KINDS)))


def seeds():
    return cases([lines(DOCCANO, DOCCANO), json.dumps(STUDIO).encode('utf-8')])


def run(data, folder):
    read(READERS, data, folder)
