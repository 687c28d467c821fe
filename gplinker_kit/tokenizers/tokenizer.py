"""Tokenizer: BERT's word pieces with bert4keras's interface, and character offsets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from gplinker_kit.hints import AnyPath, Encoded
from gplinker_kit.tokenizers import characters, exact
from gplinker_kit.tokenizers.base import NAMES, TokenizerBase, checked
from gplinker_kit.tokenizers.joining import join
from gplinker_kit.tokenizers.rust import RustWordPiece
from gplinker_kit.tokenizers.vocabulary import check_entry, load_vocab

# What the memory of pre_tokenize's pieces holds at most.
_MOST_PIECES, _LONGEST_PIECE = 100000, 40


class Tokenizer(TokenizerBase):
    """Cuts text into word pieces; the ids are those of bert4keras 0.11.5.

    With do_lower_case: lower case, canonical decomposition, no nonspacing marks. Then blanks split, punctuation and
    Chinese characters stand alone, controls vanish, and each word is cut into its longest known pieces from the left,
    `##` marking those that continue a word. A word that cannot be cut, or longer than word_maxlen, is one token equal
    to the word, whose id is that of `[UNK]`. `[MASK]` and its like inside a text are not recognised.

    Regular texts (`characters.is_regular`) go through the Rust package, the others through `exact`; the results are
    equal, offsets included. With pre_tokenize or token_translate, offsets come from `exact` alone.

    Offsets: `(start, end)` in code points of the given text, (0, 0) for the start and end token. A token's offset runs
    from the first to the last character that it contains a part of, so it is never empty, starts and ends never
    decrease, and the pieces of one decomposed character (Hangul) share its offset. Characters that vanish inside a
    token (a soft hyphen, a joiner) are covered; at its edges they are not, except that combining marks that
    do_lower_case removed belong to the character before: an `e` with U+0301 is covered whole. Where pre_tokenize
    returns pieces that leave characters out, each piece is looked for from the end of the one before.

    Arguments:
        token_dict: path of a vocabulary file, or dict, token -> id.
        do_lower_case: bool. word_maxlen: int. token_start, token_end: token, or None for none.
        pre_tokenize: function, str -> iterable of str, called with the whole (lower-cased) text; pieces that are
            tokens stay whole, the others are cut like texts. `words.jieba_words` is one for the word-level RoFormer.
        token_translate: dict, token -> token to use in its place.

    Attributes (bert4keras's): _token_dict, _token_dict_inv, _vocab_size (one more than the highest id), _token_pad,
    _token_unk, _token_mask, _token_start, _token_end and, for those in the vocabulary, the same with `_id`.

    Raises: ValueError for a wrong argument, or when an operation needs a special token that the vocabulary lacks;
    DataError (a ValueError) for a missing or empty file; ImportError, on first use, without the package `tokenizers`.

    >>> tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '收', '购', 'ai', '##rbus']
    >>> tokenizer = Tokenizer({token: index for index, token in enumerate(tokens)}, do_lower_case=True)
    >>> tokenizer.tokenize('收购Airbus')
    ['[CLS]', '收', '购', 'ai', '##rbus', '[SEP]']
    >>> ids, segments, offsets = tokenizer.encode_with_offsets('收购Airbus')
    >>> ids
    [2, 4, 5, 6, 7, 3]
    >>> offsets[-2]
    (4, 8)
    """

    def __init__(
        self, token_dict: AnyPath | dict[str, int], do_lower_case: bool = False, word_maxlen: int = 200,
        token_start: str | None = '[CLS]', token_end: str | None = '[SEP]',
        pre_tokenize: Callable[[str], Iterable[str]] | None = None, token_translate: dict[str, str] | None = None,
    ) -> None:
        super().__init__(token_start, token_end, pre_tokenize, token_translate)
        self._where = 'the token dictionary'
        if isinstance(token_dict, (str, os.PathLike)):
            self._where = os.fspath(token_dict)
            token_dict = load_vocab(token_dict)
        if not isinstance(token_dict, dict):
            raise ValueError('token_dict: expected a path or a dict, got %s' % type(token_dict).__name__)
        if isinstance(word_maxlen, bool) or not isinstance(word_maxlen, int) or word_maxlen < 1:
            raise ValueError('word_maxlen must be a whole number above 0, got %r' % (word_maxlen,))
        for token, index in token_dict.items():
            check_entry(token, index)
        self._do_lower_case = bool(do_lower_case)
        self._word_maxlen = word_maxlen
        self._token_dict = token_dict
        self._token_dict_inv = {index: token for token, index in token_dict.items()}
        self._vocab_size = max(token_dict.values(), default=-1) + 1
        self._longest = max(map(len, token_dict), default=0)
        for name in NAMES:
            token = getattr(self, '_token_' + name)
            if token in token_dict:
                setattr(self, '_token_%s_id' % name, token_dict[token])
        self._rust: RustWordPiece | None = None
        self._memory: dict[str, list[str]] = {}

    def __getstate__(self):
        return dict(self.__dict__, _rust=None, _memory={})

    def token_to_id(self, token: str) -> int:
        """Returns the id of `token`, that of `[UNK]` for an unknown one."""
        if token in self._token_dict:
            return self._token_dict[token]
        if token == self._token_start:
            return self.special_id('start')
        if token == self._token_end:
            return self.special_id('end')
        return self.special_id('unk')

    def tokens_to_ids(self, tokens: Iterable[str]) -> list[int]:
        """Returns the list of ids of `tokens`."""
        if type(self).token_to_id is Tokenizer.token_to_id:  # not a subclass's own
            ids = [self._token_dict.get(token) for token in tokens]
            if None not in ids:
                return cast('list[int]', ids)
        return super().tokens_to_ids(tokens)

    def id_to_token(self, i: int) -> str:
        """Returns the token of id `i`; ValueError for an id without token."""
        try:
            return self._token_dict_inv[i]
        except KeyError:
            raise ValueError('%s has no token with id %r; it has %d tokens' % (
                self._where, i, len(self._token_dict))) from None

    def _tokenize(self, text, pre_tokenize=True):
        if pre_tokenize and self._pre_tokenize is not None:
            if self._do_lower_case:
                text = characters.lowercase_and_normalize(text)
            tokens = []
            for piece in self._pre_tokenize(text):
                found = self._memory.get(piece)
                tokens += self._of_piece(piece) if found is None else found
            return tokens
        if self._longest <= self._word_maxlen and characters.is_regular(text):
            return self._rust_pieces().tokenize(text)
        return [token for token, _, _ in self._exact(text)]

    def _of_piece(self, piece):
        # Words repeat, so each is cut once.
        tokens = [piece] if piece in self._token_dict and piece else self._tokenize(piece, False)
        if len(self._memory) >= _MOST_PIECES:
            self._memory.clear()
        if len(piece) <= _LONGEST_PIECE:
            self._memory[piece] = tokens
        return tokens

    def encode_with_offsets(self, text: str, maxlen: int | None = None) -> Encoded:
        """Returns `(token ids, segment ids, offsets)` of one text, lists of one length; see the class for offsets."""
        return self.encode_batch_with_offsets([checked(text)], maxlen)[0]

    def encode_batch_with_offsets(self, texts: Iterable[str], maxlen: int | None = None) -> list[Encoded]:
        """Returns a list with `encode_with_offsets` of each text, computed by the Rust package in parallel."""
        if isinstance(texts, str):
            raise ValueError('texts: expected a list of strings, got one string')
        texts = [checked(text, number) for number, text in enumerate(texts)]
        regular = [characters.is_regular(text) for text in texts] if self._is_fast() else [False] * len(texts)
        fast = [text for text, is_fast in zip(texts, regular) if is_fast]
        encodings = iter(self._rust_pieces().encode_batch(fast) if fast else [])
        start, end = (
            None if token is None else self.special_id(name)
            for name, token in (('start', self._token_start), ('end', self._token_end))
        )
        results = []
        for text, is_fast in zip(texts, regular):
            if is_fast:
                ids, offsets = next(encodings)
                stand_in = self._rust_pieces().unknown
                if stand_in in ids:
                    unknown = self.special_id('unk')
                    ids = [unknown if index == stand_in else index for index in ids]
            else:
                pieces = self._exact(text, self._pre_tokenize, located=True)
                pieces = [(self._token_translate.get(piece[0]) or piece[0],) + piece[1:] for piece in pieces]
                ids, offsets = self.tokens_to_ids([piece[0] for piece in pieces]), [piece[1:] for piece in pieces]
            ids = self._framed(ids, maxlen, start, end)
            results.append((ids, [0] * len(ids), self._framed(offsets, maxlen, (0, 0), (0, 0))))
        return results

    def _is_fast(self):
        # The Rust model has one limit for words; a token longer than it would be known to `token_to_id` alone.
        return self._pre_tokenize is None and not self._token_translate and self._longest <= self._word_maxlen

    def _rust_pieces(self):
        # Built on first use, and again in a process that received a pickle: the Rust object stays where it was made.
        if self._rust is None:
            self._rust = RustWordPiece(self._token_dict, self._do_lower_case, self._word_maxlen)
        return self._rust

    def _exact(self, text, pre_tokenize=None, located=False):
        return exact.tokenize(
            text, self._token_dict, self._do_lower_case, self._word_maxlen, self._longest, pre_tokenize, located
        )

    def rematch(self, text: str, tokens: Iterable[str]) -> list[list[int]]:
        """Returns, for each token of `text`, the indices of the characters of `text` that it consists of.

        A character that decomposes (Hangul) occurs as often as it has parts in the token; special tokens get [].
        `encode_with_offsets` is faster and knows the places of translated tokens too.

        Raises: ValueError naming the first token that is not found behind the one before it.
        """
        chars, sources = exact.normalise(checked(text), self._do_lower_case)
        pairs = [pair for pair in zip(chars, sources) if not characters.is_dropped(pair[0])]
        whole, cursor = ''.join(ch for ch, _ in pairs), 0
        mapping: list[list[int]] = []
        for number, token in enumerate(tokens):
            if characters.is_special(token):
                mapping.append([])
                continue
            piece = characters.stem(token)
            start = whole.find(piece, cursor)
            if start < 0:
                raise ValueError(
                    'tokens: item %d, %r, is not in the text behind the token before it; were the tokens made from '
                    'this text, with the same do_lower_case?' % (number, token)
                )
            cursor = start + len(piece)
            mapping.append([source for _, source in pairs[start:cursor]])
        return mapping

    def decode(self, ids: Sequence[int], tokens: Sequence[str] | None = None) -> str:
        """Returns readable text: no special tokens, pieces joined, blanks only where Latin script wants them."""
        tokens = [t for t in tokens or self.ids_to_tokens(ids) if not characters.is_special(t)]
        return join(tokens)

    stem = staticmethod(characters.stem)
    _is_space = staticmethod(characters.is_space)
    _is_punctuation = staticmethod(characters.is_punctuation)
    _is_cjk_character = staticmethod(characters.is_cjk)
    _is_control = staticmethod(characters.is_control)
    _is_special = staticmethod(characters.is_special)
    _is_redundant = staticmethod(characters.is_redundant)
