"""The sequence layers and decoders against bert4keras 0.11.5's on TF 1.15, with Keras 2.3.1 and with tf.keras."""

import json
import os

import numpy as np
import pytest

from gplinker_kit import layers as ours
from gplinker_kit.backend import ops
from gplinker_kit.snippets import AutoRegressiveDecoder, ViterbiDecoder
from tests import sequence_oracles as oracles
from tests.helpers import ROOT, STACK, compute_all, gradients_all, run_peer

PEER = os.path.join(ROOT, 'tests', 'parity', 'peers', 'sequences_peer.py')
B, N, K, V = 5, 7, 4, 9
LAYERS = {
    'crf': ['ConditionalRandomField', {}],
    'crf, faster': ['ConditionalRandomField', {'lr_multiplier': 10}],
    'memm': ['MaximumEntropyMarkovModel', {}],
    'memm, factors': ['MaximumEntropyMarkovModel', {'lr_multiplier': 3, 'hidden_dim': 2}],
}


@pytest.fixture(scope='module')
def arrays():
    rng = np.random.RandomState(11)
    lengths = np.array([7, 4, 1, 6, 2])
    scores = 2 * rng.normal(size=(B, N, K))
    scores[np.arange(N) >= lengths[:, None]] = -np.inf
    made = {
        'scores': scores, 'nodes': rng.normal(size=(6, 8, K)), 'trans': rng.normal(size=(K, K)),
        'table': 2 * rng.normal(size=(V, V, V)),
    }  # fmt: skip
    made = {name: array.astype('float32') for name, array in made.items()}
    made.update(tags=rng.randint(0, K, (B, N)), texts=rng.randint(0, V, (8, 5)))
    for name, (cls, config) in LAYERS.items():
        layer = getattr(ours, cls)(**config)
        layer.build((None, None, K))
        for i, weight in enumerate(layer.get_weights()):
            made['%s/weight/%d' % (name, i)] = rng.normal(size=weight.shape).astype('float32')
    return made


def run_theirs(arrays, folder, **options):
    tf_keras, names = options.pop('tf_keras', False), options.pop('names')
    cases = dict(options, layers={name: LAYERS[name] for name in names})
    (folder / 'cases.json').write_text(json.dumps(cases), encoding='utf-8')
    np.savez(str(folder / 'arrays.npz'), **arrays)
    return run_peer(PEER, folder / 'cases.json', folder / 'arrays.npz', tf_keras=tf_keras)


@pytest.fixture(scope='module')
def theirs(arrays, tmp_path_factory):
    return run_theirs(arrays, tmp_path_factory.mktemp('sequences'), names=list(LAYERS), decoders=True)


def calls_of(name, arrays):
    """({result: (function, arrays)} of values, the same of losses as functions of scores and weights)."""
    cls, config = LAYERS[name]
    layer = getattr(ours, cls)(**config)
    layer.build((None, None, K))
    attributes = ['_trans'] if config.get('hidden_dim') is None else ['_l_trans', '_r_trans']
    weights = [arrays['%s/weight/%d' % (name, i)] for i in range(len(attributes))]
    layer.set_weights(weights)
    values, losses = {}, {}
    # Padding is marked with tags that do not exist; bert4keras needs some that do.
    sparse = np.where(np.isfinite(arrays['scores']).all(-1), arrays['tags'], -1)
    for kind, target in (('sparse', sparse), ('dense', np.eye(K, dtype='float32')[arrays['tags']])):

        def loss(scores, *weights, kind=kind, target=target):
            fresh = getattr(ours, cls)(**config)
            fresh.build((None, None, K))
            for attribute, weight in zip(attributes, weights):
                setattr(fresh, attribute, weight)
            return getattr(fresh, kind + '_loss')(ops.convert_to_tensor(target), scores)

        for what in ('loss', 'accuracy'):
            values['%s/%s' % (kind, what)] = getattr(layer, '%s_%s' % (kind, what)), [target, arrays['scores']]
        losses[kind] = loss, [arrays['scores']] + weights
    return values, losses


@pytest.fixture(scope='module')
def computed(arrays):
    """{layer: {result: array}} of ours, all in one run."""
    values, losses = {}, {}
    for name in LAYERS:
        values[name], losses[name] = calls_of(name, arrays)
    found = {(name, key): call for name in LAYERS for key, call in values[name].items()}
    found = dict(zip(found, compute_all(list(found.values()))))
    pairs = {(name, kind): call for name in LAYERS for kind, call in losses[name].items()}
    for (name, kind), (by_scores, *by_weights) in zip(pairs, gradients_all(list(pairs.values()))):
        found[name, kind + '/by_scores'] = by_scores
        found.update(((name, '%s/by_weights/%d' % (kind, i)), g) for i, g in enumerate(by_weights))
    return found


def compare(computed, theirs, name):
    keys = [key for layer, key in computed if layer == name]
    assert sorted(keys) == sorted(key[len(name) + 1:] for key in theirs if key.startswith(name + '/'))
    for key in keys:
        expected = theirs['%s/%s' % (name, key)]
        assert np.isfinite(expected).all() and (np.abs(expected) > 1e-3).any(), key
        np.testing.assert_allclose(computed[name, key], expected, rtol=1e-4, atol=1e-5, err_msg=key)


@pytest.mark.parametrize('name', LAYERS)
def test_losses_accuracies_and_gradients(name, computed, theirs):
    compare(computed, theirs, name)


def test_the_same_with_tf_keras(computed, arrays, tmp_path):
    names = ['crf, faster', 'memm, factors']
    theirs = run_theirs(arrays, tmp_path, names=names, decoders=False, tf_keras=True)
    for name in names:
        compare(computed, theirs, name)


def test_decoders_give_the_same_ids(arrays, theirs):
    """Viterbi, beam search, and samples: draw by draw, except that numpy 2 orders what it partitions otherwise."""
    found = oracles.run_decoders(ViterbiDecoder, AutoRegressiveDecoder, arrays)
    assert len(found) == 9
    for name, ids in found.items():
        if name in ('sample/1', 'sample/3') and STACK == 'keras3':
            continue  # with topk
        assert len(np.unique(ids, axis=0)) > 3, name
        np.testing.assert_array_equal(ids, theirs[name], err_msg=name)
