"""A folder in DuEE's format, as `gplinker train --data` takes it, and the division into train and dev."""

from __future__ import annotations

import os
import random

from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import write_examples, write_schema
from gplinker_kit.events.duplicates import text_key

SCHEMA, TRAIN, DEV = 'duee_event_schema.json', 'duee_train.json', 'duee_dev.json'


def split_texts(examples, share, seed=0):
    """Divides examples into train and dev, both in the order given.

    Equal texts, whatever their spaces and case, go to the same side: a dev text that was trained on measures nothing.

    Arguments:
        examples: list of Example. share: of dev, above 0 and below 1; at least one text. seed: int.
    Returns:
        (train, dev), two lists.
    Raises:
        ValueError: another share, texts that cannot be divided.
    """
    if not 0 < share < 1:
        raise ValueError('the share of dev must lie between 0 and 1, got %r' % (share,))
    groups = {}
    for number, example in enumerate(examples):
        groups.setdefault(text_key(example.text), []).append(number)
    if len(groups) < 2:
        raise ValueError('train and dev need two different texts at least, got %d' % len(groups))
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    wanted, chosen = max(1, int(share * len(examples) + 0.5)), set()
    for group in order[:-1]:
        if len(chosen) >= wanted:
            break
        chosen.update(group)
    return ([example for number, example in enumerate(examples) if number not in chosen],
            [examples[number] for number in sorted(chosen)])


def write_folder(folder, schema, train, dev=None, overwrite=False):
    """Writes the files of a corpus; without dev examples there is no dev file.

    Raises:
        DataError: a corpus is in the folder, and not `overwrite`; the folder is a file.
    """
    check_folder(folder, overwrite)
    os.makedirs(folder, exist_ok=True)
    write_examples(os.path.join(folder, TRAIN), train)
    if dev:
        write_examples(os.path.join(folder, DEV), dev)
    elif os.path.exists(os.path.join(folder, DEV)):
        os.remove(os.path.join(folder, DEV))  # that of the corpus before, whose texts may be in train now
    write_schema(os.path.join(folder, SCHEMA), schema)


def check_folder(folder, overwrite=False):
    """Raises where `write_folder` would."""
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise DataError('expected a folder, got a file', folder)
    there = [name for name in (SCHEMA, TRAIN, DEV) if os.path.exists(os.path.join(folder, name))]
    if there and not overwrite:
        raise DataError('there is a corpus already (%s): name another folder, or add --overwrite' % ', '.join(there),
                        folder)
