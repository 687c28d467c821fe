"""The study of quality: what it measures does not depend on what was measured before, and its table shows every run."""

import csv

import pytest

from gplinker_kit.events import Thresholds
from gplinker_kit.files import write_json
from studies import gplinker_quality as quality
from tests.corpus import sentences, tiny_gplinker


def make_shy(gplinker):
    """Lowers all scores of an untrained model: it would find an event in every other cell, which takes long to tune."""
    for name in ('Argument', 'Head-Link', 'Tail-Link'):
        layer = gplinker.model.get_layer(name + '-Pointer')
        layer.set_weights(layer.get_weights()[:-1] + [layer.get_weights()[-1] - 1.2])


def test_measuring_leaves_no_trace_in_the_next_measure():
    schema, examples = sentences(2)
    gplinker = tiny_gplinker(schema)
    make_shy(gplinker)
    gplinker.thresholds = Thresholds(9.0, 9.0, 9.0)
    first = quality.measure(gplinker, examples)
    assert quality.measure(gplinker, examples) == first
    assert sorted(first) == sorted(quality.SCORES) and first['official'] > 0
    gplinker.thresholds = Thresholds()
    assert first['official'] == pytest.approx(100 * quality_at_zero(gplinker, examples))


def quality_at_zero(gplinker, examples):
    from gplinker_kit.training import evaluate

    return evaluate(gplinker, examples).official.f1


def test_a_run_with_every_change_trains_and_measures_twice(monkeypatch, eagerly):
    schema, examples = sentences(4)
    tokenizer = tiny_gplinker(schema).tokenizer
    values = dict(quality.BASE, sentences=4, epochs=1, batch_size=2, hidden=0.3, exchanged=0.5, by_label=True,
                  typed_links=True, head_size=8, warm_start=1)
    scores = dict.fromkeys(quality.SCORES, 1.0)
    monkeypatch.setattr(quality, 'measure', lambda gplinker, dev: scores)
    found = quality.run(values, 0, (schema, examples, examples, tokenizer), averaged=True)
    assert found['last'] == found['average'] == scores
    assert len(found['losses']) == len(found['warm losses']) == 1 and found['losses'][0] > 0


def test_the_table_shows_all_runs(tmp_path, capsys):
    pytest.importorskip('matplotlib')
    for name, seed, f1 in (('base', 0, 50.0), ('base', 1, 52.0), ('dropout 0.2', 1, 49.5),
                           ('16 epochs', 1, 60.0), ('16 epochs and exchange 0.3', 1, 61.0)):
        scores = dict.fromkeys(quality.SCORES, f1)
        write_json(str(tmp_path / quality.file_name(name, seed)),
                   {'last': scores, 'average': dict(scores, **{'tuned event': f1 + 1}), 'train seconds': 60.0})
    quality.report(quality.runs_in(str(tmp_path)), str(tmp_path))
    shown = capsys.readouterr().out
    assert '| base | 2 | 51.00 ± 1.41 |' in shown and '| dropout 0.2 | 1 | 49.50 |' in shown
    assert 'dropout 0.2, seed 1, against the base of that seed: tuned argument -2.50' in shown
    assert 'exchange 0.3, seed 1, against the 16 epochs of that seed: tuned argument +1.00' in shown
    with open(str(tmp_path / 'quality.csv'), newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert [(row['change'], row['seed'], row['argument'], row['tuned event']) for row in rows] == [
        ('base', '0', '50.0', '50.0'), ('base', '1', '52.0', '52.0'), (quality.AVERAGED, '0', '', '51.0'),
        (quality.AVERAGED, '1', '', '53.0'), ('dropout 0.2', '1', '49.5', '49.5'),
        ('16 epochs', '1', '60.0', '60.0'), ('16 epochs and exchange 0.3', '1', '61.0', '61.0')]
    assert (tmp_path / 'quality.png').stat().st_size > 5000
