"""CMRC2018: answers that are spans of a passage, from files to submit.zip, to be read from top to bottom.

A long passage is cut into windows, [CLS] question [SEP] window [SEP]. GlobalPointer scores each span of a window; the
softmax runs over all of them and the cell (0, 0): no answer here. Runs on TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/clue_cmrc2018.py --data cmrc2018 --vocab vocab.txt --max-length 256             # from scratch
    python examples/clue_cmrc2018.py --data cmrc2018 --pretrained chinese_roformer-v2-char_L-12_H-768_A-12
"""

import numpy as np
from clue_common import begin, fit, judge_and_hand_in, parse, predict

from gplinker_kit.backend import Model
from gplinker_kit.clue import answer_features, best_answers, find_task, pad_rows, read_split, read_window, score
from gplinker_kit.events import pad_targets
from gplinker_kit.layers import GlobalPointer
from gplinker_kit.tasks.losses import answer_crossentropy

options, task = parse(__doc__), find_task('cmrc2018')
tokenizer, encoder, recipe, longest = begin(options, task)

# === Data ===
# One row a window; its golds are the references that it holds whole, or (0, 0).

train, dev = read_split(task, options.data, 'train'), read_split(task, options.data, 'dev')
windows, report = answer_features(train, tokenizer, longest)
print(report.describe('answers'))


def make(members, width):
    """Token ids; where the window's context stands, and its golds."""
    some = [windows[place] for place in members]
    contexts = np.array([[(0, row.first, row.first + len(row.offsets) - 1)] for row in some])
    golds = pad_targets([row.golds for row in some])
    return pad_rows([row.ids for row in some], width), np.concatenate([contexts, golds], axis=1)[:, None]


# === Model ===

model = Model(encoder.inputs, GlobalPointer(1, 64, use_bias=False, name='Answer-Pointer')(encoder.output))


def answer(examples):
    """The answer of the window that is surest of its own."""
    rows = answer_features(examples, tokenizer, longest).rows
    readings = predict(model, [len(row.ids) for row in rows],
                       lambda members, width: pad_rows([rows[place].ids for place in members], width),
                       lambda place, scores: read_window(scores[0, 0], rows[place]), recipe.batch_size)
    return best_answers(examples, rows, readings)


# === Training, scores, and what is handed in ===

fit(model, answer_crossentropy, [len(row.ids) for row in windows], make, recipe,
    lambda: score(task, dev, answer(dev))['em'])
judge_and_hand_in(options, task, dev, answer)
