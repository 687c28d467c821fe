"""What a request is answered with that gets no events: a status, a name for programs, a sentence for people."""

from __future__ import annotations

import json

# Name of an error -> status. The names are part of the interface: docs/serving.md lists them.
STATUSES = {
    'bad_json': 400,
    'not_found': 404,
    'method_not_allowed': 405,
    'slow_body': 408,
    'body_too_large': 413,
    'bad_request': 422,
    'too_many_texts': 422,
    'too_many_characters': 422,
    'extraction_failed': 500,
    'queue_full': 503,
    'stopping': 503,
    'timeout': 504,
}
RETRY_AFTER = 1  # seconds; a queue of the default length is worked off in about that time


class Refusal(ValueError):
    """A request that is not answered with events. `name` is a key of `STATUSES`."""

    def __init__(self, name, message):
        self.name, self.status, self.message = name, STATUSES[name], message
        super().__init__(message)

    def body(self):
        """Returns the JSON text of the answer, of ASCII alone."""
        return json.dumps({'error': {'name': self.name, 'message': self.message}})

    def headers(self):
        return {'Retry-After': str(RETRY_AFTER)} if self.status == 503 else {}
