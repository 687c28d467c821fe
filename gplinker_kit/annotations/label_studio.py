"""Label Studio: the JSON export of a project that labels spans of a text and relations between them.

The file is a list of tasks: {"id": 1, "data": {"text": str}, "annotations": [{"was_cancelled": false, "result": [
{"id": "a", "type": "labels", "value": {"start": 0, "end": 4, "text": str, "labels": [str]}},
{"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": [str]}]}]}. How labels and relations
become events is said in `gplinker_kit.annotations`. The export JSON-MIN has no relations and is refused.

Of several annotations of a task the one marked as ground truth is taken, else the last; skipped ones never. The others
are findings, and so are tasks that nobody annotated, regions with no label or several, and results of other kinds.

Label Studio counts offsets in UTF-16 units, two for an emoji or a rare Chinese character; with `text` in the region, as
the exports have it, both ways of counting are recognised. Other keys of `data` are kept; an `id` among them is the
text's id, else that of the task is.
"""

from __future__ import annotations

from gplinker_kit.annotations.items import Entity, Item, Relation, put_extra
from gplinker_kit.records import read_document


def read_label_studio(path, findings, text_key='text'):
    """Reads an export.

    Arguments:
        path: the file. findings: Findings of `assembly.KINDS`. text_key: the key of the text in `data`.
    Returns:
        list of Item.
    Raises:
        DataError: naming file, line and task: broken JSON, keys that are missing or of another kind, a region whose
            text does not stand at its offsets.
    """
    items = []
    for number, task in enumerate(read_document(path).parts(words='a list of tasks'), 1):
        if isinstance(task.value, dict) and 'data' not in task.value and 'annotations' not in task.value:
            raise task.error("there is no 'data' and no 'annotations'; expected a task of the export JSON (not "
                             'JSON-MIN, which has no relations)')
        task.get('data', dict, 'an object')
        data = task.child('data')
        if text_key not in data.value:
            raise data.error('there is no %r; the keys are %s: say which is the text (--text-key)' % (
                text_key, ', '.join(map(repr, data.value)) or 'none'))
        text, name = data.text(text_key), _name(number, task.value.get('id'))
        chosen = _chosen(task, name, path, findings)
        if chosen is None:
            continue
        entities, relations = _results(chosen, text, name, path, findings)
        extra = {key: value for key, value in data.value.items() if key != text_key}
        own = data.value.get('id')
        own = own if isinstance(own, (str, int)) and not isinstance(own, bool) else task.value.get('id')
        items.append(Item(name, path, None, own, text, entities, relations,
                          put_extra(extra, name, path, None, findings)))
    return items


def _name(number, task_id):
    return 'task %d: ' % number if task_id is None else 'task %d (id %s): ' % (number, task_id)


def _chosen(task, name, path, findings):
    """Returns the Record of the annotation that counts, or None; the others become findings."""
    done = []
    for annotation in task.parts('annotations', 'a list of annotations'):
        annotation.check(dict, 'an object with result')
        if not annotation.value.get('was_cancelled'):
            done.append(annotation)
    if not done:
        findings.add('unlabelled', name + (
            'skipped' if task.value['annotations'] else 'predictions alone' if task.value.get('predictions')
            else 'no annotation'), path)
        return None
    truths = [annotation for annotation in done if annotation.value.get('ground_truth')]
    chosen = (truths or done)[-1]
    if len(done) > 1:
        findings.add('other_annotation', '%sannotation %d of %d was taken, %s' % (
            name, done.index(chosen) + 1, len(done), 'the ground truth' if truths else 'the last'), path)
    return chosen


def _results(annotation, text, name, path, findings):
    entities, relations, kinds = [], [], {}
    for part in annotation.parts('result', 'a list of results'):
        kind = part.text('type')
        if kind == 'labels':
            entity = _entity(part, text, name, path, findings)
            if entity is not None and any(entity.id == other.id for other in entities):
                findings.add('labels', '%s%s %r at %d: another region has the same id' % (
                    name, entity.label, text[entity.start:entity.end], entity.start), path)
            elif entity is not None:
                entities.append(entity)
        elif kind == 'relation':
            source, target = (part.get(key, (str, int), 'a string') for key in ('from_id', 'to_id'))
            direction = part.value.get('direction', 'right')
            if direction not in ('right', 'left', 'bi'):
                raise part.error("expected 'direction' as right, left or bi, got %r" % (direction,))
            if direction == 'left':
                source, target = target, source
            for label in _labels(part) or [None]:
                relations.append(Relation(source, target, label, direction != 'bi'))
        else:
            kinds[kind] = kinds.get(kind, 0) + 1
    for kind, count in kinds.items():
        findings.add('result', '%s%d of type %r' % (name, count, kind), path)
    return entities, relations


def _labels(record):
    """Returns the distinct non-empty labels of a Record, which may have none."""
    labels = record.value.get('labels') or []
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise record.error("expected 'labels' as a list of strings, got %r" % (labels,))
    return [label for label in dict.fromkeys(label.strip() for label in labels) if label]


def _entity(part, text, name, path, findings):
    """Returns the Entity of a region, or None where it has not one label."""
    region = part.get('id', (str, int), 'a string')
    part.get('value', dict, 'an object')
    value = part.child('value')
    start, end = (value.get(key, int, 'an integer') for key in ('start', 'end'))
    word = value.text('text') if 'text' in value.value else None
    span = _located(text, start, end, word)
    if span is None:
        raise value.error('%s is said to stand from %d to %d of the %d characters of the text, but there stands %r' % (
            'the region' if word is None else repr(word), start, end, len(text), text[max(start, 0):max(end, 0)]))
    labels = _labels(value)
    if len(labels) != 1:
        findings.add('labels', '%s%r at %d: %s' % (
            name, text[span[0]:span[1]], span[0], ', '.join(labels) or 'no label'), path)
        return None
    if span != (start, end):
        findings.add('units', '%s%r: %d is character %d' % (name, text[span[0]:span[1]], start, span[0]), path)
    return Entity(region, labels[0], *span)


def _located(text, start, end, word):
    """Returns the span in code points: offsets as they are or as UTF-16 units, whichever has `word`; None for neither.

    Without a word they are UTF-16 units.
    """
    spans = [_from_utf16(text, start, end)]
    if word is not None:
        spans.insert(0, (start, end))
    for span in spans:
        if span is not None and 0 <= span[0] < span[1] <= len(text) and (
                word is None or _bare(text[span[0]:span[1]]) == _bare(word)):
            return span
    return None


def _bare(word):
    """A region's text has its line ends escaped, or as spaces."""
    return ''.join(word.replace('\\n', '\n').split())


def _from_utf16(text, start, end):
    """Returns two offsets in UTF-16 units as code points, or None where one is none."""
    places, unit = {}, 0
    for place, character in enumerate(text):
        places[unit] = place
        unit += 2 if ord(character) > 0xffff else 1
    places[unit] = len(text)
    return (places[start], places[end]) if start in places and end in places else None
