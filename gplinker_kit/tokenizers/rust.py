"""The fast twin of `exact`, for texts that `characters.is_regular` accepts: a WordPiece model in Rust, and a memory.

A regular text may be cut beside any character that is a word of its own, and at blanks, and the chunks tokenised
apart. Chunks repeat (a few thousand Chinese characters, signs, numbers make up most of a corpus), so each goes through
Rust once and is remembered.
"""

import re

from gplinker_kit.tokenizers import exact
from gplinker_kit.tokenizers.characters import CJK

_SURROGATE = re.compile('[\ud800-\udfff]')

# Words of their own for every Python: Chinese characters, ASCII signs and everyday Chinese punctuation.
_SINGLE = ''.join('\\U%08x-\\U%08x' % pair for pair in CJK) + '!-/:-@\\[-`{-~·—‘’“”…、。《》【】！（），：；？'
_CHUNKS = re.compile('[%s]|[ \\t\\n\\r\u3000]+|[^%s \\t\\n\\r\u3000]+' % (_SINGLE, _SINGLE))

# Stands for an unmatched word. No word contains a space, so no text can produce it, and `[UNK]` may be missing.
_UNKNOWN = ' unknown'

# What the memory holds at most; an entry costs a few hundred bytes.
_MOST_CHUNKS, _LONGEST_CHUNK = 100000, 40


class RustWordPiece:
    """Word pieces and offsets of regular texts.

    Arguments: vocabulary: dict, token -> id. lower: fold case and accents. word_maxlen: longer words are unknown.
    Attributes: unknown: the id that stands for an unmatched word, above every id of the vocabulary.
    Raises: ImportError where the package `tokenizers` is missing.
    """

    def __init__(self, vocabulary, lower, word_maxlen):
        try:
            import tokenizers
            from tokenizers.models import WordPiece
            from tokenizers.normalizers import BertNormalizer
            from tokenizers.pre_tokenizers import BertPreTokenizer
        except ImportError as error:
            raise ImportError(
                'Tokenizer needs the Rust package `tokenizers`: pip install tokenizers (%s)' % error
            ) from error
        self.unknown = max(vocabulary.values(), default=-1) + 1
        # A token with a lone surrogate cannot cross into Rust; texts with one are not regular, so it is not missed.
        known = {token: int(index) for token, index in vocabulary.items() if not _SURROGATE.search(token)}
        known[_UNKNOWN] = int(self.unknown)
        self._pipeline = tokenizers.Tokenizer(
            WordPiece(known, unk_token=_UNKNOWN, max_input_chars_per_word=word_maxlen)
        )
        self._pipeline.normalizer = BertNormalizer(
            clean_text=True, handle_chinese_chars=True, strip_accents=lower, lowercase=lower
        )
        self._pipeline.pre_tokenizer = BertPreTokenizer()
        self._definition = (vocabulary, lower, word_maxlen, max(map(len, vocabulary), default=0))
        self._memory = {}

    def tokenize(self, text):
        """Returns the tokens of one text; an unmatched word is a token as it is."""
        chunks = _CHUNKS.findall(text)
        found = self._look_up(set(chunks))
        return [token for chunk in chunks for token in found[chunk][0]]

    def encode_batch(self, texts):
        """Returns a list with `(ids, offsets)` of each text; an unmatched word has the id `unknown`."""
        cut = [_CHUNKS.findall(text) for text in texts]
        found = self._look_up(set().union(*cut))
        results = []
        for chunks in cut:
            ids, offsets, position = [], [], 0
            for chunk in chunks:
                _, chunk_ids, spans = found[chunk]
                ids += chunk_ids
                for start, end in spans:
                    offsets.append((position + start, position + end))
                position += len(chunk)
            results.append((ids, offsets))
        return results

    def _look_up(self, chunks):
        """Returns a dict that holds `(tokens, ids, offsets)` of each of the set `chunks`."""
        found = {chunk: self._memory.get(chunk) for chunk in chunks}
        fresh = [chunk for chunk, entry in found.items() if entry is None]
        if fresh:
            for chunk, encoding in zip(fresh, self._pipeline.encode_batch(fresh, add_special_tokens=False)):
                ids = encoding.ids
                # Rust names an unmatched word by its stand-in only, so the word itself comes from the definition.
                tokens = encoding.tokens
                if self.unknown in ids:
                    tokens = [token for token, _, _ in exact.tokenize(chunk, *self._definition)]
                found[chunk] = tokens, ids, encoding.offsets
            kept = {chunk: found[chunk] for chunk in fresh if len(chunk) <= _LONGEST_CHUNK}
            if len(self._memory) + len(kept) > _MOST_CHUNKS:
                self._memory.clear()
            if len(kept) <= _MOST_CHUNKS:
                self._memory.update(kept)
        return found
