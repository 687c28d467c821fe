"""A dry run: what it says, and that it changes nothing."""

import re

import numpy as np
import pytest

from gplinker_kit.recipe import Recipe
from gplinker_kit.rehearsal import duration, peak_memory, rehearsal
from tests.corpus import sentences, tiny_gplinker


def test_durations():
    assert [duration(seconds) for seconds in (3, 29.6, 45, 3599, 3600, 7500)] == [
        '3 s', '30 s', '1 min', '1 h 0 min', '1 h 0 min', '2 h 5 min']


def test_memory_is_that_of_a_process_with_a_framework():
    assert peak_memory() is None or 2**26 < peak_memory() < 2**36


def test_a_rehearsal_says_what_is_to_come_and_changes_nothing(tmp_path):
    schema, examples = sentences(20)
    gplinker = tiny_gplinker(schema)
    before = gplinker.model.get_weights()
    folder = tmp_path / 'not' / 'yet'
    lines = rehearsal(gplinker, examples, examples[:6], Recipe(batch_size=6, epochs=3, length_multiple=64), str(folder))
    assert lines[0].startswith('training texts: gold arguments') and lines[1].startswith('dev texts: gold arguments')
    assert re.match(r'4 batches an epoch, \d+ to \d+ tokens wide; a step takes \S+ s, on the widest \S+ s$', lines[2])
    assert re.match(r'6 dev texts, up to \d+ tokens long, predicted in \S+ s$', lines[3])
    assert re.match(r'an epoch takes about .*, 3 of them ', lines[4])
    assert re.match(r'disk: the folder will hold up to \d+ MiB, and there is room for \d+$', lines[-1])
    assert not folder.exists()
    for one, two in zip(gplinker.model.get_weights(), before):
        np.testing.assert_array_equal(one, two)


def test_nothing_to_train_on(tmp_path):
    schema, _ = sentences(1)
    with pytest.raises(ValueError, match='train_examples holds no labelled sentence'):
        rehearsal(tiny_gplinker(schema), [], [], Recipe(), str(tmp_path))
