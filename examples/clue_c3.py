"""C3: questions about a passage with two to four choices, from files to submit.zip, to be read from top to bottom.

Each choice is a row of its own, [CLS] passage [SEP] question [SEP] choice [SEP], whose [CLS] gets one score; the
softmax runs over the choices of a question that exist. Runs on TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/clue_c3.py --data c3 --vocab vocab.txt --max-length 256 --epochs 3          # from scratch
    python examples/clue_c3.py --data c3 --pretrained chinese_roformer-v2-char_L-12_H-768_A-12 --output submission
"""

import numpy as np
from clue_common import begin, fit, judge_and_hand_in, parse, predict

from gplinker_kit.backend import Model
from gplinker_kit.clue import best_choices, c3_features, find_task, pad_choices, read_split, score
from gplinker_kit.layers import Dense, FirstToken
from gplinker_kit.tasks.losses import ChoiceCrossentropy

CHOICES = 4
options, task = parse(__doc__), find_task('c3')
tokenizer, encoder, recipe, longest = begin(options, task)

# === Data ===
# A question with fewer than four choices gets rows for the others too: -1 tells the loss that they do not exist.

train, dev = read_split(task, options.data, 'train'), read_split(task, options.data, 'dev')
features = c3_features(train, tokenizer, longest)
marks = np.where(np.arange(CHOICES) < features.counts[:, None], 0, -1)
marks[np.arange(len(train)), features.answers] = 1


def rows_of(questions):
    return lambda members, width: pad_choices([questions[place] for place in members], width).reshape(-1, width)


def make(members, width):
    return rows_of(features.questions)(members, width), marks[members].reshape(-1, 1)


# === Model ===

model = Model(encoder.inputs, Dense(1, name='Choice-Score')(FirstToken()(encoder.output)))


def answer(examples):
    questions, counts, _ = c3_features(examples, tokenizer, longest)
    found = predict(model, [one.length for one in questions], rows_of(questions),
                    lambda place, scores: scores[:, 0], recipe.batch_size)
    return best_choices(found, counts)


# === Training, scores, and what is handed in ===

fit(model, ChoiceCrossentropy(CHOICES), [one.length for one in features.questions], make, recipe,
    lambda: score(task, dev, answer(dev))['accuracy'])
judge_and_hand_in(options, task, dev, answer)
