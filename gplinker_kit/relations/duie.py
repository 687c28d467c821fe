"""DuIE files, versions 1.0 and 2.0: one JSON object a line, for the schema and for the examples.

    1.0, schema   {"subject_type": "人物", "predicate": "出生地", "object_type": "地点"}
         example  {"text": …, "postag": …, "spo_list": [{"subject": "甲", "subject_type": "人物", "predicate": "出生地",
                   "object": "乙市", "object_type": "地点"}]}
    2.0           the same, but that "object_type" and "object" are objects with the slot "@value" and others:
                  "object": {"@value": "丁", "inWork": "丙"}, "object_type": {"@value": "角色", "inWork": "影视作品"}

`spo_list` is absent where there is no gold, as in test files. There are no positions. A slot with an empty string is an
absent one. Types are kept as they come and not compared with the schema: no head and no score reads them.
"""

from __future__ import annotations

from gplinker_kit.errors import hint
from gplinker_kit.events.duee import dump_line
from gplinker_kit.files import atomic_write
from gplinker_kit.records import read_lines
from gplinker_kit.relations.schema import VALUE, Example, Schema, Triple


def read_schema(path):
    """Reads a schema file (`all_50_schemas`, `duie_schema.json`); its objects tell the version.

    Raises:
        DataError: naming file and line, for broken JSON and for everything `Schema` refuses.
    """
    return Schema.from_lines(read_lines(path), path)


def write_schema(path, schema):
    """Writes a schema file, which `read_schema` reads again."""
    with atomic_write(path) as stream:
        for line in schema.to_lines():
            stream.write(dump_line(line) + '\n')


def read_examples(path, schema=None):
    """Reads and checks a file of examples.

    Arguments:
        path: a DuIE file of either version, with or without `spo_list`.
        schema: Schema or None. With one, predicates and slots must be in it, and objects be as in its version.
    Returns:
        list of Example, in the file's order. `triples` is None where a line has no `spo_list`.
    Raises:
        DataError: naming file and line: a missing or mistyped key, a predicate or slot that the schema lacks (nearest
            name), an object without '@value', an object of the other version, an empty text.
    """
    return [example_of(record, schema) for record in read_lines(path)]


def example_of(record, schema=None):
    """Returns the Example of one line, a `records.Record`; errors as in `read_examples`."""
    text = record.text('text')
    triples = None
    if 'spo_list' in record.value:
        triples = [_triple_of(part, schema) for part in record.parts('spo_list', 'a list of triples')]
    if not text and triples != []:
        raise record.error("'text' is empty")
    extra = {key: value for key, value in record.value.items() if key not in ('text', 'spo_list')}
    return Example(text, triples, extra)


def write_examples(path, examples, schema):
    """Writes examples, gold or decoded, one a line, in the version of the schema. The whole file or nothing of it.

    `read_examples` gives the same examples back, but for spans and scores, which DuIE does not have.

    Raises:
        ValueError: an object of several slots under a schema of DuIE 1.0, a predicate that the schema lacks.
    """
    lines = [dump_line(example_to_json(example, schema)) + '\n' for example in examples]
    with atomic_write(path) as stream:
        stream.writelines(lines)


def example_to_json(example, schema):
    """Returns the JSON object of an Example: `text`, `spo_list` if known, then `extra`."""
    line = {'text': example.text}
    if example.triples is not None:
        line['spo_list'] = [triple_to_json(triple, schema) for triple in example.triples]
    line.update((key, value) for key, value in example.extra.items() if key not in line)
    return line


def triple_to_json(triple, schema):
    """Returns the JSON object of a Triple. Types that it does not have are those of the schema; errors as above."""
    slots = [slot for slot, _ in triple.objects]
    known = schema.slots(triple.predicate)
    for slot in slots:
        if slot not in known:
            raise ValueError('predicate %r has no slot %r.%s' % (triple.predicate, slot, hint(slot, known)))
    subject_type, object_types = schema.types(triple.predicate, slots)
    types = dict(object_types, **dict(triple.object_types))
    return {
        'predicate': triple.predicate,
        'subject': triple.subject,
        'subject_type': subject_type if triple.subject_type is None else triple.subject_type,
        'object': dict(triple.objects) if schema.nested else triple.object,
        'object_type': {slot: types[slot] for slot in slots} if schema.nested else types[VALUE],
    }


def _triple_of(record, schema):
    predicate, subject = record.text('predicate'), record.text('subject')
    value = record.get('object', (str, dict), 'a string (DuIE 1.0) or an object of slots (2.0)')
    if schema is not None:
        if predicate not in schema.predicates:
            raise record.error('the schema has no predicate %r.%s' % (predicate, hint(predicate, schema.predicates)))
        if schema.nested != isinstance(value, dict):
            raise record.error("expected 'object' as %s, got %r" % (
                'an object of slots, as in the schema (DuIE 2.0)' if schema.nested
                else 'a string, as in the schema (DuIE 1.0)', value))
    if isinstance(value, str):
        objects, kinds = {VALUE: value}, {VALUE: record.text('object_type')}
    else:
        objects, kinds = (_strings(record, key) for key in ('object', 'object_type'))
        if VALUE not in objects:
            raise record.error("'object' has no %r, only %s" % (VALUE, ', '.join(map(repr, objects)) or 'nothing'))
        known = None if schema is None else schema.slots(predicate)
        for slot in objects:
            if known is not None and slot not in known:
                raise record.error('predicate %r has no slot %r.%s' % (predicate, slot, hint(slot, known)))
            if slot not in kinds:
                raise record.error("'object_type' has no %r, which 'object' has.%s" % (slot, hint(slot, kinds)))
    kinds = {slot: kinds[slot] for slot, text in objects.items() if text or slot == VALUE}
    return Triple(subject, predicate, objects, record.text('subject_type'), kinds)


def _strings(record, key):
    record.get(key, dict, 'an object of slots')
    part = record.child(key)
    return {slot: part.text(slot) for slot in part.value}
