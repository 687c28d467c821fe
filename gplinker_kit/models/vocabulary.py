"""Rows of the token table: which a model keeps of a checkpoint's, and which it makes of them."""

import numbers

import numpy as np


def table_rows(vocab_size, keep_tokens, compound_tokens):
    """Checks both lists of ids and returns the rows of the token table."""
    rows = vocab_size
    if keep_tokens is not None:
        check_ids('keep_tokens', keep_tokens, rows)
        rows = len(keep_tokens)
    check_list('compound_tokens', compound_tokens or [])
    for item in compound_tokens or []:
        check_list('each item of compound_tokens', item)
    compound = [ids_and_weights(item) for item in compound_tokens or []]
    for ids, weights in compound:
        check_ids('each item of compound_tokens', ids, rows)
        if weights is not None and len(weights) != len(ids):
            raise ValueError('compound_tokens: %d ids with %d weights' % (len(ids), len(weights)))
    return rows + len(compound)


def check_list(name, value):
    """Raises a ValueError for what has no length, such as a number."""
    if not hasattr(value, '__len__'):
        raise ValueError('%s must be a list. Received: %r' % (name, value))


def check_ids(name, ids, rows):
    """Raises a ValueError for an id that is no row of a table of `rows` rows, and for no id at all."""
    check_list(name, ids)
    if not len(ids):
        raise ValueError('%s must hold at least one id' % name)
    for i in ids:
        if isinstance(i, bool) or not isinstance(i, numbers.Integral) or not 0 <= i < rows:
            raise ValueError('%s must hold ids from 0 to %d. Received: %r' % (name, rows - 1, i))


def ids_and_weights(item):
    """An item of `compound_tokens`, a list of ids or a pair (ids, weights) -> (ids, weights or None)."""
    paired = len(item) == 2 and isinstance(item[0], (list, tuple, np.ndarray))
    return (item[0], item[1]) if paired else (item, None)


def select_rows(table, keep=None, compound=None):
    """Rows `keep` of a table (V, ...), then one row an item of `compound`: the (weighted) mean of kept rows.

    Raises: ValueError for an id that the table has no row for, and a table without rows.
    """
    if (keep is not None or compound) and not np.ndim(table):
        raise ValueError('the token table is a single number')
    if keep is not None:
        if max(keep) >= len(table):
            raise ValueError('keep_tokens asks for row %d of a table of %d rows' % (max(keep), len(table)))
        table = table[np.asarray(keep, dtype='int64')]
    extra = []
    for ids, weights in map(ids_and_weights, compound or []):
        if max(ids) >= len(table):
            raise ValueError('compound_tokens asks for row %d of a table of %d rows' % (max(ids), len(table)))
        extra.append(np.average(table[np.asarray(ids, dtype='int64')], axis=0, weights=weights))
    return np.concatenate([table, np.asarray(extra, dtype=table.dtype)], axis=0) if extra else table
