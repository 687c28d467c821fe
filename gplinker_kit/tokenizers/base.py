"""TokenizerBase: what all tokenizers share, from tokens to ids, pairs and truncation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gplinker_kit.errors import hint

NAMES = ('pad', 'unk', 'mask', 'start', 'end')


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


def checked(text, number=None):
    """Returns `text`, which must be a str; `number` is its place in a list, for the message."""
    if not isinstance(text, str):
        place = 'text' if number is None else 'texts: item %d' % number
        raise ValueError('%s: expected a string, got %s' % (place, type(text).__name__))
    return text


class TokenizerBase:
    """Tokens, ids and pairs of texts, for a subclass that cuts one text.

    A subclass defines `_tokenize(text)`, which returns the tokens between start and end token, `token_to_id(token)`,
    `id_to_token(i)` and `decode(ids)`; and it sets `_vocab_size` and the ids of the special tokens that it has.

    Arguments:
        token_start, token_end: token, or None for none.
        pre_tokenize: function, str -> list of str. token_translate: dict, token -> token to use in its place.

    Attributes (bert4keras's): _token_pad, _token_unk, _token_mask, _token_start, _token_end, the same with `_id` for
    those in the vocabulary, _vocab_size, _pre_tokenize, _token_translate, _token_translate_inv.
    """

    _where = 'the vocabulary'  # names it in messages

    def __init__(
        self, token_start: str | None = '[CLS]', token_end: str | None = '[SEP]',
        pre_tokenize: Callable[[str], Iterable[str]] | None = None, token_translate: dict[str, str] | None = None,
    ) -> None:
        self._token_pad, self._token_unk, self._token_mask = '[PAD]', '[UNK]', '[MASK]'
        self._token_start, self._token_end = token_start, token_end
        self._pre_tokenize = pre_tokenize
        self._token_translate = token_translate or {}
        self._token_translate_inv = {new: old for old, new in self._token_translate.items()}

    def special_id(self, name: str) -> int:
        """Returns the id of the 'pad', 'unk', 'mask', 'start' or 'end' token; ValueError where there is none."""
        if name not in NAMES:
            raise ValueError('name: there is no special token %r.%s' % (name, hint(name, NAMES)))
        index = getattr(self, '_token_%s_id' % name, None)
        if index is None:
            raise ValueError('%s lacks %r, the %s token, which is needed here' % (
                self._where, getattr(self, '_token_' + name), name))
        return index

    def token_to_id(self, token: str) -> int:
        """Returns the id of `token`."""
        raise NotImplementedError('%s does not define token_to_id' % type(self).__name__)

    def id_to_token(self, i: int) -> str:
        """Returns the token of id `i`."""
        raise NotImplementedError('%s does not define id_to_token' % type(self).__name__)

    def decode(self, ids: Sequence[int]) -> str:
        """Returns readable text."""
        raise NotImplementedError('%s does not define decode' % type(self).__name__)

    def _tokenize(self, text):
        raise NotImplementedError('%s does not define _tokenize' % type(self).__name__)

    def tokens_to_ids(self, tokens: Iterable[str]) -> list[int]:
        """Returns the list of ids of `tokens`."""
        return [self.token_to_id(token) for token in tokens]

    def ids_to_tokens(self, ids: Iterable[int]) -> list[str]:
        """Returns the list of tokens of `ids`."""
        return [self.id_to_token(i) for i in ids]

    def tokenize(self, text: str, maxlen: int | None = None) -> list[str]:
        """Returns the tokens of `text` with start and end token, at most `maxlen`: the excess is cut before the end."""
        tokens = self._tokenize(checked(text))
        if self._token_translate:
            tokens = [self._token_translate.get(token) or token for token in tokens]
        return self._framed(tokens, maxlen, self._token_start, self._token_end)

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

    def encode(
        self, first_text: str | Sequence[str], second_text: str | Sequence[str] | None = None,
        maxlen: int | None = None, pattern: str = 'S*E*E', truncate_from: str | int | Sequence[int] = 'right',
    ) -> tuple[list[int], list[int]]:
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
