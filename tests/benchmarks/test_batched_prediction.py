"""The benchmark of batched prediction: its rows have variants, its documents keep their events, both sides agree."""

from types import SimpleNamespace

import pytest

from benchmarks import batched_prediction, batched_prediction_ours
from benchmarks.batched_prediction import ROWS, USUAL, make_row, same_labels, same_predictions
from benchmarks.batched_prediction_ours import VARIANTS, close_texts, events, fitting_threshold, joined
from gplinker_kit.events import Thresholds
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.models.sizes import SIZES
from tests.test_distillation import Oracle
from tests.test_resumption import EXAMPLES, SCHEMA

pytestmark = pytest.mark.once
LONG = [joined(EXAMPLES[at:at + 3]) for at in range(0, 18, 3)]


class Model(Oracle):
    """A right model without a network, that stands for one that was trained."""

    model = SimpleNamespace(count_params=lambda: 7)

    def __init__(self, examples):
        super().__init__(SCHEMA, examples, sure=4.0)
        self.model, self.thresholds = Model.model, Thresholds()

    def extractor(self, batch_size):
        return Extractor(self.tokenizer, self.schema, self.predict, max_length=self.settings.max_length,
                         batch_size=batch_size, length_multiple=None)


@pytest.mark.parametrize('name', ROWS)
def test_every_row_has_its_variants(name):
    row = make_row(name, 'small', 10, 'folder')
    assert row.name == name + '_small' and row.options['documents'] == 10 and row.higher
    for side in (row.ours, row.peer) + ((row.before,) if row.before else ()):
        assert side.module == 'benchmarks.batched_prediction_ours' and side.name in VARIANTS
    assert set(USUAL) <= set(ROWS) and set(batched_prediction_ours.RATES) == set(SIZES)


def test_joined_documents_keep_their_events():
    document = LONG[0]
    assert document.text == ''.join(example.text for example in EXAMPLES[:3])
    assert len(document.events) == sum(len(example.events) for example in EXAMPLES[:3])
    for event in document.events:
        for node in event.nodes():
            assert document.text[node.start:node.end] == node.text
    moved = document.events[-1].nodes()[0].start - EXAMPLES[2].events[-1].nodes()[0].start
    assert moved == len(EXAMPLES[0].text) + len(EXAMPLES[1].text)


@pytest.mark.parametrize('way', ['window', 'text'])
@pytest.mark.parametrize('finish, examples', [('evaluate', EXAMPLES), ('submit', EXAMPLES), ('evaluate', LONG)])
def test_both_sides_find_the_same(way, finish, examples, tmp_path, monkeypatch):
    models = [Model(examples), Model(examples)]
    found = iter(models)
    monkeypatch.setattr(batched_prediction_ours, 'trained', lambda options, kind: next(found))
    monkeypatch.setattr(batched_prediction_ours, 'versions', dict)
    options = {'documents': len(examples), 'folder': str(tmp_path), 'quick': False}
    sides = [events(lambda count: examples[:count], how, finish, options) for how in ('all', way)]
    facts = [next(side) for side in sides]
    words = same_predictions(*facts)
    assert words.startswith('0.00 million weights; %d documents, ' % len(examples)) and ' events in ' in words
    assert facts[1]['measured'] == -(-len(examples) // 5) and all(next(side) > 0 for side in sides)
    assert len(models[1].asked) > 2 * len(models[0].asked)
    assert way == 'text' or all(height == 1 for height, _ in models[1].asked[:len(examples)])
    assert (finish == 'submit') == any(path.name.startswith('submission-') for path in tmp_path.iterdir())


def test_texts_close_to_a_threshold():
    model = Model(EXAMPLES[:4])
    texts = [example.text for example in EXAMPLES[:4]]
    assert close_texts(model, texts) == []
    model.sure = 3e-5 / 3
    assert close_texts(model, texts) == [k for k in range(4) if EXAMPLES[k].events] != []


def test_the_threshold_that_finds_as_many_as_there_are():
    model, text = Model(EXAMPLES), [example.text for example in EXAMPLES]
    before = [one.events for one in model.extractor(4).extract(text)]
    threshold = fitting_threshold(model, EXAMPLES)
    assert threshold < 12 and before == [
        one.events for one in Extractor(model.tokenizer, SCHEMA, model.predict, Thresholds(arguments=threshold),
                                        max_length=64, length_multiple=None).extract(text)]


def test_other_labels_are_noticed():
    side = dict(labels=['a', 'b', 'a'], parameters=2e6, documents=3, measured=1, close=[])
    assert same_labels(side, side).endswith('the same labels but in 0 texts whose best two are within 1e-4')
    other = dict(side, labels=['a', 'b', 'b'])
    with pytest.raises(ValueError, match='other labels in 1 of 3 texts'):
        same_labels(side, other)
    assert 'but in 1 texts' in same_labels(side, dict(other, close=[2]))
    with pytest.raises(ValueError, match='other labels in 0 of 3 texts'):
        same_labels(side, dict(side, labels=['a']))


def test_a_quick_run_may_find_nothing():
    side = dict(events=[[]], limits=0, close=[], parameters=2e6, documents=1, measured=1, quick=True)
    assert batched_prediction.same_predictions(side, side).endswith('no events, after so short a training')
    with pytest.raises(ValueError, match='neither side found an event'):
        same_predictions(dict(side, quick=False), side)
