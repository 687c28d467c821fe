"""Runs the sequence layers and decoders of bert4keras 0.11.5: `python sequences_peer.py CASES.json ARRAYS.npz OUT.npz`.

ARRAYS holds `scores` (b, n, k) with -inf where padded, `tags` (b, n), the weights `NAME/weight/i` of the layers of
CASES['layers'] ({name: [class, config]}), and for the decoders `nodes`, `trans`, `table`, `texts`. OUT holds of each
layer the losses and accuracies for sparse and dense targets, and the gradients of the losses for the scores and the
weights; and, unless CASES['decoders'] is false, the paths of Viterbi, the beams, and samples drawn with a seed.
"""

import sys

import numpy as np
import tensorflow as tf
from bert4keras import __version__, layers
from bert4keras.backend import K
from bert4keras.snippets import AutoRegressiveDecoder, ViterbiDecoder

from tests.conftest import silence
from tests.parity.given import read_given
from tests.sequence_oracles import run_decoders


def run_layer(name, cls, config, arrays):
    """{result: array} of one layer."""
    k = arrays['scores'].shape[-1]
    layer = getattr(layers, cls)(**config)
    layer.build((None, None, k))
    count = len([key for key in arrays if key.startswith(name + '/weight/')])
    layer.set_weights([arrays['%s/weight/%d' % (name, i)] for i in range(count)])
    scores = K.constant(arrays['scores'])
    kinds = {'sparse': K.constant(arrays['tags'][..., None]), 'dense': K.constant(np.eye(k)[arrays['tags']])}
    results = {}
    for kind, target in kinds.items():
        loss = getattr(layer, kind + '_loss')(target, scores)
        results[kind + '/loss'] = loss
        results[kind + '/accuracy'] = getattr(layer, kind + '_accuracy')(target, scores)
        by_scores, *by_weights = K.gradients(K.sum(loss), [scores] + layer.trainable_weights)
        results[kind + '/by_scores'] = by_scores
        results.update(('%s/by_weights/%d' % (kind, i), tf.convert_to_tensor(g)) for i, g in enumerate(by_weights))
    return {'%s/%s' % (name, key): K.eval(tensor) for key, tensor in results.items()}


def main():
    cases, arrays = read_given(__version__, *sys.argv[1:3])
    results = run_decoders(ViterbiDecoder, AutoRegressiveDecoder, arrays) if cases['decoders'] else {}
    for name, (cls, config) in cases['layers'].items():
        results.update(run_layer(name, cls, config, arrays))
    np.savez(sys.argv[3], **results)


if __name__ == '__main__':
    with silence():
        main()
