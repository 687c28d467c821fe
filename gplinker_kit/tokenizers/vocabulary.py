"""Vocabulary files: one token a line; the line number is the row of the embedding table."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from gplinker_kit.errors import DataError, hint
from gplinker_kit.files import atomic_write
from gplinker_kit.hints import AnyPath
from gplinker_kit.tokenizers.characters import is_redundant

_FILLER = '[unused-row-%d]'


def load_vocab(
    dict_path: AnyPath, encoding: str = 'utf-8', simplified: bool = False, startswith: Sequence[str] | None = None,
) -> Any:
    """Reads a vocabulary file; returns dict, token -> id, the id being the line's index from 0.

    The token is the first field of its line, so counts behind it do no harm; a blank line is the token ''. A byte order
    mark is ignored. A token that occurs twice keeps the id of its first line, the second line's row stays unused, and
    a warning names the line. (bert4keras gives the second id, and then gives that id again to the next new token.)

    Arguments:
        simplified: also drop the tokens that the tokenizer never produces, and number the others anew. Returns
            `(token_dict, keep_tokens)`, where keep_tokens lists the old id of each token, for the builder's argument
            of that name. Redundant is a token of several characters with a Chinese or punctuation character in it.
        startswith: tokens that come first in the simplified vocabulary, whether redundant or not.

    Raises:
        DataError: no such file, no token in it, or not in the encoding (with the line).
        ValueError: a token of `startswith` is not in the file; unknown encoding.
    """
    dict_path = os.fspath(dict_path)
    token_dict: dict[str, int] = {}
    repeated = []
    for index, line in enumerate(_lines(dict_path, encoding)):
        fields = line.split(None, 1)
        token = fields[0] if fields else ''
        if token in token_dict:
            repeated.append('line %d: %r (first on line %d)' % (index + 1, token, token_dict[token] + 1))
        else:
            token_dict[token] = index
    if not any(token_dict):
        raise DataError('the vocabulary is empty; expected one token a line', dict_path)
    if repeated:
        more = '; and %d more' % (len(repeated) - 10) if len(repeated) > 10 else ''
        warnings.warn(
            '%s: repeated tokens keep the id of their first line: %s%s' % (dict_path, '; '.join(repeated[:10]), more),
            stacklevel=2,
        )
    return _simplify(token_dict, startswith or [], dict_path) if simplified else token_dict


def _lines(path, encoding):
    try:
        with open(path, 'rb') as stream:
            data = stream.read()
    except FileNotFoundError:
        raise DataError('no such file', path) from None
    except IsADirectoryError:
        raise DataError('expected a vocabulary file, got a folder', path) from None
    try:
        text = data.decode('utf-8-sig' if encoding.lower() in ('utf-8', 'utf8') else encoding)
    except UnicodeDecodeError as error:
        raise DataError('not %s text (%s)' % (encoding, error), path, data.count(b'\n', 0, error.start) + 1) from None
    except LookupError:
        raise ValueError('encoding: Python knows no encoding %r' % encoding) from None
    # Only \n, \r\n and \r end a line; str.splitlines would also split at U+0085, U+2028 and others.
    return io.StringIO(text, newline=None)


def _simplify(token_dict, startswith, path):
    chosen = {}
    for token in startswith:
        if token not in token_dict:
            raise ValueError('startswith: %r is not in %s.%s' % (token, path, hint(token, token_dict)))
        chosen.setdefault(token, len(chosen))
    for token in sorted(token_dict, key=token_dict.get):
        if token not in chosen and not is_redundant(token):
            chosen[token] = len(chosen)
    return chosen, [token_dict[token] for token in chosen]


def save_vocab(dict_path: AnyPath, token_dict: Mapping[str, int], encoding: str = 'utf-8') -> None:
    """Writes `token_dict` so that `load_vocab` reads the same ids, whole or not at all.

    An id that no token has (a repeated line of the file it was read from) becomes a line `[unused-row-ID]`.

    Raises:
        ValueError: an id that is not a whole number from 0, two tokens with one id, or a token with white space in it.
    """
    rows: dict[int, str] = {}
    for token, index in token_dict.items():
        check_entry(token, index)
        if token and token.split(None, 1) != [token]:
            raise ValueError('token_dict: the token %r has white space, which a vocabulary file cannot hold' % token)
        if index in rows:
            raise ValueError('token_dict: the tokens %r and %r have one id, %d' % (rows[index], token, index))
        rows[index] = token
    if not any(token_dict):
        raise ValueError('token_dict: expected at least one token, got none')
    lines = []
    for index in range(max(rows) + 1):
        token = rows.get(index, _FILLER % index)
        if index not in rows and token in token_dict:
            raise ValueError('token_dict: no token has the id %d, and the filler %r is taken' % (index, token))
        lines.append(token + '\n')
    data = ''.join(lines).encode(encoding)
    with atomic_write(dict_path, 'wb') as stream:
        stream.write(data)


def check_entry(token, index):
    """Raises a ValueError unless `token` is a string and `index` a whole number from 0 (numpy's too)."""
    if not isinstance(token, str):
        raise ValueError('token_dict: expected strings as tokens, got %r' % (token,))
    if isinstance(index, bool) or not hasattr(index, '__index__') or not 0 <= index < 2**31:
        raise ValueError('token_dict: the id of %r must be a whole number from 0, got %r' % (token, index))
