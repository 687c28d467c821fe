"""What /openapi.json says about /extract, written by hand: bodies are read as bytes, within their limit."""

from __future__ import annotations

from gplinker_kit.serving.refusals import STATUSES

EXAMPLE = '昨日，砚帆科技以3.5亿元收购漱岩软件。'
ARGUMENT = {
    'type': 'object',
    'properties': {
        'role': {'type': 'string'}, 'argument': {'type': 'string'},
        'argument_start_index': {'type': 'integer', 'description': 'in code points of the text'},
        'alias': {'type': 'array', 'items': {'type': 'string'}},
        'score': {'type': 'number', 'description': 'between 0 and 1'},
    },
}  # fmt: skip
EVENT = {
    'type': 'object',
    'properties': {
        'event_type': {'type': 'string'}, 'trigger': {'type': 'string'}, 'trigger_start_index': {'type': 'integer'},
        'trigger_score': {'type': 'number'}, 'arguments': {'type': 'array', 'items': ARGUMENT},
        'class': {'type': 'string'}, 'score': {'type': 'number'},
        'links': {'type': 'array', 'description': '[i, j, score] over the spans of the event, the trigger first',
                  'items': {'type': 'array'}},
    },
}  # fmt: skip
RESULT = {
    'type': 'object',
    'properties': {
        'text': {'type': 'string'}, 'event_list': {'type': 'array', 'items': EVENT},
        'truncated': {'type': 'array', 'items': {'type': 'string'},
                      'description': 'the bounds that were met: events may be missing'},
    },
}  # fmt: skip
ERROR = {
    'type': 'object',
    'properties': {'error': {'type': 'object', 'properties': {'name': {'type': 'string', 'enum': sorted(STATUSES)},
                                                              'message': {'type': 'string'}}}},
}


def json_of(schema, **more):
    return {'application/json': dict(schema=schema, **more)}


def request_body(limits):
    texts = {'type': 'array', 'minItems': 1, 'maxItems': limits.texts, 'items': {'type': 'string'}}
    one = {'type': 'object', 'required': ['text'], 'properties': {'text': {'type': 'string'}}}
    many = {'type': 'object', 'required': ['texts'], 'properties': {'texts': texts}}
    return {'required': True, 'content': json_of({'oneOf': [many, one]}, example={'texts': [EXAMPLE]})}


def responses():
    """Returns {status: description} of /extract, its errors by their names."""
    results = {'type': 'object', 'properties': {'results': {'type': 'array', 'items': RESULT}}}
    found = {200: {'description': 'one result a text, in order', 'content': json_of(results)}}
    for status in sorted(set(STATUSES.values()) - {404, 405}):
        names = [name for name, other in sorted(STATUSES.items()) if other == status]
        found[status] = {'description': ', '.join(names), 'content': json_of(ERROR)}
    return found
