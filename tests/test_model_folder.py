"""A reader sees a whole version, whenever the writer stops."""

import os

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.model_folder import (
    current_version,
    drop_pointers,
    new_version,
    newest_version,
    pointed,
    require_files,
    versions,
)


def write(folder, text):
    with new_version(folder) as draft:
        with open(os.path.join(draft, 'note.txt'), 'w') as stream:
            stream.write(text)


def read(folder):
    with open(os.path.join(current_version(folder), 'note.txt')) as stream:
        return stream.read()


def test_the_newest_version_is_current_and_the_one_before_stays(tmp_path):
    for text in ('one', 'two', 'three'):
        write(tmp_path, text)
        assert read(tmp_path) == text
    assert versions(tmp_path) == [2, 3]
    assert sorted(os.listdir(tmp_path)) == ['current', 'versions']


def test_a_writer_that_fails_leaves_the_old_version_and_no_draft(tmp_path):
    write(tmp_path, 'old')
    with pytest.raises(KeyboardInterrupt):
        with new_version(tmp_path) as draft:
            open(os.path.join(draft, 'half'), 'w').close()
            raise KeyboardInterrupt
    assert read(tmp_path) == 'old'
    assert os.listdir(os.path.join(tmp_path, 'versions')) == ['1']


def test_protected_versions_stay_and_old_drafts_go(tmp_path):
    for text in ('good', 'a', 'b', 'c'):
        with new_version(str(tmp_path), protect=[1]) as draft:
            with open(os.path.join(draft, 'note.txt'), 'w') as stream:
                stream.write(text)
    assert versions(tmp_path) == [1, 3, 4]
    os.makedirs(os.path.join(str(tmp_path), 'versions', '.draft-of-a-killed-writer'))
    write(tmp_path, 'd')
    assert sorted(os.listdir(os.path.join(str(tmp_path), 'versions'))) == ['4', '5']


def test_a_version_without_pointer_is_not_read(tmp_path):
    write(tmp_path, 'old')
    os.makedirs(os.path.join(tmp_path, 'versions', '2'))  # complete, but the pointer was never replaced
    assert read(tmp_path) == 'old'
    write(tmp_path, 'new')
    assert current_version(tmp_path).endswith('3')


def test_broken_folders_are_named(tmp_path):
    with pytest.raises(DataError, match='no such model folder'):
        current_version(tmp_path / 'absent')
    (tmp_path / 'notes.md').write_text('x')
    with pytest.raises(DataError, match=r"'current' is missing \(found: notes.md\)"):
        current_version(tmp_path)
    (tmp_path / 'current').write_text('7\n')
    with pytest.raises(DataError, match=r"version '7', which is not there \(complete versions: none\)"):
        current_version(tmp_path)
    (tmp_path / 'current').write_text('../..')
    with pytest.raises(DataError, match='which is not there'):
        current_version(tmp_path)
    write(tmp_path, 'x')
    with pytest.raises(DataError, match='half a model folder: missing config.json'):
        require_files(current_version(tmp_path), ['note.txt', 'config.json'])


def test_a_version_that_a_pointer_names_stays(tmp_path):
    with new_version(tmp_path, pointers=('current', 'best-event')) as draft:
        (open(os.path.join(draft, 'note.txt'), 'w')).close()
    for text in ('a', 'b', 'c'):
        write(tmp_path, text)
    assert versions(tmp_path) == [1, 3, 4] and pointed(tmp_path) == {'current': 4, 'best-event': 1}
    assert current_version(tmp_path, 'best-event').endswith('1') and read(tmp_path) == 'c'
    drop_pointers(tmp_path, ['best-event', 'best-argument', 'current'])
    assert pointed(tmp_path) == {'current': 4} and versions(tmp_path) == [1, 3, 4]
    write(tmp_path, 'd')
    assert versions(tmp_path) == [4, 5]
    assert newest_version(tmp_path) == current_version(tmp_path)


def test_pointers_that_are_not_there(tmp_path):
    write(tmp_path, 'x')
    with pytest.raises(DataError, match="has no version 'best-event': it was not trained with dev sentences"):
        current_version(tmp_path, 'best-event')
    with pytest.raises(ValueError, match="unknown version 'best-events'. Did you mean 'best-event'"):
        current_version(tmp_path, 'best-events')
    with pytest.raises(ValueError, match="unknown version 'newest'"):
        with new_version(tmp_path, pointers=('newest',)):
            pass
    assert versions(tmp_path) == [1]


def test_a_writer_killed_while_it_removes_a_version(tmp_path, monkeypatch):
    """Half of a removed version is no version: its name is taken away before its files."""
    for text in ('one', 'two'):
        write(tmp_path, text)
    monkeypatch.setattr('shutil.rmtree', lambda *args, **kwargs: None)
    write(tmp_path, 'three')
    assert versions(tmp_path) == [2, 3]
    monkeypatch.undo()
    write(tmp_path, 'four')
    assert sorted(os.listdir(os.path.join(str(tmp_path), 'versions'))) == ['3', '4']
