"""What the tests of the tokenizers share: a vocabulary, texts, and the rule by string methods alone."""

import unicodedata

import pytest
from hypothesis import strategies as st

from gplinker_kit.tokenizers import Tokenizer, characters

SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
LETTERS = 'abcdefghiklmnopqrstuvwxyzß'
JAMO = '\u1100\u1161\u11a8'  # what U+AC01 decomposes into
WORDS = ['he', '##llo', '##ll', 'ﬁ', 'is', '##tan', '中国', '公', '司', '中', '国', '[', ']', '.', ',']
VOCABULARY = SPECIAL + list(LETTERS) + ['##' + c for c in LETTERS] + WORDS + list('。!')
VOCABULARY += [JAMO[0], '##' + JAMO[1], '##' + JAMO[2]]
TOKENS = {token: index for index, token in enumerate(VOCABULARY)}
LOWER = Tokenizer(TOKENS, do_lower_case=True)
CASED = Tokenizer(TOKENS)

# Every class of character that the rule tells apart, and the troublemakers of earlier tokenizers.
PICKED = st.sampled_from(
    list('abcABC .,!中国公司\t\n\r\0') + [
        'İ', 'ß', 'ﬁ', 'Σ', 'σ', 'ς', 'é', 'e\u0301', '각', '\u1161', '\u0301', '\u0345', '\u302e', '\U0001d165',
        '\u200d', '\u200b', '\ufeff', '\xad', '\u3000', '\r\n', '\u2028', '\u2029', '\x85', '\x0b', '\ufffd',
        '😀', '🥰', '👩\u200d👧', '\ufe0f', 'Ａ', '①',
        '\ue000', '\ud800', '\U0002b820', '\U00020000', '\u2e43', '\u0e33', '[MASK]', 'hello', 'x' * 201, '\U0010ffff',
    ]
)
TEXTS = st.lists(st.one_of(PICKED, PICKED, st.characters()), max_size=25).map(''.join)
REGULAR_TEXTS = TEXTS.map(lambda text: ''.join(ch for ch in text if characters.is_regular(ch)))
BOTH = pytest.mark.parametrize('tokenizer', [LOWER, CASED], ids=['lower', 'cased'])


def words_by_the_rule(text, lower):
    """The oracle: BERT's words of a whole text, by string methods alone."""
    if lower:
        text = unicodedata.normalize('NFD', text.lower())
        text = ''.join(ch for ch in text if unicodedata.category(ch) != 'Mn')
    blocks = '\u3400-\u4dbf \u4e00-\u9fff \uf900-\ufaff \U00020000-\U0002a6df \U0002a700-\U0002b73f ' \
        '\U0002b740-\U0002b81f \U0002b820-\U0002ceaf \U0002f800-\U0002fa1f'.split()
    spaced = ''
    for ch in text:
        category = unicodedata.category(ch)
        if ch in '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~' or category.startswith('P'):
            spaced += ' ' + ch + ' '
        elif any(block[0] <= ch <= block[2] for block in blocks):
            spaced += ' ' + ch + ' '
        elif ch in ' \n\r\t' or category == 'Zs':
            spaced += ' '
        elif ch not in '\0\ufffd' and category not in ('Cc', 'Cf'):
            spaced += ch
    return spaced.split()


def pieces_by_the_rule(word, vocabulary, limit=200):
    tokens, rest = [], word
    while rest:
        prefix = '##' if tokens else ''
        fitting = [n for n in range(len(rest), 0, -1) if prefix + rest[:n] in vocabulary]
        if not fitting or len(word) > limit:
            return [word]
        tokens.append(prefix + rest[:fitting[0]])
        rest = rest[fitting[0]:]
    return tokens


def tokens_by_the_rule(text, lower):
    return [token for word in words_by_the_rule(text, lower) for token in pieces_by_the_rule(word, TOKENS)]


def write(path, text):
    path.write_bytes(text.encode('utf-8'))
    return str(path)
