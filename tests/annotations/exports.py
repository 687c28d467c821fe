"""Writes Examples as doccano and Label Studio export them."""

import json

from gplinker_kit.events.schema import Event, Example


def marked(example):
    """Returns (spans, relations) of an example: [(label, start, text)] and [(trigger, argument, role)] by number.

    Each trigger is a span of its own; an argument's span is shared by all events that have it.
    """
    spans, relations, known = [], [], {}
    for event in example.events:
        trigger = len(spans)
        spans.append((event.event_type, event.trigger.start, event.trigger.text))
        for argument in event.arguments:
            key = argument.start, argument.text
            if key not in known:
                known[key] = len(spans)
                spans.append(('论元',) + key)
            relations.append((trigger, known[key], argument.role))
    return spans, relations


def doccano_line(example, number):
    spans, relations = marked(example)
    return {
        'id': example.id, 'text': example.text, **example.extra,
        'entities': [{'id': 1000 * number + k, 'label': label, 'start_offset': start, 'end_offset': start + len(word)}
                     for k, (label, start, word) in enumerate(spans)],
        'relations': [{'id': 1000 * number + k, 'from_id': 1000 * number + trigger, 'to_id': 1000 * number + argument,
                       'type': role} for k, (trigger, argument, role) in enumerate(relations)],
        'Comments': [],
    }


def utf16(text, place):
    """What JavaScript calls the place of a character."""
    return len(text[:place].encode('utf-16-le')) // 2


def label_studio_task(example, number):
    spans, relations = marked(example)
    result = []
    for k, (label, start, word) in enumerate(spans):
        value = {'start': utf16(example.text, start), 'end': utf16(example.text, start + len(word)),
                 'text': word.replace('\n', '\\n'), 'labels': [label]}
        result.append({'value': value, 'id': 'r%d' % k, 'from_name': 'label', 'to_name': 'text', 'type': 'labels',
                       'origin': 'manual'})
    for trigger, argument, role in relations:
        result.append({'from_id': 'r%d' % trigger, 'to_id': 'r%d' % argument, 'type': 'relation', 'direction': 'right',
                       'labels': [role]})
    annotation = {'id': 50 + number, 'completed_by': 1, 'result': result, 'was_cancelled': False, 'ground_truth': False,
                  'created_at': '2024-05-01T08:00:00.000000Z', 'lead_time': 12.5}
    return {'id': number, 'annotations': [annotation], 'predictions': [], 'drafts': [], 'meta': {}, 'project': 1,
            'data': dict(example.extra, text=example.text, **({} if example.id is None else {'id': example.id}))}


def write_doccano(path, examples):
    lines = [json.dumps(doccano_line(one, number), ensure_ascii=False) for number, one in enumerate(examples)]
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return str(path)


def write_label_studio(path, examples):
    tasks = [label_studio_task(one, number) for number, one in enumerate(examples)]
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + '\n', encoding='utf-8')
    return str(path)


def plain(example):
    """The example as an import gives it back: events and arguments sorted, no aliases."""
    def place(argument):
        return argument.start, argument.text, argument.role

    events = [Event(event.event_type, event.trigger, sorted(
        (type(a)(a.role, a.text, a.start) for a in event.arguments), key=place)) for event in example.events]
    return Example(example.text, sorted(events, key=lambda event: (place(event.trigger), event.event_type, list(
        map(place, event.arguments)))), example.id, example.extra)
