"""doccano: JSON lines of a sequence labelling project with relations.

A line: {"id": 1, "text": str, "entities": [{"id": 10, "label": str, "start_offset": 0, "end_offset": 4}],
"relations": [{"id": 20, "from_id": 10, "to_id": 11, "type": str}], "Comments": [...]}, doccano's export "JSONL
(relation)". How labels and relations become events is said in `gplinker_kit.annotations`.

Offsets are characters (code points), as doccano counts them; a project that counts grapheme clusters instead has others
behind an emoji or a character of several parts. The export does not say whether a text without a span was looked at: it
becomes a text without events, and a finding. Other keys of a line are kept.
"""

from __future__ import annotations

from gplinker_kit.annotations.items import Entity, Item, Relation, put_extra
from gplinker_kit.errors import hint
from gplinker_kit.records import read_lines

_OURS = ('id', 'entities', 'relations')


def read_doccano(path, findings, text_key='text'):
    """Reads an export.

    Arguments:
        path: the file. findings: Findings of `assembly.KINDS`. text_key: the key of the text.
    Returns:
        list of Item.
    Raises:
        DataError: naming file, line and place: broken JSON, keys that are missing or of another kind, a span outside
            its text, an id that comes twice.
    """
    items = []
    for record in read_lines(path):
        line = record.value
        for key in (text_key, 'entities', 'relations'):
            if key not in line:
                raise record.error('there is no %r; expected a line of the export "JSONL (relation)" with %s.%s' % (
                    key, ', '.join((text_key, 'entities', 'relations')), hint(key, line)))
        text = record.text(text_key)
        entities, ids = [], set()
        for part in record.parts('entities', 'a list of entities'):
            name = part.get('id', (int, str), 'an integer or a string')
            label = part.text('label').strip()
            if not label:
                raise part.error("expected 'label' as a name, got %r" % part.value['label'])
            start, end = (part.get(key, int, 'an integer') for key in ('start_offset', 'end_offset'))
            if not 0 <= start < end <= len(text):
                raise part.error('expected start_offset below end_offset, both within the %d characters of the text, '
                                 'got %d and %d' % (len(text), start, end))
            if name in ids:
                raise part.error('the id %r is that of another entity of this text' % (name,))
            ids.add(name)
            entities.append(Entity(name, label, start, end))
        relations = [
            Relation(*(part.get(key, (int, str), 'an integer or a string') for key in ('from_id', 'to_id')),
                     label=part.text('type').strip() or None, directed=True)
            for part in record.parts('relations', 'a list of relations')]
        extra = {key: value for key, value in line.items()
                 if key not in _OURS + (text_key,) and not (key == 'Comments' and value == [])}
        extra = put_extra(extra, '', path, record.line, findings)
        if not entities:
            findings.add('no_span', 'id %r' % (line.get('id'),), path, record.line)
        items.append(Item('', path, record.line, line.get('id'), text, entities, relations, extra))
    return items
