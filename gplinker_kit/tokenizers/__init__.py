"""BERT tokenisation with bert4keras's interface and character offsets, at the speed of the Rust `tokenizers` package.

Modules: `characters` (classes of characters, and which of them the Rust code treats as Python does), `exact` (the
definition, in plain Python), `rust` (the fast twin of the definition), `vocabulary` (files), `base` (what every
tokenizer does with tokens), `tokenizer` (word pieces), `sentence_piece` (SentencePiece models), `words` (jieba).
"""

from gplinker_kit.tokenizers.base import TokenizerBase
from gplinker_kit.tokenizers.sentence_piece import SpTokenizer
from gplinker_kit.tokenizers.tokenizer import Tokenizer
from gplinker_kit.tokenizers.vocabulary import load_vocab, save_vocab
from gplinker_kit.tokenizers.words import jieba_words

__all__ = ['SpTokenizer', 'Tokenizer', 'TokenizerBase', 'jieba_words', 'load_vocab', 'save_vocab']
