"""Chinese words, for tokenizers whose vocabulary has words (RoFormer v1, WoBERT)."""

from __future__ import annotations


def jieba_words(text: str) -> list[str]:
    """Returns the list of words that jieba cuts `text` into, known words only (`HMM=False`).

    For `Tokenizer(vocabulary, do_lower_case=True, pre_tokenize=jieba_words)`: unlike a lambda it can be pickled, so the
    tokenizer can be handed to worker processes.

    Raises: ImportError where the package `jieba` is missing.
    """
    try:
        import jieba
    except ImportError as error:
        raise ImportError('jieba_words needs the package `jieba`: pip install "gplinker-kit[jieba]" (%s)' % error) \
            from error
    return jieba.lcut(text, HMM=False)
