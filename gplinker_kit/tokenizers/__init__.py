"""BERT tokenisation with bert4keras's interface and character offsets, at the speed of the Rust `tokenizers` package.

Modules: `characters` (classes of characters, and which of them the Rust code treats as Python does), `exact` (the
definition, in plain Python), `rust` (the fast twin of the definition), `vocabulary` (files), `tokenizer` (the class).
"""

from gplinker_kit.tokenizers.tokenizer import Tokenizer
from gplinker_kit.tokenizers.vocabulary import load_vocab, save_vocab

__all__ = ['Tokenizer', 'load_vocab', 'save_vocab']
