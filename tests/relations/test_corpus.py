"""A folder of DuIE's files."""

import os

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.relations import find_files, read_examples, read_schema
from tests.relations.folders import FILES, write_folder

pytestmark = pytest.mark.once


@pytest.mark.parametrize('version', ['1.0', '2.0'])
def test_the_names_of_both_versions(version, tmp_path):
    files = find_files(write_folder(version, tmp_path, 3))
    assert [os.path.basename(path) for path in files] == list(FILES[version])
    schema = read_schema(files.schema)
    assert schema.nested == (version == '2.0')
    for path in files[1:3]:
        for example in read_examples(path, schema):
            assert all(text in example.text for one in example.triples
                       for text in (one.subject,) + tuple(value for _, value in one.objects))


def test_the_newest_test_that_is_there(tmp_path):
    folder = write_folder('2.0', tmp_path, 1)
    older = os.path.join(folder, 'duie_test1.json')
    with open(older, 'w'):
        assert find_files(folder).test.endswith('duie_test2.json')
    os.unlink(find_files(folder).test)
    assert find_files(folder).test == older
    os.unlink(older)
    assert find_files(folder).test.endswith('duie_test2.json')  # which a reader will miss


def test_folders_of_something_else(tmp_path):
    with pytest.raises(DataError, match='no such folder'):
        find_files(tmp_path / 'nowhere')
    with pytest.raises(DataError, match='no schema of DuIE; expected duie_schema.json or all_50_schemas'):
        find_files(tmp_path)
    write_folder('2.0', tmp_path, 1)
    write_folder('1.0', tmp_path, 1)
    with pytest.raises(DataError, match='two schemas, duie_schema.json and all_50_schemas: the versions'):
        find_files(tmp_path)
