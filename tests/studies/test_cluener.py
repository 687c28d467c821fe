"""The reader of CLUENER that the studies use: spans, tags and both F1 against tables worked by hand."""

import json

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.tokenizers import Tokenizer
from studies import cluener

TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '张', '三', '任', '甲', '公', '司', '经', '理', 'abc']
TOKENIZER = Tokenizer({token: index for index, token in enumerate(TOKENS)}, do_lower_case=True)
COMPANY, NAME = (cluener.TYPES.index(kind) for kind in ('company', 'name'))


def write(tmp_path, *rows):
    path = tmp_path / 'train.json'
    path.write_text(''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in rows), encoding='utf-8')
    return str(path)


def sentence(text, *entities):
    return cluener.Sentence(text, None, None, None, set(entities))


def test_read(tmp_path):
    label = {'name': {'张三': [[0, 1]]}, 'company': {'甲公司': [[3, 5]], 'A': [[6, 6]]}}
    path = write(tmp_path, {'text': '张三任甲公司ABC', 'label': label}, {'text': '经理', 'label': {}})
    first, second = cluener.read(path, TOKENIZER)
    assert first.ids == [2, 5, 6, 7, 8, 9, 10, 13, 3]
    assert first.entities == {('name', 0, 2), ('company', 3, 6), ('company', 6, 7)}
    assert first.spans == [(COMPANY, 4, 6), (NAME, 1, 2)], 'an entity that ends within a token has no span'
    assert cluener.entities_of(first.spans, first.offsets) == first.entities - {('company', 6, 7)}
    assert second.spans == [] and second.entities == set()
    assert len(cluener.read(path, TOKENIZER, 1)) == 1


@pytest.mark.parametrize('label, words', [
    ({'nane': {'张三': [[0, 1]]}}, "train.json:2: unknown type 'nane'. Did you mean 'name'?"),
    ({'name': {'张三': [[1, 2]]}}, "train.json:2: expected '张三' at characters 1 to 2, got '三任'"),
    (None, "train.json:2: expected 'text', a string, and 'label', an object"),
])  # fmt: skip
def test_a_wrong_file(tmp_path, label, words):
    path = write(tmp_path, {'text': '张三任', 'label': {}}, {'text': '张三任', 'label': label})
    with pytest.raises(DataError) as error:
        cluener.read(path, TOKENIZER)
    assert words in str(error.value)


def test_score_by_hand():
    sentences = [sentence('甲三甲', ('name', 0, 1), ('name', 2, 3)), sentence('张三任', ('name', 0, 2)),
                 sentence('公司', ('company', 0, 2))]
    found = [{('name', 0, 1)}, {('name', 0, 2), ('position', 2, 3)}, {('company', 0, 1)}]
    scores = cluener.score(sentences, found)
    # By place: 2 of 4 given, 2 of 4 wanted. By string: name 2 of 2 and 2 (甲 counts once); company and position none.
    assert (scores.f1, scores.precision, scores.recall) == pytest.approx((50, 50, 50))
    assert scores.macro == pytest.approx(100 * (1 + 0 + 0) / 10)
    assert cluener.score(sentences, [set()] * 3) == (0, 0, 0, 0)


def test_repeats_and_joined():
    two = sentence('张三任甲公司', ('name', 0, 1), ('name', 1, 2), ('company', 3, 6))
    assert cluener.repeats(two) and not cluener.repeats(sentence('张三', ('name', 0, 1), ('company', 1, 2)))
    found = {('name', 0, 1), ('name', 0, 2), ('name', 1, 6), ('company', 0, 6)}
    assert cluener.joined(two, found) == {('name', 0, 2)}, 'from the start of one name to the end of another'


def test_the_real_corpus(shared_data):
    from studies.common import data_path

    tokenizer = Tokenizer(data_path('vocab', 'roformer_v2_char', 'vocab.txt'), do_lower_case=True)
    found = cluener.read(data_path('clue', 'cluener', 'dev.json'), tokenizer, 200)
    for one in found:
        assert cluener.entities_of(one.spans, one.offsets) <= one.entities
    assert sum(len(one.spans) for one in found) > 0.99 * sum(len(one.entities) for one in found)
