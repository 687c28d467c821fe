"""Tokenizer: the rule, its Rust twin, offsets, vocabulary files, errors. Parity with bert4keras: tests/parity."""

import copy
import pickle
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.tokenizers import Tokenizer, characters, exact, load_vocab, rust, save_vocab

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


# The rule, and its Rust twin.

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


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_fold_is_the_rule_with_sources(text):
    chars, sources = exact.fold(text)
    whole = unicodedata.normalize('NFD', text.lower())
    assert ''.join(chars) == ''.join(ch for ch in whole if unicodedata.category(ch) != 'Mn')
    assert sources == sorted(sources) and len(sources) == len(chars)
    assert all(0 <= source < len(text) for source in sources)


@BOTH
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_tokens_follow_the_rule(tokenizer, text):
    expected = tokens_by_the_rule(text, tokenizer._do_lower_case)
    assert tokenizer.tokenize(text) == ['[CLS]'] + expected + ['[SEP]']
    ids, segments = tokenizer.encode(text)
    assert ids == [2] + [TOKENS.get(token, 1) for token in expected] + [3]
    assert segments == [0] * len(ids)


@BOTH
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(REGULAR_TEXTS, min_size=1, max_size=4))
def test_rust_and_exact_agree_on_regular_texts(tokenizer, texts):
    for text, (ids, _, offsets) in zip(texts, tokenizer.encode_batch_with_offsets(texts)):
        pieces = tokenizer._exact(text)
        assert ids == [2] + [TOKENS.get(token, 1) for token, _, _ in pieces] + [3]
        assert offsets == [(0, 0)] + [(start, end) for _, start, end in pieces] + [(0, 0)]


def test_texts_are_cut_for_the_memory_only_where_words_end():
    every = ''.join(chr(code) for first, last in characters.REGULAR for code in range(first, last + 1))
    chunks = rust._CHUNKS.findall(every)
    assert ''.join(chunks) == every
    alone = {chunk for chunk in chunks if len(chunk) == 1 and rust._CHUNKS.fullmatch('a' + chunk) is None}
    assert len(alone) > 27000
    for ch in alone:
        assert characters.is_cjk(ch) or characters.is_punctuation(ch) or characters.is_space(ch), ascii(ch)


def test_the_memory_is_bounded_and_changes_nothing(monkeypatch):
    texts = ['hello中国%d, isé %s!' % (number, 'b' * (number % 60)) for number in range(200)]
    expected = Tokenizer(TOKENS, do_lower_case=True).encode_batch_with_offsets(texts)
    monkeypatch.setattr(rust, '_MOST_CHUNKS', 10)
    tokenizer = Tokenizer(TOKENS, do_lower_case=True)
    for text, (ids, _, offsets) in zip(texts, expected):
        assert tokenizer.encode_with_offsets(text)[::2] == (ids, offsets)
        assert tokenizer.encode(text)[0] == ids
        memory = tokenizer._rust._memory
        assert len(memory) <= 10 and max(map(len, memory)) <= rust._LONGEST_CHUNK
    assert tokenizer.encode_batch_with_offsets(texts) == expected
    assert len(tokenizer._rust._memory) <= 10


@pytest.mark.parametrize('length, known', [(199, True), (200, True), (201, False)])
@pytest.mark.parametrize('tail', ['', 'Σ'], ids=['rust', 'exact'])
def test_a_word_longer_than_the_limit_is_one_token(length, known, tail):
    vocabulary = dict(TOKENS, **{'##ς': 500})
    tokenizer = Tokenizer(vocabulary, do_lower_case=True)
    word = 'a' * (length - len(tail)) + tail
    tokens = tokenizer.tokenize(word)[1:-1]
    assert len(tokens) == (length if known else 1)
    assert known or tokens == [word.lower()]
    assert tokenizer.encode_with_offsets(word)[2][-2] == ((length - 1, length) if known else (0, length))


def test_a_token_longer_than_the_word_limit_keeps_its_id():
    tokenizer = Tokenizer(dict(TOKENS, abcdef=200), word_maxlen=5)
    assert tokenizer.tokenize('abcdef ab')[1:-1] == ['abcdef', 'a', '##b']
    assert tokenizer.encode_with_offsets('abcdef ab')[0] == tokenizer.encode('abcdef ab')[0]
    assert tokenizer.encode('abcdef')[0] == [2, 200, 3]


def test_special_tokens_in_the_text_are_text():
    assert LOWER.tokenize('[MASK][SEP]')[1:-1] == ['[', 'm', '##a', '##s', '##k', ']', '[', 's', '##e', '##p', ']']
    assert LOWER.encode_with_offsets('[CLS]')[0][1] == TOKENS['[']


# Offsets.

OFFSETS = [
    ('İstan公', [('is', 0, 2), ('##tan', 2, 5), ('公', 5, 6)]),
    ('公ß!', [('公', 0, 1), ('ß', 1, 2), ('!', 2, 3)]),
    ('ﬁ中', [('ﬁ', 0, 1), ('中', 1, 2)]),
    ('公각.', [('公', 0, 1), (JAMO[0], 1, 2), ('##' + JAMO[1], 1, 2), ('##' + JAMO[2], 1, 2), ('.', 2, 3)]),
    ('각\u0301.', [(JAMO[0], 0, 2), ('##' + JAMO[1], 0, 2), ('##' + JAMO[2], 0, 2), ('.', 2, 3)]),
    ('he\u0301llo', [('he', 0, 3), ('##llo', 3, 6)]),
    ('héllo', [('he', 0, 2), ('##llo', 2, 5)]),
    ('ṧ\u302e', [('s\u302e', 0, 2)]),
    ('a\U0001d165\u302e.', [('a\U0001d165\u302e', 0, 3), ('.', 3, 4)]),
    (' \u0301a', [('a', 2, 3)]),
    ('中\u0301\u0302国', [('中', 0, 3), ('国', 3, 4)]),
    ('👩\u200d👧!', [('👩👧', 0, 3), ('!', 3, 4)]),
    ('\u200b公\u200b司\u200b', [('公', 1, 2), ('司', 3, 4)]),
    ('he\xadllo', [('he', 0, 2), ('##llo', 3, 6)]),
    ('a\u3000b', [('a', 0, 1), ('b', 2, 3)]),
    ('a\r\nb', [('a', 0, 1), ('b', 3, 4)]),
    ('公😀司', [('公', 0, 1), ('😀', 1, 2), ('司', 2, 3)]),
    ('公🥰\ufe0f司', [('公', 0, 1), ('🥰', 1, 3), ('司', 3, 4)]),
    ('ΟΔΟΣ a', [('οδος', 0, 4), ('a', 5, 6)]),
    ('Ａb', [('ａb', 0, 2)]),
    ('\ud800a', [('\ud800a', 0, 2)]),
    ('', []),
    (' \r\n\u3000\0', []),
]


@pytest.mark.parametrize('text, expected', OFFSETS, ids=[ascii(text) for text, _ in OFFSETS])
def test_offsets_by_hand(text, expected):
    ids, segments, offsets = LOWER.encode_with_offsets(text)
    assert LOWER.tokenize(text)[1:-1] == [token for token, _, _ in expected]
    assert offsets == [(0, 0)] + [(start, end) for _, start, end in expected] + [(0, 0)]
    assert ids == [2] + [TOKENS.get(token, 1) for token, _, _ in expected] + [3]
    assert segments == [0] * len(ids)


@BOTH
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_offsets_are_never_empty_shifted_or_falling(tokenizer, text):
    ids, _, offsets = tokenizer.encode_with_offsets(text)
    assert ids == tokenizer.encode(text)[0]
    assert offsets[0] == offsets[-1] == (0, 0)
    body = offsets[1:-1]
    assert all(0 <= start < end <= len(text) for start, end in body)
    assert all(a <= c and b <= d for (a, b), (c, d) in zip(body, body[1:]))
    # Not shifted: the slice, normalised by itself, contains the token.
    for token, (start, end) in zip(tokenizer.tokenize(text)[1:-1], body):
        own = ''.join(words_by_the_rule(text[start:end], tokenizer._do_lower_case)).replace('ς', 'σ')
        wanted = characters.stem(token).replace('ς', 'σ')
        assert wanted in own or sorted(wanted) == sorted(own)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, maxlen=st.integers(2, 12))
def test_maxlen_cuts_before_the_end_token(text, maxlen):
    ids, segments, offsets = LOWER.encode_with_offsets(text)
    cut = ids[:-1][:maxlen - 1] + [3]
    assert LOWER.encode_with_offsets(text, maxlen) == (cut, [0] * len(cut), offsets[:-1][:maxlen - 1] + [(0, 0)])
    assert LOWER.encode(text, maxlen=maxlen)[0] == cut
    assert LOWER.tokens_to_ids(LOWER.tokenize(text, maxlen)) == cut


def test_a_batch_is_its_texts():
    texts = ['hello中国', 'e\u0301', '', 'ΑΣ', 'is!', '\ud800']
    batch = LOWER.encode_batch_with_offsets(texts, maxlen=4)
    assert batch == [LOWER.encode_with_offsets(text, maxlen=4) for text in texts]
    assert LOWER.encode_batch_with_offsets([]) == []
    assert LOWER.encode_batch_with_offsets(iter(texts), maxlen=4) == batch


def test_without_start_and_end_token():
    tokenizer = Tokenizer(TOKENS, token_start=None, token_end=None)
    assert tokenizer.tokenize('he!') == ['he', '!']
    assert tokenizer.encode_with_offsets('he!', maxlen=1) == ([TOKENS['he']], [0], [(0, 2)])


# Pairs, words given beforehand, translation, matching and joining.

def test_encode_pairs():
    a, b, c = TOKENS['a'], TOKENS['b'], TOKENS['c']
    assert CASED.encode('a b', 'c') == ([2, a, b, 3, c, 3], [0, 0, 0, 0, 1, 1])
    assert CASED.encode('a b', 'c', pattern='S*ES*E') == ([2, a, b, 3, 2, c, 3], [0, 0, 0, 0, 1, 1, 1])
    assert CASED.encode('a b c', 'c', maxlen=6) == ([2, a, b, 3, c, 3], [0, 0, 0, 0, 1, 1])
    assert CASED.encode('a b c', 'c', maxlen=6, truncate_from='left') == ([2, b, c, 3, c, 3], [0, 0, 0, 0, 1, 1])
    assert CASED.encode('a b c', maxlen=4, truncate_from=2) == ([2, a, c, 3], [0, 0, 0, 0])
    given_tokens = ['[CLS]', 'a', 'b', '[SEP]']
    assert CASED.encode(given_tokens, maxlen=3)[0] == [2, a, 3]
    assert given_tokens == ['[CLS]', 'a', 'b', '[SEP]']
    with pytest.raises(ValueError, match='maxlen'):
        CASED.encode('a', maxlen=0)
    with pytest.raises(ValueError, match="truncate_from must be 'right'"):
        CASED.encode('a', maxlen=3, truncate_from='middle')


def test_pre_tokenize_keeps_known_words_whole():
    def pairs(text):
        return [text[i:i + 2] for i in range(0, len(text), 2)]

    tokenizer = Tokenizer(TOKENS, do_lower_case=True, pre_tokenize=pairs)
    text = '中国公Hé\u0301llo각'
    expected = [
        ('中国', 0, 2), ('公', 2, 3), ('h', 3, 4), ('e', 4, 6), ('##l', 6, 7), ('l', 7, 8), ('##o', 8, 9),
        (JAMO[0], 9, 10), ('##' + JAMO[1], 9, 10), (JAMO[2], 9, 10),
    ]
    assert tokenizer.tokenize(text)[1:-1] == [token for token, _, _ in expected]
    assert tokenizer.encode_with_offsets(text)[2][1:-1] == [(start, end) for _, start, end in expected]


def test_pre_tokenize_may_leave_out_but_not_invent_characters():
    tokenizer = Tokenizer(TOKENS, pre_tokenize=lambda text: ['', '公', '司'])
    assert tokenizer.encode_with_offsets('公 x 司')[2][1:-1] == [(0, 1), (4, 5)]
    assert tokenizer.tokenize('无')[1:-1] == ['公', '司']
    with pytest.raises(ValueError, match="pre_tokenize returned '司'"):
        tokenizer.encode_with_offsets('公!')


def test_token_translate():
    tokenizer = Tokenizer(TOKENS, token_translate={'!': '.'})
    assert tokenizer.tokenize('a!') == ['[CLS]', 'a', '.', '[SEP]']
    ids, _, offsets = tokenizer.encode_with_offsets('a!')
    assert ids == tokenizer.encode('a!')[0] == [2, TOKENS['a'], TOKENS['.'], 3]
    assert offsets == [(0, 0), (0, 1), (1, 2), (0, 0)]


@BOTH
@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_rematch_names_characters_within_the_offsets(tokenizer, text):
    tokens = tokenizer.tokenize(text)
    mapping = tokenizer.rematch(text, tokens)
    assert mapping[0] == mapping[-1] == []
    for indices, (start, end) in zip(mapping[1:-1], tokenizer.encode_with_offsets(text)[2][1:-1]):
        assert indices[0] == start and start <= indices[-1] < end
        assert indices == sorted(indices)


def test_rematch_by_hand():
    assert LOWER.rematch('İ公각', LOWER.tokenize('İ公각')) == [[], [0], [1], [2], [2], [2], []]
    with pytest.raises(ValueError, match="item 1, '司'"):
        LOWER.rematch('公', ['公', '司'])


@pytest.mark.parametrize('tokens, text', [
    (['[CLS]', 'he', '##llo', 'is', ',', 'a', '[SEP]'], 'hello is, a'),
    (['公', '司', 'a', 'b', '国'], '公司a b国'),
    (['公', '。', 'a'], '公。a'),
    (['it', "'", 's', 'a'], "it's a"),
    (['3', '.', '5', '-', '1'], '3.5-1'),
    (['##a', '[UNK]'], 'a'),
    ([], ''),
])
def test_decode(tokens, text):
    assert LOWER.decode([], tokens=tokens) == text


def test_decode_ids():
    assert LOWER.decode(LOWER.encode('Hello 公司。is')[0]) == 'hello公司。is'
    with pytest.raises(ValueError, match='no token with id 9999'):
        LOWER.decode([9999])


# Vocabulary files.

def test_load_vocab(tmp_path):
    path = write(tmp_path / 'vocab.txt', '\ufeff[PAD]\r\na 17\r\n\r\n\u2028\n##b\n')
    with pytest.warns(UserWarning, match=r"line 4: '' \(first on line 3\)"):
        assert load_vocab(path) == {'[PAD]': 0, 'a': 1, '': 2, '##b': 4}
    assert load_vocab(write(tmp_path / 'x.txt', 'a\nb\x85c\nd')) == {'a': 0, 'b': 1, 'd': 2}
    (tmp_path / 'gbk.txt').write_bytes('中\n国'.encode('gbk'))
    assert load_vocab(tmp_path / 'gbk.txt', encoding='gbk') == {'中': 0, '国': 1}


def test_a_repeated_token_keeps_its_first_line_and_the_rest_theirs(tmp_path):
    path = write(tmp_path / 'vocab.txt', 'a\nb\na\nc\nd\n')
    with pytest.warns(UserWarning, match=r"vocab.txt: .*line 3: 'a' \(first on line 1\)"):
        vocabulary = load_vocab(path)
    assert vocabulary == {'a': 0, 'b': 1, 'c': 3, 'd': 4}
    assert Tokenizer(vocabulary)._vocab_size == 5
    save_vocab(tmp_path / 'again.txt', vocabulary)
    assert (tmp_path / 'again.txt').read_text(encoding='utf-8') == 'a\nb\n[unused-row-2]\nc\nd\n'
    assert {t: i for t, i in load_vocab(tmp_path / 'again.txt').items() if i != 2} == vocabulary


def test_simplified_vocabulary(tmp_path):
    path = write(tmp_path / 'vocab.txt', '[PAD]\n[UNK]\n[unused1]\na\n##a\n苏\n##苏\n中国\n!\nab\n')
    chosen, kept = load_vocab(path, simplified=True, startswith=['[UNK]', '[PAD]', '[UNK]'])
    assert chosen == {'[UNK]': 0, '[PAD]': 1, 'a': 2, '##a': 3, '苏': 4, '!': 5, 'ab': 6}
    assert kept == [1, 0, 3, 4, 5, 8, 9]
    with pytest.raises(ValueError, match=r"startswith: '\[PDA\]' is not in .*vocab.txt. Did you mean '\[PAD\]'\?"):
        load_vocab(path, simplified=True, startswith=['[PDA]'])


@pytest.mark.parametrize('content, message', [
    (None, 'vocab.txt: no such file'), (b'', 'vocab.txt: the vocabulary is empty'), (b'\n \n', 'vocabulary is empty'),
    (b'a\n\xff\n', 'vocab.txt:2: not utf-8 text'),
])
def test_a_broken_vocabulary_file_is_a_data_error(tmp_path, content, message):
    path = tmp_path / 'vocab.txt'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        Tokenizer(str(path))


def test_other_vocabulary_errors(tmp_path):
    with pytest.raises(DataError, match='got a folder'):
        load_vocab(tmp_path)
    with pytest.raises(ValueError, match="no encoding 'utf-88'"):
        load_vocab(write(tmp_path / 'v.txt', 'a'), encoding='utf-88')


@pytest.mark.parametrize('vocabulary, message', [
    ({'a': 0, 'b': 0}, "'a' and 'b' have one id"), ({'a': -1}, "id of 'a'"), ({'a b': 0}, "'a b' has white space"),
    ({}, 'at least one token'), ({'[unused-row-1]': 0, 'b': 2}, 'is taken'), ({'a': True}, "id of 'a'"),
    ({1: 1}, 'strings'),
])
def test_save_vocab_refuses_what_it_could_not_read_again(tmp_path, vocabulary, message):
    path = tmp_path / 'vocab.txt'
    with pytest.raises(ValueError, match=message):
        save_vocab(path, vocabulary)
    assert not path.exists()


# Errors, copies, imports.

@pytest.mark.parametrize('missing, name', [('[UNK]', 'unk'), ('[CLS]', 'start'), ('[SEP]', 'end'), ('[PAD]', 'pad')])
def test_a_missing_special_token_is_named_when_needed(tmp_path, missing, name):
    path = write(tmp_path / 'vocab.txt', '\n'.join(token for token in VOCABULARY if token != missing))
    tokenizer = Tokenizer(path)
    message = r'vocab.txt lacks .\[%s\]., the %s token' % (missing[1:-1], name)
    assert not hasattr(tokenizer, '_token_%s_id' % name)
    with pytest.raises(ValueError, match=message):
        tokenizer.special_id(name)
    assert tokenizer.special_id('mask') == tokenizer._token_mask_id
    if missing == '[PAD]':
        assert len(tokenizer.encode('hello')[0]) == 4
        return
    for operation in (tokenizer.encode, tokenizer.encode_with_offsets):
        for text in ('😀', '🥰'):  # on the Rust and on the exact path
            with pytest.raises(ValueError, match=message):
                operation(text)
    if missing == '[UNK]':
        assert len(tokenizer.encode_with_offsets('hello')[0]) == 4


@pytest.mark.parametrize('call, message', [
    (lambda: Tokenizer(({}, [])), 'token_dict: expected a path or a dict, got tuple'),
    (lambda: Tokenizer({'a': 'b'}), "id of 'a' must be a whole number"),
    (lambda: Tokenizer(TOKENS, word_maxlen=0), 'word_maxlen'),
    (lambda: CASED.encode_with_offsets(None), 'text: expected a string, got NoneType'),
    (lambda: CASED.tokenize(['a']), 'text: expected a string, got list'),
    (lambda: CASED.encode_batch_with_offsets('ab'), 'texts: expected a list'),
    (lambda: CASED.encode_batch_with_offsets(['a', 1]), 'texts: item 1: expected a string, got int'),
    (lambda: CASED.encode_with_offsets('a', maxlen=1), 'maxlen must leave room'),
    (lambda: CASED.special_id('unknown'), "no special token 'unknown'"),
])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_copies_and_pickles_work_alike():
    tokenizer = Tokenizer(TOKENS, do_lower_case=True)
    expected = tokenizer.encode_with_offsets('hello中国')
    for twin in (copy.copy(tokenizer), copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert twin.encode_with_offsets('hello中国') == expected
        assert twin._token_dict == tokenizer._token_dict


def test_without_the_rust_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tokenizers', None)
    with pytest.raises(ImportError, match='pip install tokenizers'):
        Tokenizer(TOKENS).encode('a')


def test_importing_loads_no_heavy_package():
    code = 'import sys, gplinker_kit.tokenizers as t; t.Tokenizer({"a": 0}); ' \
        'print([m for m in ("tensorflow", "keras", "tokenizers") if m in sys.modules])'
    assert subprocess.check_output([sys.executable, '-c', code]).strip() == b'[]'
