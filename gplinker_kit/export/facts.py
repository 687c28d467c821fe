"""What a version of an exported folder says of itself, in the file `export.json`."""

from __future__ import annotations

import os

from gplinker_kit.errors import DataError, hint
from gplinker_kit.files import read_json

FILE = 'export.json'
FORMATS = ('saved-model', 'onnx')
ONNX_FILE = 'model.onnx'
BESIDE = ('config.json', 'schema.json', 'vocab.txt', 'thresholds.json')
NETWORKS = {'saved-model': 'saved_model.pb', 'onnx': ONNX_FILE}
INPUTS = ('token_ids', 'segment_ids')
OUTPUTS = ('arguments', 'heads', 'tails')


def check_format(name):
    """Raises a ValueError for what a model cannot be exported to."""
    if name not in FORMATS:
        raise ValueError('format must be one of %s, got %r.%s' % (', '.join(FORMATS), name, hint(name, FORMATS, 0)))


def read_facts(version):
    """Returns what a version says, a dict with `format`, or None where it was not exported but trained.

    Raises:
        DataError: the file holds something else, or an unknown format.
    """
    path = os.path.join(version, FILE)
    if not os.path.exists(path):
        if os.path.exists(os.path.join(version, ONNX_FILE)):
            raise DataError('half an exported folder: missing %s' % FILE, version)
        return None
    facts = read_json(path)
    try:
        check_format(facts['format'] if isinstance(facts, dict) else facts)
    except (KeyError, ValueError) as error:
        raise DataError("expected an object with a known 'format' (%s)" % error, path) from None
    return facts
