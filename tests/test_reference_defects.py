"""Defects 10, 20 and 21 of the published GPLinker scripts where a model is needed; tests/events has the others."""

import os

import numpy as np

from gplinker_kit import losses
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.model_folder import current_version, new_version, versions
from tests.corpus import sentences, tiny_gplinker
from tests.losses.runs import value_and_gradient


def test_defect_10_a_gold_on_a_masked_cell_leaves_loss_and_gradient_finite():
    # the cell of an empty argument: it ends before it starts
    packed = np.random.RandomState(0).normal(size=(1, 6, 6 + 2 * 3)).astype('float32')
    golds = np.array([[[0, 1, 2], [2, 4, 3]]], 'int32')
    loss = losses.factorised_pointer_crossentropy(3)
    found = value_and_gradient(loss, golds, packed)
    expected = value_and_gradient(loss, golds[:, :1], packed)
    assert all(np.isfinite(part).all() for part in found)
    for part, other in zip(found, expected):
        np.testing.assert_allclose(part, other, rtol=1e-6)


def test_defect_20_the_folder_has_all_that_the_model_needs(tmp_path):
    schema, examples = sentences(2)
    gplinker = tiny_gplinker(schema)
    folder = str(tmp_path / 'model')
    gplinker.save(folder)
    os.rename(folder, folder + '-moved')
    loaded = GPLinker.load(folder + '-moved')
    assert (loaded.settings, loaded.thresholds) == (gplinker.settings, gplinker.thresholds)
    assert loaded.schema.to_lines() == schema.to_lines()
    batches = [one.tokenizer.encode_batch_with_offsets([examples[0].text]) for one in (gplinker, loaded)]
    assert batches[0] == batches[1]
    ids, segments = (np.array([part], 'int32') for part in batches[0][0][:2])
    for part, other in zip(gplinker.predict(ids, segments), loaded.predict(ids, segments)):
        np.testing.assert_allclose(part, other, rtol=1e-5, atol=1e-5)


def test_defect_21_the_best_epochs_stay_beside_the_last_one(tmp_path):
    # which epoch is best, and what a tie means, is in tests/test_training.py
    folder = str(tmp_path)
    for pointers in (('current', 'best-argument'), ('current', 'best-event'), ('current',), ('current',), ('current',)):
        with new_version(folder, pointers=pointers) as draft:
            open(os.path.join(draft, 'weights'), 'w').close()
    found = [os.path.basename(current_version(folder, which)) for which in ('best-argument', 'best-event', 'current')]
    assert found == ['1', '2', '5'] and set(versions(folder)) >= {1, 2, 5}
