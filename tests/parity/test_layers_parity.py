"""Our layers against bert4keras 0.11.5's on TF 1.15: the same weights in the same order, the same padded batches."""

import json
import os

import numpy as np
import pytest

from tests import oracles
from tests.helpers import ROOT, run_peer
from tests.layers.harness import BATCHES, Case
from tests.layers.wiring import Plain, Sequence, Wiring, assert_close, padded_ids, predict, random_weights

PEER = os.path.join(ROOT, 'tests', 'parity', 'peers', 'layers_peer.py')
E, H, D = 6, 2, 4
TABLE = Plain(lambda b, n, rng: np.repeat(oracles.sinusoidal(np.arange(n), D)[None], b, 0), (None, D), 'float32')
STRUCTURE = Plain(lambda b, n, rng: np.tril(np.ones((b, n, n), bool)), (None, None), 'bool')
HEAD_BIAS = Plain(lambda b, n, rng: rng.normal(size=(b, H, n, n)), (H, None, None), 'float32')
SCORES = Plain(lambda b, n, rng: rng.normal(size=(b, n, n)), (None, None), 'float32')
IDS = Plain(lambda b, n, rng: padded_ids(b, n, rng), (None,), 'int32')
POSITIONS = Plain(lambda b, n, rng: rng.uniform(0, 30, (b, n)), (None,), 'float32')
PLACES = Plain(lambda b, n, rng: rng.randint(0, 9, (b, n)).astype('int32'), (None,), 'int32')
BOTH = {'a_bias': True, 'p_bias': 'rotary'}


def case(name, config, sources, **options):
    return Case(name, config, sources, None, **options)


def attention(sources, call=None, **config):
    config = dict({'heads': H, 'head_size': 3, 'key_size': D, 'out_dim': 5}, **config)
    return case('MultiHeadAttention', config, [Sequence(E), Sequence(7), Sequence(E)] + sources, call=call)


def gau(sources, call=None, **config):
    config = dict({'units': 5, 'key_size': D}, **config)
    return case('GatedAttentionUnit', config, [Sequence(E)] + sources, call=call, scale=2.0)


CASES = {
    'attention, rotary, bool mask': attention([STRUCTURE, TABLE], BOTH),
    'attention, rotary': attention([TABLE], {'p_bias': 'rotary'}, use_bias=False, attention_scale=False),
    'attention, float bias': attention([HEAD_BIAS], {'a_bias': True}),
    'attention, softmax_plus, mask': attention([STRUCTURE], {'a_bias': True}, normalization='softmax_plus'),
    'attention, squared_relu': attention([], normalization='squared_relu'),
    'gau, squared_relu': gau([SCORES, TABLE], BOTH),
    'gau, squared_relu, mask': gau([STRUCTURE, TABLE], BOTH),
    'gau, softmax_plus': gau([TABLE], {'p_bias': 'rotary'}, normalization='softmax_plus', use_bias=False),
    'gau, softmax': gau([STRUCTURE], {'a_bias': True}, normalization='softmax', activation='relu'),
    'feed-forward, gelu': case('FeedForward', {'units': 5, 'activation': 'gelu'}, [Sequence(E)]),
    'feed-forward, gated': case(
        'FeedForward', {'units': 5, 'activation': ['swish', 'linear'], 'use_bias': False}, [Sequence(E)]),
    'norm': case('LayerNormalization', {'epsilon': 1e-12}, [Sequence(E)]),
    'norm, rms': case('LayerNormalization', {'zero_mean': False, 'scale': False, 'offset': False}, [Sequence(E)]),
    'scale and offset': case('ScaleOffset', {}, [Sequence(E)]),
    'pointer': case('GlobalPointer', {'heads': H, 'head_size': D}, [Sequence(E)]),
    'pointer, whole square': case(
        'GlobalPointer', {'heads': H, 'head_size': D, 'RoPE': False, 'tril_mask': False}, [Sequence(E)]),
    'efficient pointer': case('EfficientGlobalPointer', {'heads': H, 'head_size': D}, [Sequence(E)]),
    'efficient pointer, bare': case(
        'EfficientGlobalPointer', {'heads': 3, 'head_size': D, 'RoPE': False, 'use_bias': False}, [Sequence(E)]),
    'embedding': case('Embedding', {'input_dim': 11, 'output_dim': 3, 'mask_zero': True}, [IDS]),
    'embedding, tied output': case(
        'Embedding', {'input_dim': 11, 'output_dim': E}, [Sequence(E)], call={'mode': 'dense'}),
    'sinusoidal': case('SinusoidalPositionEmbedding', {'output_dim': E}, [Sequence(E)]),
    'sinusoidal, concatenated': case(
        'SinusoidalPositionEmbedding', {'output_dim': D, 'merge_mode': 'concat', 'custom_position_ids': True},
        [Sequence(E), POSITIONS]),
    'positions, mul': case('PositionEmbedding', {'input_dim': 9, 'output_dim': E, 'merge_mode': 'mul'}, [Sequence(E)]),
    'positions, custom': case(
        'PositionEmbedding', {'input_dim': 9, 'output_dim': E, 'custom_position_ids': True}, [Sequence(E), PLACES]),
}  # fmt: skip


def compute_ours(case, rng):
    """Returns (prediction, feeds, tables, weights)."""
    wiring = Wiring(case, rng)
    layer = case.make()
    model = wiring.model(layer(wiring.tensors, **case.call))
    weights = random_weights(layer, rng, case.scale)
    feeds = [feed.astype('float32') if feed.dtype == 'float64' else feed for feed in wiring.draw(*BATCHES[0])[0]]
    return predict(model, feeds)[0], feeds, wiring.tables, weights


@pytest.fixture(scope='module')
def both(tmp_path_factory):
    """Returns {name: (ours, theirs)}; the peer runs once for all cases."""
    rng = np.random.RandomState(5)
    ours, arrays, specs = {}, {}, []
    for i, (name, each) in enumerate(CASES.items()):
        ours[name], feeds, tables, weights = compute_ours(each, rng)
        for kind, values in (('feed', feeds), ('table', tables), ('weight', weights)):
            arrays.update({'%d/%s/%d' % (i, kind, j): v for j, v in enumerate(values) if v is not None})
        sources = [vars(source) for source in each.sources]
        specs.append({
            'layer': each.cls.__name__, 'config': each.config, 'call': each.call,
            'sources': [{key: s[key] for key in ('width', 'shape', 'dtype') if key in s} for s in sources],
        })  # fmt: skip
    folder = tmp_path_factory.mktemp('layers')
    (folder / 'cases.json').write_text(json.dumps(specs), encoding='utf-8')
    np.savez(str(folder / 'arrays.npz'), **arrays)
    theirs = run_peer(PEER, folder / 'cases.json', folder / 'arrays.npz')
    return {name: (ours[name], theirs[str(i)]) for i, name in enumerate(CASES)}


@pytest.mark.parametrize('name', CASES)
def test_layer(name, both):
    ours, theirs = both[name]
    assert np.isfinite(theirs).any() and not np.isnan(theirs).any() and np.ptp(theirs[np.isfinite(theirs)]) > 0.1
    assert_close(ours, theirs.astype('float64'))
