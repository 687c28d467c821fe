"""The study of GlobalPointer: heads learn a few sentences by heart, and what is said of what was found."""

import os

import pytest

from gplinker_kit.recipe import Recipe
from gplinker_kit.tokenizers import Tokenizer
from studies import cluener, global_pointer, head_figures, head_times, span_heads
from tests.corpus import VOCAB


def sentences(tokenizer, texts):
    """Sentences whose entities are: a company before 公司, a name after 李."""
    found = []
    for text in texts:
        ids, _, offsets = tokenizer.encode_with_offsets(text)
        entities = set()
        if '公司' in text:
            entities.add(('company', 0, text.index('公司') + 2))
        if '李' in text:
            entities.add(('name', text.index('李'), text.index('李') + 2))
        found.append(cluener.Sentence(text, ids, offsets, cluener.spans_of(entities, offsets), entities))
    return found


@pytest.mark.parametrize('head', ['Efficient', span_heads.CRF])
def test_heads_learn(head, eagerly):
    tokenizer = Tokenizer(VOCAB, do_lower_case=True)
    texts = '上海公司和李四 北京公司 今天是李四 天天向上 大上海公司 李三今天 北京 四三'
    own = sentences(tokenizer, texts.split())
    assert all(len(one.spans) == len(one.entities) for one in own)
    tagger = span_heads.build(head, tokenizer, 0, dropout=0.0)
    recipe = Recipe(epochs=50, batch_size=8, learning_rate=2e-3, clipnorm=None)
    rows = list(global_pointer.train(tagger, own, own, recipe, 4))
    assert [row[0] for row in rows] == [12, 25, 37, 50]
    assert rows[-1][1] < 0.2 * rows[0][1] and rows[-1][2] > 90


def test_judge():
    def one(text, *entities):
        return cluener.Sentence(text, None, None, None, set(entities))

    dev = [one('张三李四', ('name', 0, 2), ('name', 2, 4)), one('甲公司', ('company', 0, 3))]
    f1, precision, recall, macro, repeated, joined = global_pointer.judge(dev, [{('name', 0, 4)}, {('company', 0, 3)}])
    assert (f1, precision, recall) == pytest.approx((100 * 2 / 5, 50, 100 / 3))
    assert (macro, repeated, joined) == pytest.approx((10, 0, 100 / 3))


def test_ceilings():
    offsets = [(0, 0)] + [(place, place + 1) for place in range(6)] + [(0, 0)]
    entities = {('name', 0, 2), ('company', 0, 4)}
    overlapping = cluener.Sentence('甲乙丙丁戊己', [0] * 8, offsets, cluener.spans_of(entities, offsets), entities)
    assert global_pointer.ceilings([overlapping]) == pytest.approx((100, 100 * 2 / 3)), 'tags hold one of the two'


def test_report(tmp_path, capsys):
    rows = [(head, warm, seed, epoch, 1.0) + (10.0 * epoch + seed,) * 6 for head in span_heads.HEADS
            for warm in (0, 3) for seed in (0, 1) for epoch in (1, 2)]
    global_pointer.report_f1(rows, 3, str(tmp_path))
    assert '| CRF | 20.50 ± 0.71 |' in capsys.readouterr().out
    times = [(head, what, '', 0, 1.0) for what in (head_times.NETWORK, head_times.DECODING)
             for head in span_heads.HEADS]
    times += [(head, head_times.STEP, width, number, 0.001 * width) for width in (48, 64) for number in (0, 1)
              for head in span_heads.HEADS + (span_heads.DENSE, span_heads.PLAIN)]
    global_pointer.report_times(times, 'torch', str(tmp_path))
    assert '| CRF | 48.0 | 64.0 | 1.00 | 1.00 |' in capsys.readouterr().out
    parameters = [(head, 3000, 3000, 50000) for head in span_heads.HEADS]
    head_figures.draw_weights(parameters, 128, str(tmp_path))
    head_figures.draw_times(times, 'torch', str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ['f1.png', 'times-torch.csv', 'times-torch.png', 'weights.png']
