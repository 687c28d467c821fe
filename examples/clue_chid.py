"""CHID: idioms taken out of texts, ten candidates each, from files to submit.zip, to be read from top to bottom.

A row for each candidate, [CLS] left [SEP] candidate [SEP] right [SEP], with the blank in the middle. The blanks of one
line of the file share their candidates, and no two of them the right one: they are decided together, by the Hungarian
method. Runs on TF 1.15 + Keras 2.3.1 and on Keras 3; needs scipy.

    python examples/clue_chid.py --data chid --pretrained chinese_roformer-v2-char_L-12_H-768_A-12 --output submission
"""

import numpy as np
from clue_common import begin, fit, judge_and_hand_in, parse, predict

from gplinker_kit.backend import Model
from gplinker_kit.clue import assign_idioms, chid_features, find_task, pad_choices, read_split, score
from gplinker_kit.layers import Dense, FirstToken
from gplinker_kit.tasks.losses import ChoiceCrossentropy

CANDIDATES = 10
options, task = parse(__doc__), find_task('chid')
tokenizer, encoder, recipe, longest = begin(options, task)
train, dev = read_split(task, options.data, 'train'), read_split(task, options.data, 'dev')
blanks, _, answers = chid_features(train, tokenizer, longest, 'inserted')


def rows(blanks, members, width):
    """Token ids, ten rows a blank."""
    return pad_choices([blanks[place] for place in members], width).reshape(-1, width)


def make(members, width):
    return rows(blanks, members, width), np.eye(CANDIDATES)[answers[members]].reshape(-1, 1)


score_of_row = Dense(1, name='Choice-Score')(FirstToken()(encoder.output))
model = Model(encoder.inputs, score_of_row)


def answer(examples):
    asked = chid_features(examples, tokenizer, longest, 'inserted').questions
    scores = predict(model, [blank.length for blank in asked], lambda members, width: rows(asked, members, width),
                     lambda place, found: found[:, 0], recipe.batch_size)
    return assign_idioms(scores, [example.group for example in examples])


def judge():
    return score(task, dev, answer(dev))['accuracy']


fit(model, ChoiceCrossentropy(CANDIDATES), [blank.length for blank in blanks], make, recipe, judge)
judge_and_hand_in(options, task, dev, answer)
