"""The seven tasks of CLUE that classify a text or a pair, from files to submit.zip, to be read from top to bottom.

The same job as `gplinker clue`, written out; runs on TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/clue_classification.py --task tnews --data tnews --vocab vocab.txt            # from scratch
    python examples/clue_classification.py --task wsc --data wsc --pretrained chinese_roformer-v2-char_L-12_H-768_A-12
"""

from clue_common import begin, fit, judge_and_hand_in, parse, predict

from gplinker_kit.backend import Model
from gplinker_kit.clue import best_labels, find_task, pad_rows, read_split, score, text_features
from gplinker_kit.layers import Dense, FirstToken
from gplinker_kit.tasks.losses import class_crossentropy

options = parse(__doc__, task='tnews')
task = find_task(options.task)
tokenizer, encoder, recipe, longest = begin(options, task)

# === Data ===
# [CLS] text [SEP], or [CLS] first [SEP] second [SEP]; the label as its place in task.labels.

train, dev = read_split(task, options.data, 'train'), read_split(task, options.data, 'dev')
features = text_features(train, tokenizer, longest, task.labels)


def make(members, width):
    return pad_rows([features.ids[place] for place in members], width), features.labels[members][:, None]


# === Model ===
# The vector of [CLS], and a score for each label.

scores = Dense(len(task.labels), name='Classifier')(FirstToken()(encoder.output))
model = Model(encoder.inputs, scores)


def answer(examples):
    ids = text_features(examples, tokenizer, longest, task.labels).ids
    found = predict(model, list(map(len, ids)), lambda members, width: pad_rows([ids[k] for k in members], width),
                    lambda place, scores: scores[0], recipe.batch_size)
    return best_labels(found, task.labels)


# === Training, scores, and what is handed in ===

fit(model, class_crossentropy, list(map(len, features.ids)), make, recipe,
    lambda: score(task, dev, answer(dev))['accuracy'])
judge_and_hand_in(options, task, dev, answer)
