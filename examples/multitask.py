"""Two tasks of unlike formats on one encoder, with normalised gradients, to be read from top to bottom.

The type of a sentence's first event is one class of several; its arguments are spans with labels, whose loss sums over
all cells and is far larger. Each step follows the sum of both gradients at length 1 (kexue.fm/archives/8896); --plain
adds them as they are. Runs on TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/multitask.py            # the corpus beside this file
    python examples/multitask.py --plain    # the sum of the losses, to compare
"""

import argparse
import os

import numpy as np

from gplinker_kit.backend import Model, set_random_seed
from gplinker_kit.events import align, read_examples, read_schema
from gplinker_kit.events.batches import length_batches, make_batch
from gplinker_kit.events.scores import positives
from gplinker_kit.layers import Dense, EfficientGlobalPointer, FirstToken
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam, schedules
from gplinker_kit.pretraining import compile_tasks
from gplinker_kit.tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
parser = argparse.ArgumentParser()
parser.add_argument('--data', default=os.path.join(HERE, 'corpus'))
parser.add_argument('--epochs', type=int, default=8)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--learning-rate', type=float, default=1e-3)
parser.add_argument('--plain', action='store_true', help='the sum of the losses, gradients as they are')
options = parser.parse_args()
set_random_seed(0)

# === Data ===

schema = read_schema(os.path.join(options.data, 'duee_event_schema.json'))
tokenizer = Tokenizer(os.path.join(options.data, 'vocab.txt'), do_lower_case=True)
types = list(schema.event_types)


def read(name):
    """[(token ids, segment ids, spans)] and the class of each sentence that has an event."""
    examples = [e for e in read_examples(os.path.join(options.data, name), schema) if e.events]
    encoded = tokenizer.encode_batch_with_offsets([example.text for example in examples], 256)
    items = [
        (token_ids, segment_ids, align(example.events, offsets, schema, text=example.text))
        for example, (token_ids, segment_ids, offsets) in zip(examples, encoded)
    ]
    return items, np.array([types.index(example.events[0].event_type) for example in examples])


train, train_types = read('duee_train.json')
dev, dev_types = read('duee_dev.json')

# === Model ===
# Any number of heads, each with an output and a loss of its own.

encoder = build_transformer_model(
    model='roformer_v2', vocab_size=tokenizer._vocab_size, hidden_size=128, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=512, hidden_act='relu', dropout_rate=0.1,
)  # fmt: skip
event_type = Dense(len(types), activation='softmax', name='Type')(FirstToken()(encoder.output))
spans = EfficientGlobalPointer(len(schema), 64, packed=True, name='Spans')(encoder.output)
model = Model(encoder.inputs, [event_type, spans])

# === Training ===

random = np.random.RandomState(0)
lengths = [len(token_ids) for token_ids, _, _ in train]
epochs = [length_batches(lengths, options.batch_size, random, 32) for _ in range(options.epochs)]
steps = sum(len(batches) for batches in epochs)
losses = ['sparse_categorical_crossentropy', factorised_pointer_crossentropy(len(schema))]
optimizer = Adam(schedules.warmup_linear_decay(options.learning_rate, steps // 10, steps), global_clipnorm=1.0)
if options.plain:
    model.compile(loss=losses, optimizer=optimizer)
else:
    model = compile_tasks(model, losses, optimizer)
for number, batches in enumerate(epochs, 1):
    found = []
    for indices, width in batches:
        inputs, golds = make_batch([train[i] for i in indices], width)
        found.append(np.ravel(model.train_on_batch(inputs, [train_types[list(indices), None], golds[0]]))[0])
    print('epoch %d: sum of the losses %.3f' % (number, np.mean(found)))

# === Scores ===

hits = gold = predicted = right = 0
for item, wanted in zip(dev, dev_types):
    inputs, golds = make_batch([item], len(item[0]))
    chances, packed = (np.asarray(output)[0] for output in model.predict_on_batch(inputs))
    right += chances.argmax() == wanted
    inside = np.arange(len(item[0])) % (len(item[0]) - 1) > 0  # neither the first token nor the last
    cells = positives(packed, len(schema), inside)
    found = set(zip(cells.label.tolist(), cells.start.tolist(), cells.end.tolist()))
    known = {tuple(cell) for cell in golds[0][0].tolist() if cell[0] >= 0}
    hits, gold, predicted = hits + len(found & known), gold + len(known), predicted + len(found)
print('types: accuracy %.1f%%; spans: F1 %.1f%%' % (100 * right / len(dev), 200 * hits / max(1, gold + predicted)))
