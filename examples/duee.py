"""Event extraction with GPLinker on a DuEE-format corpus, from files to scores, to be read from top to bottom.

The same job as `gplinker train` and `gplinker evaluate`, written out; runs on TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/duee.py                                  # the corpus beside this file, from scratch
    python examples/duee.py --data DUEE --pretrained chinese_roformer-v2-char_L-12_H-768_A-12 --learning-rate 2e-5
"""

import argparse
import os

import numpy as np

from gplinker_kit.backend import Model, set_random_seed
from gplinker_kit.events import align, event_tree, read_examples, read_schema, score_events
from gplinker_kit.events.batches import length_batches, make_batch
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.layers import EfficientGlobalPointer
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam, schedules
from gplinker_kit.tokenizers import Tokenizer

parser = argparse.ArgumentParser()
parser.add_argument('--data', default=os.path.join(os.path.dirname(__file__), 'corpus'))
parser.add_argument('--pretrained', help='folder with bert_config.json, bert_model.ckpt and vocab.txt')
parser.add_argument('--model', default='roformer_v2')
parser.add_argument('--epochs', type=int, default=12)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--learning-rate', type=float, default=1e-3)
parser.add_argument('--max-length', type=int, default=256)
options = parser.parse_args()
set_random_seed(0)

# === Data ===
# An example is a text with its events; offsets count characters.

schema = read_schema(os.path.join(options.data, 'duee_event_schema.json'))
train = read_examples(os.path.join(options.data, 'duee_train.json'), schema)
dev = read_examples(os.path.join(options.data, 'duee_dev.json'), schema)
tokenizer = Tokenizer(os.path.join(options.pretrained or options.data, 'vocab.txt'), do_lower_case=True)

# === Labels ===
# Characters become tokens. Every argument is a span under its (type, role) label; every two arguments of one event are
# linked by their first tokens (heads) and by their last (tails).

items = []
encoded = tokenizer.encode_batch_with_offsets([example.text for example in train], options.max_length)
for example, (token_ids, segment_ids, offsets) in zip(train, encoded):
    items.append((token_ids, segment_ids, align(example.events or (), offsets, schema, text=example.text)))
print(sum(targets.report for _, _, targets in items))

# === Model ===
# Any encoder that gives one vector a token will do. The heads stay in packed form: n × n shared scores and two biases a
# label, instead of a score for each label and cell.

if options.pretrained:
    encoder = build_transformer_model(
        os.path.join(options.pretrained, 'bert_config.json'), options.pretrained, model=options.model
    )
else:
    encoder = build_transformer_model(
        model=options.model, vocab_size=tokenizer._vocab_size, hidden_size=128, num_hidden_layers=2,
        num_attention_heads=4, intermediate_size=512, hidden_act='relu', dropout_rate=0.1,
    )  # fmt: skip
outputs = [
    EfficientGlobalPointer(len(schema), 64, packed=True)(encoder.output),
    EfficientGlobalPointer(1, 64, RoPE=False, packed=True)(encoder.output),
    EfficientGlobalPointer(1, 64, RoPE=False, packed=True)(encoder.output),
]
model = Model(encoder.inputs, outputs)

# === Training ===

random = np.random.RandomState(0)
lengths = [len(token_ids) for token_ids, _, _ in items]
epochs = [length_batches(lengths, options.batch_size, random, 32) for _ in range(options.epochs)]
steps = sum(len(batches) for batches in epochs)
model.compile(
    loss=[factorised_pointer_crossentropy(labels) for labels in (len(schema), 1, 1)],
    optimizer=Adam(schedules.warmup_linear_decay(options.learning_rate, steps // 10, steps), global_clipnorm=1.0),
)
for number, batches in enumerate(epochs, 1):
    losses = []
    for indices, width in batches:
        inputs, targets = make_batch([items[i] for i in indices], width)
        losses.append(np.ravel(model.train_on_batch(inputs, targets))[0])
    print('epoch %d: loss %.3f' % (number, np.mean(losses)))

# === Extraction and scores ===

extractor = Extractor(
    tokenizer, schema, lambda *ids: model.predict_on_batch(list(ids)), max_length=options.max_length
)
extractions = extractor.extract([example.text for example in dev])
gold = [example.events or () for example in dev]
print(score_events(gold, [extraction.events for extraction in extractions]).table())
for extraction in extractions[:3]:
    print(event_tree(extraction.events, extraction.text))
