"""GAU-α against RoFormerV2 by length: sizes and operations of blocks, ratios and crossovers of made measurements."""

import csv

import pytest

from benchmarks import common
from studies import gau_blocks, gau_speed


def test_blocks_are_the_published_ones(monkeypatch):
    # A study measures in processes of their own; in this one the memory of earlier tests is used again.
    monkeypatch.setattr(gau_blocks.memory, 'begin', lambda: 3000)
    monkeypatch.setattr(gau_blocks.memory, 'peak_since', lambda start: start + 7.0)
    facts = {}
    for model in gau_blocks.LAYERS:
        course = gau_blocks.VARIANTS[gau_blocks.variant_name(model, 'forward')]({'length': 4, 'blocks': 1})
        facts[model] = next(course)
        assert next(course) > 0 and facts[model]['memory'] == 3007.0
    table = 100 * 768
    assert facts['roformer_v2']['parameters'] - table == 12 * 768**2
    assert facts['gau_alpha']['parameters'] - table == 2 * (768 * (2 * 1536 + 128) + 1536 * 768 + 2 * 128)
    assert gau_speed.near_size(facts['gau_alpha'], facts['roformer_v2']) == '7351808 weights against 7154688'
    with pytest.raises(ValueError, match='RoFormerV2 100'):
        gau_speed.near_size({'parameters': 105}, {'parameters': 100})


def test_operations():
    """A multiply-add for every weight and token; of maps two products each: 12 heads of 64, or 128 and 1536."""
    for length in (128, 4096):
        block = 2 * length * 12 * 768**2 + 2 * 2 * 12 * length**2 * 64
        units = 2 * (2 * length * (6 * 768**2 + 768 * 128) + 2 * length**2 * (128 + 1536))
        assert gau_blocks.pass_flops('roformer_v2', length) == block
        assert gau_blocks.pass_flops('gau_alpha', length) == units
        assert gau_speed.flops_ratio(length) == pytest.approx(block / units)
    assert gau_speed.flops_ratio(4096) < gau_speed.flops_ratio(128) < 1


def made_rows(lengths=(128, 256, 512, 1024)):
    """n for GAU-α and n²/300 for RoFormerV2, so that they cross at 300; of memory at 600. One run takes an hour."""
    rows = []
    for length in lengths:
        for kind in gau_speed.KINDS:
            pair = (float(length), length**2 / 300.0)
            runs = {side: [value, value * 1.1, value * 0.9, 3600.0, value * 0.95]
                    for side, value in zip(('ours', 'peer'), pair)}
            rows.append({'name': '%s_%d' % (kind, length), 'runs': runs, 'note': '3 weights against 3',
                         'memory': {'ours': float(length), 'peer': length**2 / 600.0}})
    return rows


def test_curves_and_ratio():
    lines = gau_speed.measurements(made_rows())
    assert len(lines) == 4 * 2 * 2 * 5
    found = gau_speed.curves(lines)
    assert found['gau_alpha', 'train', 'seconds'] == {128: 128, 256: 256, 512: 512, 1024: 1024}, 'medians'
    assert gau_speed.ratio(found, 'forward', 'seconds')[512] == pytest.approx(512 / 300)
    assert gau_speed.ratio(found, 'train', 'memory')[1024] == pytest.approx(1024 / 600)
    assert gau_speed.curves(lines, min)['gau_alpha', 'train', 'seconds'][512] == pytest.approx(0.9 * 512)


def test_table():
    lengths = (128, 256, 512, 1024)
    header, rows = gau_speed.table(gau_speed.curves(gau_speed.measurements(made_rows())), lengths)
    assert [row[0] for row in rows] == list(lengths) + ['GAU-α better from'] and len(header) == len(rows[0])
    assert rows[2][1] == '512 : 874, 1.71' and rows[2][3] == '512 : 437, 0.85'
    assert rows[-1][1:] == ['300', '300', '600', '600', 'never']


def test_main(tmp_path, monkeypatch, capsys):
    def measure_all(rows, pythons, quick, report):
        assert [row.name for row in rows] == ['%s_%d' % (kind, length) for length in (128, 256, 512, 1024)
                                              for kind in gau_speed.KINDS]
        assert {row.options['blocks'] for row in rows} == {3}
        report['rows'] = made_rows()
        report['environment']['versions'] = {'ours': {'tensorflow': '1.15.5', 'engine': 'tensorflow'}}

    monkeypatch.setattr(common, 'measure_all', measure_all)
    monkeypatch.setattr(gau_speed, 'KEEPING', {})
    gau_speed.main(['--blocks', '3', '--output', str(tmp_path)])
    assert '| GAU-α better from | 300 | 300 | 600 | 600 | never |' in capsys.readouterr().out
    with open(str(tmp_path / 'speed-tf1.csv')) as stream:
        assert len(list(csv.reader(stream))) == 1 + 4 * 2 * 2 * 5
    assert (tmp_path / 'speed-tf1.png').stat().st_size > 10000
