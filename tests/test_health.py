"""What is said when a training goes wrong."""

import os
import re

import numpy as np
import pytest

from gplinker_kit.events.alignment import AlignmentReport
from gplinker_kit.health import LossWatch, NotFinite, batch_faults, zero_scores

TOKENS = np.array([[1, 5, 6, 2], [1, 7, 2, 0]], 'int32')
INPUTS = [TOKENS, np.zeros_like(TOKENS)]
TARGETS = [np.array([[[0, 1, 2], [-1, -1, -1]], [[2, 1, 1], [-1, -1, -1]]], 'int32')] + [
    np.full((2, 1, 3), -1, 'int32') for _ in range(2)]
LABELS = (3, 1, 1)


def watch(folder=None):
    return LossWatch(folder, LABELS, 10, lambda step: 0.25 * step)


def test_a_sound_batch_has_no_faults():
    assert batch_faults(INPUTS, TARGETS, LABELS, 10) == []


@pytest.mark.parametrize('gold, message', [
    ([3, 1, 1], r'text 1 \(3 tokens\) has a gold of the arguments on an invalid cell: label 3 of 3, 1 to 1'),
    ([0, 2, 1], 'label 0 of 3, 2 to 1'),
    ([0, 1, 3], 'label 0 of 3, 1 to 3'),
])
def test_golds_on_invalid_cells(gold, message):
    targets = [TARGETS[0].copy()] + TARGETS[1:]
    targets[0][1, 1] = gold
    fault, = batch_faults(INPUTS, targets, LABELS, 10)
    assert re.search(message, fault), fault
    with pytest.raises(NotFinite, match='its batch is faulty: .*' + message):
        watch().look(float('nan'), INPUTS, targets, 'epoch 1/2, batch 3')


def test_targets_with_more_behind_the_cells():
    """Those of a student: a header of -1, golds, and the teacher's scores."""
    soft = [np.concatenate([cells, np.full((2, len(cells[0]), 2), 0.5)], -1).astype('float32') for cells in TARGETS]
    assert batch_faults(INPUTS, soft, LABELS, 10) == []
    soft[0][1, 1, :3] = 3, 1, 1
    fault, = batch_faults(INPUTS, soft, LABELS, 10)
    assert fault.endswith('on an invalid cell: label 3 of 3, 1 to 1')


def test_golds_below_the_diagonal():
    targets = [TARGETS[0], np.array([[[0, 2, 1]], [[0, 2, 0]]], 'int32'), np.array([[[-1] * 3], [[0, 3, 1]]], 'int32')]
    assert len(batch_faults(INPUTS, targets, LABELS, 10)) == 3
    fault, = batch_faults(INPUTS, targets, LABELS, 10, unordered=('heads', 'tails'))
    assert 'text 1 (3 tokens) has a gold of the tails on an invalid cell: label 0 of 1, 3 to 1' in fault


def test_tokens_beyond_the_vocabulary():
    fault, = batch_faults(INPUTS, TARGETS, LABELS, 7)
    assert fault == 'text 1 has the token 7 at place 1, and the vocabulary 7 tokens'


def test_a_bad_loss_saves_its_batch_and_names_the_cause(tmp_path):
    found = watch(str(tmp_path))
    for loss in (1.0, 0.5, 4.0):
        found.look(loss, [TOKENS + 1, INPUTS[1]], TARGETS, 'somewhere')
    with pytest.raises(NotFinite, match=r'the loss became inf in epoch 1/2, batch 4: the losses before it had been '
                                        r'rising \(1, 0.5, 4\): lower the learning rate, 1 here. The last '):
        found.look(float('inf'), INPUTS, TARGETS, 'epoch 1/2, batch 4')
    with np.load(str(tmp_path / 'bad_batch.npz')) as saved:
        np.testing.assert_array_equal(saved['token_ids'], TOKENS)
        np.testing.assert_array_equal(saved['before_token_ids'], TOKENS + 1)
        np.testing.assert_array_equal(saved['arguments'], TARGETS[0])
    assert os.listdir(str(tmp_path)) == ['bad_batch.npz']


def test_targets_of_other_names(tmp_path):
    found = LossWatch(str(tmp_path), (), 10, lambda step: 0.25, heads=('labels',))
    with pytest.raises(NotFinite, match='it is the first one'):
        found.look(float('nan'), INPUTS, [np.array([[7], [8]])], 'somewhere')
    with np.load(str(tmp_path / 'bad_batch.npz')) as saved:
        np.testing.assert_array_equal(saved['labels'], [[7], [8]])
        assert 'arguments' not in saved


def test_other_causes():
    with pytest.raises(NotFinite, match='it is the first one'):
        watch().look(float('nan'), INPUTS, TARGETS, 'epoch 1/2, batch 1')
    found = watch()
    found.look(1.0, INPUTS, TARGETS, '')
    with pytest.raises(NotFinite, match='its batch is sound, so the gradient of the batch before'):
        found.look(float('nan'), INPUTS, TARGETS, '')
    assert 'whose loss was 1: its gradient was none' in str(found.bad_gradient('epoch 1/2, batch 1'))


def entries(*scores):
    return [{'epoch': k, 'loss': 2.0 / k, 'dev': {'strict': {'argument': {'f1': f1}}}}
            for k, f1 in enumerate(scores, 1)]


def test_an_f1_that_stays_at_zero_is_explained_once():
    report = AlignmentReport(kept=6, absent=4)
    assert zero_scores(entries(0, 0), {}, report, None) == []
    assert zero_scores(entries(0, 0, 0.1), {}, report, None) == []
    assert zero_scores(entries(0, 0, 0, 0), {}, report, None) == []
    lines = zero_scores(entries(0, 0, 0), {}, report, None)
    assert lines[0] == 'argument F1 on the dev sentences is still 0 after 3 epochs (losses: 2, 1, 0.6667):'
    assert 'nothing at all' in lines[1] and '4 absent' in lines[2] and 'a tenth of the gold is lost' in lines[3]
    assert lines[4] == '  pretrained weights: none, the encoder began from random ones'
    lines = zero_scores(entries(0, 0, 0), {'交往 / 人': 5, '交往 / 地': 1}, AlignmentReport(kept=3), '12 arrays loaded')
    assert lines[1] == '  predicted: 6 arguments, all wrong, most often 5 x 交往 / 人, 1 x 交往 / 地'
    assert len(lines) == 4 and lines[3] == '  pretrained weights: 12 arrays loaded'
