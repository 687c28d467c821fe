"""A folder of DuIE's files, under the names that the two versions were published with."""

from __future__ import annotations

import os
from typing import NamedTuple

from gplinker_kit.errors import DataError


class Files(NamedTuple):
    """Names of files, or paths: `test` is the one to hand in predictions of."""

    schema: str
    train: str
    dev: str
    test: str


# What is asked of a folder, the newest first. The names do not tell the version, the objects in the schema do.
NAMES = (
    Files('duie_schema.json', 'duie_train.json', 'duie_dev.json', 'duie_test2.json'),
    Files('duie_schema.json', 'duie_train.json', 'duie_dev.json', 'duie_test1.json'),
    Files('all_50_schemas', 'train_data.json', 'dev_data.json', 'test2_data_postag.json'),
    Files('all_50_schemas', 'train_data.json', 'dev_data.json', 'test1_data_postag.json'),
)


def find_files(folder):
    """Returns the Files of a folder, paths: those of `NAMES` whose schema is there, and the newest test that is.

    Raises: DataError: no such folder, no schema in it, or the schemas of both versions.
    """
    folder = os.fspath(folder)
    if not os.path.isdir(folder):
        raise DataError('no such folder', folder)

    def there(name):
        return os.path.exists(os.path.join(folder, name))

    rows = [names for names in NAMES if there(names.schema)]
    schemas = list(dict.fromkeys(names.schema for names in rows))
    if not schemas:
        raise DataError('no schema of DuIE; expected %s' % ' or '.join(
            dict.fromkeys(names.schema for names in NAMES)), folder)
    if len(schemas) > 1:
        raise DataError('two schemas, %s: the versions of DuIE need a folder each' % ' and '.join(schemas), folder)
    best = max(rows, key=lambda names: there(names.test))  # the first one of equals
    return Files(*[os.path.join(folder, name) for name in best])
