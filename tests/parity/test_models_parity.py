"""Our models against bert4keras 0.11.5's: one checkpoint, the same names and numbers, padded batches included.

On TF 1.15 bert4keras runs on both of its Keras flavours.
"""

import os

import numpy as np
import pytest

from gplinker_kit import layers
from gplinker_kit.backend import STACK, Input, Model, keras
from gplinker_kit.models import build_transformer_model
from tests.helpers import run_peer, run_shared_peer
from tests.parity.peers import models_peer as peer

PEER = peer.__file__
TOLERANCE = 2e-5 if STACK == 'keras3' else 1e-5


def agree(ours, theirs):
    """|x - y| <= t·max(1, |y|), and -inf where they have it."""
    assert ours.shape == theirs.shape
    finite = np.isfinite(theirs)
    assert np.array_equal(np.isfinite(ours), finite) and np.all(ours[~finite] == theirs[~finite])
    x, y = ours[finite].astype('float64'), theirs[finite].astype('float64')
    assert len(y) and np.abs(y).max() > 0
    assert np.max(np.abs(x - y) / np.maximum(1, np.abs(y))) <= TOLERANCE


def parts(results, stem):
    """The arrays STEM/0, STEM/1, … of the peer."""
    found = []
    while '%s/%d' % (stem, len(found)) in results:
        found.append(results['%s/%d' % (stem, len(found))])
    return found


def build(case, folder=None):
    model, arguments, _ = peer.CASES[case]
    path = None if folder is None else os.path.join(str(folder), case.replace(' ', '_'))
    arguments = peer.extras(arguments, Input)
    return build_transformer_model(checkpoint_path=path, model=model, return_keras_model=False, **arguments)


@pytest.fixture(scope='module')
def saved():
    """The peer's folder of checkpoints, and what its models computed."""
    return run_shared_peer(PEER, 'save')


@pytest.fixture(scope='module')
def flavours(saved):
    """What the peer computes on each of its Keras flavours; on the second a few cases."""
    if STACK == 'keras3':
        return [saved[1]]
    return [saved[1], run_peer(PEER, 'some', '', tf_keras=True)]


@pytest.fixture(autouse=True)
def fresh_graph():
    yield
    keras.backend.clear_session()


def check(wrapper, flavours, case):
    """Layer names and their order, and the numbers."""
    ours = [layer.name for layer in wrapper.model.layers]
    outputs = wrapper.model.predict(peer.inputs(case))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for theirs in flavours[: 2 if case in peer.FLAVOURED else 1]:
        names = [name for name in theirs[case + '/layers']]
        assert sorted(ours) == sorted(names)
        # Inputs stand wherever a stack puts them.
        assert [name for name in ours if 'Input-' not in name] == [name for name in names if 'Input-' not in name]
        expected = parts(theirs, case + '/output')
        assert len(outputs) == len(expected) > 0
        for mine, reference in zip(outputs, expected):
            agree(mine, reference)


@pytest.mark.parametrize('case', sorted(set(peer.CASES) - set(peer.UNSAVED)))
def test_a_checkpoint_of_bert4keras_gives_its_numbers_under_its_names(saved, flavours, case):
    wrapper = build(case, saved[0])
    report = wrapper.load_report
    assert not report.unused_layers and not report.unused_heads and not report.unused_slots and not report.untouched
    check(wrapper, flavours, case)
    if case in peer.REVERSE:  # Keras's own file of the same weights
        expected = wrapper.model.get_weights()
        wrapper.model.set_weights([0 * weight for weight in expected])
        wrapper.load_weights_from_checkpoint(saved[0] / case.replace(' ', '_') / 'weights.h5', strict=True)
        assert all(np.array_equal(a, b) for a, b in zip(expected, wrapper.model.get_weights()))


@pytest.mark.parametrize('case', peer.UNSAVED)
def test_what_bert4keras_cannot_save_computes_alike_with_its_weights(flavours, case):
    wrapper = build(case)
    wrapper.model.set_weights(parts(flavours[0], case + '/weights'))
    check(wrapper, flavours, case)


@pytest.mark.parametrize('case', sorted(peer.RESIZED))
def test_a_checkpoint_is_resized_as_bert4keras_does(saved, case):
    model, arguments, _ = peer.CASES[case]
    path = os.path.join(str(saved[0]), case.replace(' ', '_'))
    arguments = dict(dict(arguments, autoresize_weights=True), **peer.RESIZED[case])
    wrapper = build_transformer_model(checkpoint_path=path, model=model, return_keras_model=False, **arguments)
    ours, theirs = wrapper.model.get_weights(), parts(saved[1], 'resized ' + case)
    assert len(ours) == len(theirs) > 0 and wrapper.load_report.resized
    for mine, reference in zip(ours, theirs):
        agree(mine, reference)


@pytest.mark.parametrize('name', peer.POINTERS)
@pytest.mark.parametrize('case', [case for case, (_, _, pointers) in sorted(peer.CASES.items()) if pointers])
def test_pointers_on_the_hidden_states_score_alike(saved, case, name):
    folder, theirs = saved
    encoder = build(case, folder).model
    pointer = getattr(layers, name)(**peer.POINTER_ARGUMENTS)
    model = Model(encoder.inputs, pointer(encoder.output))
    pointer.set_weights(parts(theirs, '%s/%s' % (case, name)))
    agree(model.predict(peer.inputs(case)), theirs['%s/%s/scores' % (case, name)])


def test_bert4keras_reads_our_checkpoints_bit_for_bit(tmp_path):
    computed = {}
    for seed, case in enumerate(peer.REVERSE):
        wrapper = build(case)
        rng = np.random.RandomState(seed)
        wrapper.model.set_weights([rng.normal(0, 0.25, w.shape) for w in wrapper.model.get_weights()])
        outputs = wrapper.model.predict(peer.inputs(case))
        weights = {layer.name: layer.get_weights() for layer in wrapper.model.layers if layer.weights}
        computed[case] = outputs if isinstance(outputs, list) else [outputs], weights
        folder = tmp_path / case.replace(' ', '_')
        folder.mkdir()
        wrapper.save_weights_as_checkpoint(str(folder / 'bert_model.ckpt'))
    theirs = run_peer(PEER, 'load', tmp_path)
    for case, (outputs, weights) in computed.items():
        # Their layers come in the same order, and each holds its weights in the order of ours.
        ours = [value for name in theirs[case + '/layers'] for value in weights.get(name, [])]
        loaded = parts(theirs, case + '/weights')
        assert len(ours) == len(loaded) > 0
        assert all(np.array_equal(a, b) for a, b in zip(ours, loaded))
        for mine, reference in zip(outputs, parts(theirs, case + '/output')):
            agree(mine, reference)
