"""The encoder benchmark: its rows have variants on both sides, its operation counts, and its table."""

import pytest

from benchmarks import base_models, common, encoder, encoder_ours
from benchmarks.peers import encoder_bert4keras, encoder_keras_hub, encoder_torch

PEERS = {
    'benchmarks.peers.encoder_bert4keras': encoder_bert4keras, 'benchmarks.peers.encoder_torch': encoder_torch,
    'benchmarks.peers.encoder_keras_hub': encoder_keras_hub,
}  # fmt: skip


@pytest.mark.parametrize('row', encoder.TF1_ROWS + encoder.KERAS3_ROWS, ids=lambda row: row.name)
def test_every_row_has_its_variants(row):
    assert row.ours.name in encoder_ours.VARIANTS and row.ours.python == 'ours'
    if row in encoder.ALONE_ROWS:
        assert row.peer is None and row.goal is None
        return
    assert row.peer.name in PEERS[row.peer.module].VARIANTS and row.peer.python == 'peer'
    assert row.name.startswith(row.ours.name) and row.goal is not None


def test_rows_have_names_of_their_own():
    for rows in (encoder.TF1_ROWS, encoder.KERAS3_ROWS):
        assert len({row.name for row in rows}) == len(rows)


@pytest.mark.parametrize('engine, absent, packages', [
    ('jax', [], {'keras_hub'}),
    ('torch', [], {'keras_hub', 'transformers', 'bert4torch'}),
    ('torch', ['bert4torch'], {'keras_hub', 'transformers'}),
    ('tensorflow', ['keras_hub'], set()),
])
def test_usual_rows_have_every_model_once_or_beside_its_peers(engine, absent, packages):
    rows = encoder.usual_rows(engine, absent)
    found = {package for package in encoder.PEERS for row in rows if row.name.endswith(package)}
    assert found == packages and len({row.name for row in rows}) == len(rows)
    for model in ('bert', 'gau_alpha'):
        beside = {row.peer is None for row in rows if row.ours.name == model + '_train_8x128'}
        assert beside == {'bert4torch' not in packages}


@pytest.mark.parametrize('model, millions', [('roformer_v2', 94.2), ('gau_alpha', 96.5), ('bert', 101.7)])
def test_operations_are_two_a_weight_and_token_and_the_scores(model, millions):
    made = base_models.config(model)
    rows, length = base_models.SHAPES['8x128']
    tables = made['vocab_size'] * 768 + (512 * 768 if model == 'bert' else 0)
    weights = 2 * rows * length * (millions * 1e6 - tables)
    width = 128 + 1536 if model == 'gau_alpha' else 2 * 768
    scores = 2 * rows * length * length * made['num_hidden_layers'] * width
    assert base_models.flops(made, '8x128', 'forward') == pytest.approx(weights + scores, rel=0.005)
    assert base_models.flops(made, '8x128', 'train') == 3 * base_models.flops(made, '8x128', 'forward')


def test_models_of_different_sizes_are_not_compared():
    assert '94.2' in encoder.same_size({'parameters': 94152192}, {'parameters': 94152202})
    with pytest.raises(ValueError, match='ours has 94152192 weights, the peer 101677056'):
        encoder.same_size({'parameters': 94152192}, {'parameters': 101677056})


def test_the_table_shows_share_of_peak_and_memory():
    row = {
        'name': 'x', 'ours': 1.0, 'peer': 2.0, 'unit': 's', 'ratio': 2.0, 'goal': 1.2, 'spread': 0.1, 'met': True,
        'note': '', 'of_peak': 0.5, 'memory': {'ours': 100.0, 'peer': 200.0},
    }  # fmt: skip
    lines = common.table([row, {key: row[key] for key in row if key not in ('of_peak', 'memory')}]).split('\n')
    assert lines[0].endswith('| of peak | MiB, ours | MiB, peer |')
    assert lines[2].endswith('| 50% | 100 | 200 |') and lines[3].endswith('|  |  |  |')
    assert 'of peak' not in common.table([{key: row[key] for key in row if key != 'of_peak'}])
