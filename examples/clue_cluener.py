"""CLUENER: entities of ten types, from files to submit.zip, to be read from top to bottom.

Efficient GlobalPointer in packed form: n × n shared scores and two biases a type. Its loss takes the entities as they
are, (type, first token, last token), and no tensor of types × n × n is ever made. Runs on TF 1.15 + Keras 2.3.1 and on
Keras 3.

    python examples/clue_cluener.py --data cluener --vocab vocab.txt                                # from scratch
    python examples/clue_cluener.py --data cluener --pretrained chinese_roformer-v2-char_L-12_H-768_A-12
"""

import numpy as np
from clue_common import begin, fit, judge_and_hand_in, parse, predict

from gplinker_kit.backend import Model
from gplinker_kit.clue import entities_of, entity_features, find_task, pad_rows, read_split, score
from gplinker_kit.events import pad_targets
from gplinker_kit.events.scores import positives
from gplinker_kit.layers import EfficientGlobalPointer
from gplinker_kit.losses import factorised_pointer_crossentropy

options, task = parse(__doc__), find_task('cluener')
tokenizer, encoder, recipe, longest = begin(options, task)
types = task.labels

# === Data ===

train, dev = read_split(task, options.data, 'train'), read_split(task, options.data, 'dev')
sentences, report = entity_features(train, tokenizer, longest, types)
print(report.describe('entities'))


def make(members, width):
    some = [sentences[place] for place in members]
    return pad_rows([row.ids for row in some], width), pad_targets([row.golds for row in some])


# === Model ===

model = Model(encoder.inputs, EfficientGlobalPointer(len(types), 64, packed=True, name='Entities')(encoder.output))


def answer(examples):
    """All cells with a positive score, as entities with characters."""
    rows = entity_features(examples, tokenizer, longest, types).rows

    def read(place, scores):
        inside = np.zeros(scores.shape[1], bool)
        inside[1:1 + len(rows[place].offsets)] = True
        cells = positives(scores[0], len(types), inside)
        return entities_of(np.stack([cells.label, cells.start, cells.end], axis=1), rows[place], types)

    return predict(model, [len(row.ids) for row in rows],
                   lambda members, width: pad_rows([rows[place].ids for place in members], width), read,
                   recipe.batch_size)


# === Training, scores, and what is handed in ===

fit(model, factorised_pointer_crossentropy(len(types)), [len(row.ids) for row in sentences], make, recipe,
    lambda: score(task, dev, answer(dev))['macro_f1'])
judge_and_hand_in(options, task, dev, answer)
