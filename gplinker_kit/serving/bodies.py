"""Reads the body of a request: JSON with a key `texts` or `text`, within limits."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from gplinker_kit.errors import hint
from gplinker_kit.serving.refusals import Refusal

KEYS = ('text', 'texts')


@dataclass(frozen=True)
class Limits:
    """What one request may ask for.

    texts: how many texts. characters: code points of all its texts together. body_bytes: bytes of its body.
    timeout: seconds until its answer; as long may its body take to arrive.
    """

    texts: int = 64
    characters: int = 20000
    body_bytes: int = 262144
    timeout: float = 30.0

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ValueError('%s of Limits must be a positive number, got %r' % (field.name, value))


def read_texts(body, limits):
    """Returns the list of texts that a body asks for.

    Arguments: body: bytes, UTF-8. limits: Limits.
    Raises: Refusal, which names the limit or the key.
    """
    if len(body) > limits.body_bytes:
        raise too_large(limits)
    try:
        value = json.loads(body.decode('utf-8'))
    except UnicodeDecodeError as error:
        raise Refusal('bad_json', 'the body is not UTF-8: byte %d' % error.start) from error
    except RecursionError as error:
        raise Refusal('bad_json', 'the body is nested too deeply') from error
    except ValueError as error:
        raise Refusal('bad_json', 'the body is not JSON: %s' % error) from error
    if not isinstance(value, dict):
        raise Refusal('bad_request', 'the body must be an object with a key "texts" or "text", got %s' % kind(value))
    for key in value:
        if key not in KEYS:
            raise Refusal('bad_request', 'unknown key %.80r.%s' % (key, hint(key[:80], KEYS)))
    if len(value) != 1:
        raise Refusal('bad_request', 'the body must have either "texts" or "text", got %s' % (
            'both' if value else 'neither'))
    texts = [value['text']] if 'text' in value else value['texts']
    if not isinstance(texts, list):
        raise Refusal('bad_request', '"texts" must be a list of strings, got %s' % kind(texts))
    if not texts:
        raise Refusal('bad_request', '"texts" is empty')
    if len(texts) > limits.texts:
        raise Refusal('too_many_texts', 'at most %d texts a request, got %d' % (limits.texts, len(texts)))
    for number, text in enumerate(texts):
        place = '"text"' if 'text' in value else '"texts"[%d]' % number
        if not isinstance(text, str):
            raise Refusal('bad_request', '%s must be a string, got %s' % (place, kind(text)))
        if any('\ud800' <= character <= '\udfff' for character in text):
            raise Refusal('bad_request', '%s holds half of a surrogate pair, which is no character' % place)
    characters = sum(map(len, texts))
    if characters > limits.characters:
        raise Refusal('too_many_characters', 'at most %d characters a request, got %d' % (
            limits.characters, characters))
    return texts


def too_large(limits):
    return Refusal('body_too_large', 'at most %d bytes a body' % limits.body_bytes)


def kind(value):
    """Returns JSON's name of what a value is."""
    names = {dict: 'an object', list: 'a list', str: 'a string', bool: 'a boolean', type(None): 'null'}
    return names.get(type(value), 'a number')
