"""Tokenizer: BERT's word pieces with bert4keras's interface, and character offsets."""

import os

from gplinker_kit.errors import hint
from gplinker_kit.tokenizers import characters, exact
from gplinker_kit.tokenizers.joining import join
from gplinker_kit.tokenizers.rust import RustWordPiece
from gplinker_kit.tokenizers.vocabulary import check_entry, load_vocab

_NAMES = ('pad', 'unk', 'mask', 'start', 'end')


def truncate(maxlen, index, sequences):
    """Shortens lists in place, one item of the longest (the first such) at a time, to `maxlen` items in all.

    `index` is the place of the item to drop, or a list with a place a sequence.
    """
    places = list(index) if isinstance(index, (list, tuple)) else [index] * len(sequences)
    while sum(len(sequence) for sequence in sequences) > maxlen:
        number = max(range(len(sequences)), key=lambda i: len(sequences[i]))
        try:
            sequences[number].pop(places[number])
        except IndexError:
            raise ValueError('maxlen: cannot shorten to %d tokens by dropping item %r of %d' % (
                maxlen, places[number] if number < len(places) else None, len(sequences[number]))) from None


class Tokenizer:
    """Cuts text into word pieces; the ids are those of bert4keras 0.11.5.

    With do_lower_case: lower case, canonical decomposition, no nonspacing marks. Then blanks split, punctuation and
    Chinese characters stand alone, controls vanish, and each word is cut into its longest known pieces from the left,
    `##` marking those that continue a word. A word that cannot be cut, or longer than word_maxlen, is one token equal
    to the word, whose id is that of `[UNK]`. `[MASK]` and its like inside a text are not recognised.

    Regular texts (`characters.is_regular`) go through the Rust package, the others, and all with pre_tokenize or
    token_translate, through `exact`; the results are equal, offsets included.

    Offsets: `(start, end)` in code points of the given text, (0, 0) for the start and end token. A token's offset runs
    from the first to the last character that it contains a part of, so it is never empty, starts and ends never
    decrease, and the pieces of one decomposed character (Hangul) share its offset. Characters that vanish inside a
    token (a soft hyphen, a joiner) are covered; at its edges they are not, except that combining marks that
    do_lower_case removed belong to the character before: an `e` with U+0301 is covered whole. Where pre_tokenize
    returns pieces that leave characters out, each piece is looked for from the end of the one before.

    Arguments:
        token_dict: path of a vocabulary file, or dict, token -> id.
        do_lower_case: bool. word_maxlen: int. token_start, token_end: token, or None for none.
        pre_tokenize: function, str -> list of str, called with the whole (lower-cased) text; pieces that are tokens
            stay whole. token_translate: dict, token -> token to use in its place.

    Attributes (bert4keras's): _token_dict, _token_dict_inv, _vocab_size (one more than the highest id), _token_pad,
    _token_unk, _token_mask, _token_start, _token_end and, for those in the vocabulary, the same with `_id`.

    Raises: ValueError for a wrong argument, or when an operation needs a special token that the vocabulary lacks;
    DataError (a ValueError) for a missing or empty file; ImportError, on first use, without the package `tokenizers`.
    """

    def __init__(
        self, token_dict, do_lower_case=False, word_maxlen=200, token_start='[CLS]', token_end='[SEP]',
        pre_tokenize=None, token_translate=None,
    ):
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
        self._token_pad, self._token_unk, self._token_mask = '[PAD]', '[UNK]', '[MASK]'
        self._token_start, self._token_end = token_start, token_end
        for name in _NAMES:
            token = getattr(self, '_token_' + name)
            if token in token_dict:
                setattr(self, '_token_%s_id' % name, token_dict[token])
        self._pre_tokenize = pre_tokenize
        self._token_translate = token_translate or {}
        self._token_translate_inv = {new: old for old, new in self._token_translate.items()}
        self._rust = None

    def __getstate__(self):
        return dict(self.__dict__, _rust=None)

    def special_id(self, name):
        """Returns the id of the 'pad', 'unk', 'mask', 'start' or 'end' token; ValueError where there is none."""
        if name not in _NAMES:
            raise ValueError('name: there is no special token %r.%s' % (name, hint(name, _NAMES)))
        index = getattr(self, '_token_%s_id' % name, None)
        if index is None:
            raise ValueError('%s lacks %r, the %s token, which is needed here' % (
                self._where, getattr(self, '_token_' + name), name))
        return index

    def token_to_id(self, token):
        """Returns the id of `token`, that of `[UNK]` for an unknown one."""
        if token in self._token_dict:
            return self._token_dict[token]
        if token == self._token_start:
            return self.special_id('start')
        if token == self._token_end:
            return self.special_id('end')
        return self.special_id('unk')

    def tokens_to_ids(self, tokens):
        """Returns the list of ids of `tokens`."""
        return [self.token_to_id(token) for token in tokens]

    def id_to_token(self, i):
        """Returns the token of id `i`; ValueError for an id without token."""
        try:
            return self._token_dict_inv[i]
        except KeyError:
            raise ValueError('%s has no token with id %r; it has %d tokens' % (
                self._where, i, len(self._token_dict))) from None

    def ids_to_tokens(self, ids):
        """Returns the list of tokens of `ids`."""
        return [self.id_to_token(i) for i in ids]

    def tokenize(self, text, maxlen=None):
        """Returns the tokens of `text` with start and end token, at most `maxlen`: the excess is cut before the end."""
        tokens = self._tokenize(_checked(text))
        return self._framed(tokens, maxlen, self._token_start, self._token_end)

    def _tokenize(self, text):
        if self._is_fast() and characters.is_regular(text):
            return self._rust_pieces().tokenize(text)
        return [token for token, _, _ in self._exact(text)]

    def _framed(self, body, maxlen, start, end):
        """Returns `body`, cut to fit, between what stands for the start and the end token, if there are such."""
        head = [] if self._token_start is None else [start]
        tail = [] if self._token_end is None else [end]
        if maxlen is not None:
            room = maxlen - len(head) - len(tail)
            if room < 0:
                raise ValueError('maxlen must leave room for start and end token, got %r' % (maxlen,))
            body = body[:room]
        return head + body + tail

    def encode(self, first_text, second_text=None, maxlen=None, pattern='S*E*E', truncate_from='right'):
        """Returns `(token ids, segment ids)`, two lists of one length, of a text or a pair; no padding.

        Arguments:
            first_text, second_text: str, or list of tokens, start and end included.
            maxlen: at most so many ids; the longer text gives way, one token at a time.
            pattern: 'S*E*E' drops the second start token, any other pattern keeps it.
            truncate_from: 'right' cuts before the end token, 'left' behind the start token; or the index (or a list
                with two) of the token to drop.
        """
        texts = [first_text] if second_text is None else [first_text, second_text]
        tokens = [self.tokenize(text) if isinstance(text, str) else list(text) for text in texts]
        shared = int(second_text is not None and pattern == 'S*E*E' and self._token_start is not None)
        if maxlen is not None:
            index = truncate_from
            if truncate_from == 'right':
                index = -1 - int(self._token_end is not None)
            elif truncate_from == 'left':
                index = int(self._token_start is not None)
            elif isinstance(truncate_from, str):
                raise ValueError("truncate_from must be 'right', 'left' or an index, got %r" % truncate_from)
            truncate(maxlen + shared, index, tokens)
        if second_text is not None:
            tokens[1] = tokens[1][shared:]
        ids = [index for part in tokens for index in self.tokens_to_ids(part)]
        return ids, [number for number, part in enumerate(tokens) for _ in part]

    def encode_with_offsets(self, text, maxlen=None):
        """Returns `(token ids, segment ids, offsets)` of one text, lists of one length; see the class for offsets."""
        return self.encode_batch_with_offsets([_checked(text)], maxlen)[0]

    def encode_batch_with_offsets(self, texts, maxlen=None):
        """Returns a list with `encode_with_offsets` of each text, computed by the Rust package in parallel."""
        if isinstance(texts, str):
            raise ValueError('texts: expected a list of strings, got one string')
        texts = [_checked(text, number) for number, text in enumerate(texts)]
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
                if self._rust.unknown in ids:
                    unknown, stand_in = self.special_id('unk'), self._rust.unknown
                    ids = [unknown if index == stand_in else index for index in ids]
            else:
                pieces = self._exact(text, located=True)
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

    def _exact(self, text, located=False):
        pieces = exact.tokenize(
            text, self._token_dict, self._do_lower_case, self._word_maxlen, self._longest, self._pre_tokenize, located
        )
        return [(self._token_translate.get(token) or token, start, end) for token, start, end in pieces]

    def rematch(self, text, tokens):
        """Returns, for each token of `text`, the indices of the characters of `text` that it consists of.

        A character that decomposes (Hangul) occurs as often as it has parts in the token; special tokens get [].
        `encode_with_offsets` is faster and knows the places of translated tokens too.

        Raises: ValueError naming the first token that is not found behind the one before it.
        """
        chars, sources = exact.normalise(_checked(text), self._do_lower_case)
        pairs = [pair for pair in zip(chars, sources) if not characters.is_dropped(pair[0])]
        whole, mapping, cursor = ''.join(ch for ch, _ in pairs), [], 0
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

    def decode(self, ids, tokens=None):
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


def _checked(text, number=None):
    if not isinstance(text, str):
        place = 'text' if number is None else 'texts: item %d' % number
        raise ValueError('%s: expected a string, got %s' % (place, type(text).__name__))
    return text
