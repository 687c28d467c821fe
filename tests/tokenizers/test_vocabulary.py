"""Vocabulary files, read and written."""

import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.tokenizers import Tokenizer, load_vocab, save_vocab
from tests.tokenizers.shared import PICKED, write


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


@settings(max_examples=50, deadline=None, derandomize=True)
@given(tokens=st.lists(st.lists(PICKED | st.characters(), min_size=1, max_size=2).map(''.join), max_size=9,
                       unique=True))
def test_what_is_saved_is_read_again_or_refused(tokens):
    vocabulary = {token: index for index, token in enumerate(tokens)}
    with tempfile.TemporaryDirectory() as folder:
        try:
            save_vocab(folder + '/vocab.txt', vocabulary)
        except ValueError as error:
            assert not tokens or any(token.split(None, 1) != [token] or any(
                '\ud800' <= character <= '\udfff' for character in token) for token in tokens), error
            return
        assert load_vocab(folder + '/vocab.txt') == vocabulary
