"""Triples with GPLinker on DuIE 1.0 or 2.0, from files to what is handed in, to be read from top to bottom.

The same job as `gplinker duie`, written out; runs on TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/make_duie.py --output runs/duie-data
    python examples/duie.py --data runs/duie-data --output runs/duie-predictions                         # from scratch
    python examples/duie.py --data DUIE --pretrained chinese_roberta_wwm_ext_L-12_H-768_A-12 --learning-rate 2e-5
"""

import argparse
import os

import numpy as np

from gplinker_kit.backend import Model, set_random_seed
from gplinker_kit.clue import pad_rows
from gplinker_kit.events import pad_targets
from gplinker_kit.events.batches import length_batches
from gplinker_kit.layers import EfficientGlobalPointer
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.sizes import named_size
from gplinker_kit.optimizers import Adam, schedules
from gplinker_kit.relations import (
    Example,
    decode_views,
    find_files,
    read_examples,
    read_schema,
    read_view,
    relation_features,
    score_official,
    write_submission,
)
from gplinker_kit.tokenizers import Tokenizer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('--data', required=True, help='folder of the corpus')
parser.add_argument('--pretrained', help='unpacked folder of a published model')
parser.add_argument('--vocab', help='default: vocab.txt of --pretrained or --data')
parser.add_argument('--epochs', type=int, default=20)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--learning-rate', type=float, default=1e-3)
parser.add_argument('--max-length', type=int, default=128)
parser.add_argument('--output', help='folder for predictions.json.zip')
options = parser.parse_args()
set_random_seed(0)

# === Data ===
# An example is a text with its triples: (subject, predicate, object), an object having one slot or several. The schema
# tells the version, and gives each predicate its links: from the subject to each slot, and between slots of one object.

files = find_files(options.data)
schema = read_schema(files.schema)
train, dev = (read_examples(path, schema) for path in (files.train, files.dev))
vocab = options.vocab or os.path.join(options.pretrained or options.data, 'vocab.txt')
tokenizer = Tokenizer(vocab, do_lower_case=True)

# === Labels ===
# DuIE says no positions: the first mention of a word is meant. Subjects and objects are spans; a link is a cell (first
# token of one, first token of the other) of its head matrix and one of last tokens of its tail matrix. An object may
# come before its subject, so these matrices are whole. Texts longer than --max-length become overlapping windows.

features = relation_features(train, tokenizer, schema, options.max_length)
rows = features.rows
print(features.report)


def make(members, width):
    some = [rows[place] for place in members]
    golds = [pad_targets([getattr(row.golds, name) for row in some], 32) for name in ('arguments', 'heads', 'tails')]
    return pad_rows([row.ids for row in some], width), golds


# === Model ===
# Three heads in packed form: n × n shared scores and two biases a label. Entities know the order of their tokens (RoPE,
# the triangle above the diagonal), links do not.

if options.pretrained:
    encoder = build_transformer_model(checkpoint_path=options.pretrained)
else:
    encoder = build_transformer_model(model='roformer_v2', vocab_size=tokenizer._vocab_size, **named_size('tiny'))
links = {'RoPE': False, 'tril_mask': False, 'packed': True}
model = Model(encoder.inputs, [
    EfficientGlobalPointer(2, 64, packed=True, name='Entities')(encoder.output),
    EfficientGlobalPointer(len(schema), 64, name='Heads', **links)(encoder.output),
    EfficientGlobalPointer(len(schema), 64, name='Tails', **links)(encoder.output),
])


def extract(examples):
    """Returns an Extraction an example: subjects and objects over 0, what links them, and cliques of slots."""
    views = [[] for _ in examples]
    found = relation_features(examples, tokenizer, schema, options.max_length).rows
    for at in range(0, len(found), 64):
        some = found[at:at + 64]
        tokens = pad_rows([row.ids for row in some])
        scores = model.predict_on_batch([tokens, 0 * tokens][:len(model.inputs)])
        for row, packed in zip(some, zip(*map(np.asarray, scores))):
            views[row.example].append(read_view(row.text, row.first, row.offsets, packed, schema))
    return [decode_views(example.text, own, schema) for example, own in zip(examples, views)]


# === Training ===

random = np.random.RandomState(0)
epochs = [length_batches([len(row.ids) for row in rows], options.batch_size, random, 32) for _ in range(options.epochs)]
steps = sum(map(len, epochs))
model.compile(
    loss=[factorised_pointer_crossentropy(2)] + [factorised_pointer_crossentropy(len(schema), triangle=False)] * 2,
    optimizer=Adam(schedules.warmup_linear_decay(options.learning_rate, steps // 10, steps), global_clipnorm=1.0),
)
for number, batches in enumerate(epochs, 1):
    losses = []
    for members, width in batches:
        tokens, golds = make(members, width)
        losses.append(np.ravel(model.train_on_batch([tokens, 0 * tokens][:len(model.inputs)], golds))[0])
    print('epoch %d: loss %.3f' % (number, np.mean(losses)))

# === Scores, and what is handed in ===

found = extract(dev)
official = score_official(dev, [Example(one.text, one.triples) for one in found])
print('official P %.2f%%, R %.2f%%, F1 %.2f%%' % (100 * official.precision, 100 * official.recall, 100 * official.f1))
for one in found[:3]:
    print(one.text)
    for triple in one.triples:
        print('    %s | %s | %s  %.2f' % (triple.subject, triple.predicate, dict(triple.objects), triple.score))
if options.output:
    test = extract(read_examples(files.test, schema))
    print('wrote', write_submission(options.output, [Example(one.text, one.triples) for one in test], schema))
