"""The table of regular characters, recomputed over all code points."""

import unicodedata

from gplinker_kit.tokenizers import characters, exact, rust
from tests.tokenizers.shared import BOTH


@BOTH
def test_every_regular_character_is_the_same_to_rust(tokenizer):
    lower = tokenizer._do_lower_case
    pipeline = rust.RustWordPiece({'[UNK]': 0}, lower, 200)._pipeline
    points = [chr(code) for first, last in characters.REGULAR for code in range(first, last + 1)]
    texts = ['a%sb' % ch for ch in points] + points
    differing = set()
    for text, encoding in zip(texts, pipeline.encode_batch(texts, add_special_tokens=False)):
        words = [word for word, _ in pipeline.pre_tokenizer.pre_tokenize_str(pipeline.normalizer.normalize_str(text))]
        ours = exact.tokenize(text, {}, lower, 200, 0)
        if words != [word for word, _, _ in ours] or encoding.offsets != [pair[1:] for pair in ours]:
            differing.add(text)
    assert not differing, 'characters.REGULAR holds characters on which Rust differs: %r' % sorted(differing)[:20]
    marks = [ch for ch in points if unicodedata.combining(ch) or unicodedata.category(ch) == 'Mn']
    assert not marks
    assert 'Σ' not in points  # the one character whose lower case depends on its neighbours


def test_lower_case_depends_on_neighbours_for_sigma_alone():
    points, dependent = [chr(code) for code in range(0x110000) if code != 10], set()
    for context in ('%s', 'a%s', 'a%sb', '%sb', 'a%s b'):
        together = '\n'.join(context % ch for ch in points).lower().split('\n')
        dependent.update(ch for ch, lowered in zip(points, together) if lowered != context % ch.lower())
    assert dependent == {'Σ'}


def test_the_regular_table_is_sorted_and_holds_everyday_text():
    flat = [code for pair in characters.REGULAR for code in pair]
    assert all(a < b for a, b in zip(flat[1::2], flat[2::2])) and all(a <= b for a, b in characters.REGULAR)
    assert characters.is_regular('2017年4月,公司开始筹划“重大”事项——ＡＢ％ İß é 한국 😀\r\n\u3000\u200b')
    for text in ('aΣ', 'e\u0301', '\ud800', '\ue000', '\U0002b820', '\u2e43', '\u0378'):
        assert not characters.is_regular(text), ascii(text)
