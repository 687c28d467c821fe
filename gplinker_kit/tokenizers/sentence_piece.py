"""SpTokenizer: SentencePiece models (ALBERT, T5, mT5, XLNet) behind the interface of `Tokenizer`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence

from gplinker_kit.errors import DataError
from gplinker_kit.hints import AnyPath
from gplinker_kit.tokenizers.base import TokenizerBase


class SpTokenizer(TokenizerBase):
    """Cuts text by a SentencePiece model; ids are the model's own.

    Arguments:
        sp_model_path: path of the model file.
        token_start, token_end: piece to put first and last, or None for none. One that the model lacks gets the id of
            the unknown piece, as in bert4keras, with a warning.
        pre_tokenize: function, str -> iterable of str; its pieces are joined by blanks before the model cuts.
        token_translate: dict, piece -> piece to use in its place; `decode` turns it back.

    Attributes: sp_model, the SentencePieceProcessor, and those of `TokenizerBase`. _token_pad and _token_unk are the
    model's own; an `_id` is set where the model has the piece.

    Raises: DataError for a missing or broken file; ImportError without the package `sentencepiece`.
    """

    def __init__(
        self, sp_model_path: AnyPath, token_start: str | None = '[CLS]', token_end: str | None = '[SEP]',
        pre_tokenize: Callable[[str], Iterable[str]] | None = None, token_translate: dict[str, str] | None = None,
    ) -> None:
        super().__init__(token_start, token_end, pre_tokenize, token_translate)
        try:
            import sentencepiece
        except ImportError as error:
            raise ImportError(
                'SpTokenizer needs the package `sentencepiece`: pip install "gplinker-kit[sentencepiece]" (%s)' % error
            ) from error
        self._where = os.fspath(sp_model_path)
        if not os.path.isfile(self._where):
            raise DataError('no such file; expected a SentencePiece model', self._where)
        self.sp_model = sentencepiece.SentencePieceProcessor()
        try:
            self.sp_model.Load(self._where)
        except (OSError, RuntimeError) as error:
            raise DataError('not a SentencePiece model (%s)' % error, self._where) from None
        self._vocab_size = self.sp_model.get_piece_size()
        self._token_unk_id = self.sp_model.unk_id()
        self._token_unk = self.sp_model.id_to_piece(self._token_unk_id)
        if self.sp_model.pad_id() >= 0:  # -1: a model that was trained without
            self._token_pad = self.sp_model.id_to_piece(self.sp_model.pad_id())
        for name in ('pad', 'mask', 'start', 'end'):
            token = getattr(self, '_token_' + name)
            index = self._token_unk_id if token is None else self.sp_model.piece_to_id(token)
            if index != self._token_unk_id:
                setattr(self, '_token_%s_id' % name, index)
            elif name in ('start', 'end') and token not in (None, self._token_unk):
                warnings.warn('token_%s: %s has no piece %r, so its id is that of %r; pass None or a piece it has' % (
                    name, self._where, token, self._token_unk), stacklevel=2)

    def token_to_id(self, token: str) -> int:
        """Returns the id of `token`, that of the unknown piece for an unknown one."""
        return self.sp_model.piece_to_id(token)

    def id_to_token(self, i: int) -> str:
        """Returns the piece of id `i`; '' for an id above those of the model, which some checkpoints have rows for."""
        if i < 0:
            raise ValueError('%s has no token with id %r; it has %d tokens' % (self._where, i, self._vocab_size))
        return self.sp_model.id_to_piece(int(i)) if i < self._vocab_size else ''

    def decode(self, ids: Sequence[int]) -> str:
        """Returns readable text: pieces joined, control pieces such as `</s>` left out."""
        tokens = self.ids_to_tokens(ids)
        return self.sp_model.decode_pieces([self._token_translate_inv.get(token) or token for token in tokens])

    def _tokenize(self, text):
        if self._pre_tokenize is not None:
            text = ' '.join(self._pre_tokenize(text))
        return self.sp_model.encode_as_pieces(text)

    def _is_special(self, i):
        return self.sp_model.is_control(i) or self.sp_model.is_unknown(i) or self.sp_model.is_unused(i)

    def _is_decodable(self, i):
        return i < self._vocab_size and not self._is_special(i)
