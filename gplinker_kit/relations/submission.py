"""DuIE's submission: `predictions.json`, JSON lines in the format of the gold, handed in as `predictions.json.zip`."""

from __future__ import annotations

import os
import zipfile

from gplinker_kit.errors import DataError
from gplinker_kit.events import submission
from gplinker_kit.files import parse_object
from gplinker_kit.records import Record, read_lines
from gplinker_kit.relations.duie import example_of, triple_to_json

FILE, ARCHIVE = 'predictions.json', 'predictions.json.zip'


def write_submission(folder, examples, schema):
    """Writes `predictions.json` and `predictions.json.zip`, which holds it, into a folder, which is made.

    Each of the two is written whole or not at all, and the same predictions always give the same bytes. A line has
    `text` and `spo_list`; equal triples of a text are written once.

    Arguments:
        folder: path. examples: list of Example with the predicted triples, one a line of the test file, in its order.
        schema: Schema, whose version the objects have.
    Returns:
        The path of the archive.
    Raises:
        ValueError: an example without triples (None), and what `duie.write_examples` refuses.
    """
    lines = []
    for number, example in enumerate(examples, 1):
        if example.triples is None:
            raise ValueError('example %d (%r) has no triples (None); one in which nothing was found has ()'
                             % (number, example.text[:40]))
        triples = [triple_to_json(triple, schema) for triple in dict.fromkeys(example.triples)]
        lines.append({'text': example.text, 'spo_list': triples})
    os.makedirs(os.fspath(folder), exist_ok=True)
    path = os.path.join(os.fspath(folder), ARCHIVE)
    submission.write_submission(os.path.join(os.fspath(folder), FILE), lines, path)
    return path


def read_predictions(path, schema=None):
    """Reads predictions, from JSON lines or from a zip archive that holds one such file.

    Returns:
        list of Example.
    Raises:
        DataError: naming file and line, as `duie.read_examples`; an archive that is broken or does not hold one file;
            a line without `spo_list`.
    """
    records = _archived(path) if os.path.isfile(path) and zipfile.is_zipfile(path) else read_lines(path)
    examples = []
    for record in records:
        example = example_of(record, schema)
        if example.triples is None:
            raise record.error("there is no 'spo_list'; a text in which nothing was found has []")
        examples.append(example)
    return examples


def _archived(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith('/')]
            if len(names) != 1:
                raise DataError('expected one file in the archive, got %s' % (', '.join(names) or 'none'), path)
            text = archive.read(names[0]).decode('utf-8-sig')
    except zipfile.BadZipFile as error:
        raise DataError('broken zip archive (%s)' % error, path) from None
    except UnicodeDecodeError as error:
        raise DataError('%s in it is not UTF-8 text (%s)' % (names[0], error), path) from None
    place = '%s/%s' % (path, names[0])
    for number, line in enumerate(text.split('\n'), 1):
        if line.strip():
            yield Record(parse_object(line.strip(), place, number), place, line=number)
