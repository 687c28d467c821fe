"""DuEE-fin: events of documents with GPLinker, from the official files to duee-fin.json, to be read top to bottom.

The same job as `gplinker train --corpus duee-fin`, `gplinker evaluate` and `gplinker submit`, written out; runs on
TF 1.15 + Keras 2.3.1 and on Keras 3.

    python examples/duee_fin.py --data DuEE-fin --vocab vocab.txt       # from scratch
    python examples/duee_fin.py --data DuEE-fin --pretrained chinese_roformer-v2-char_L-6_H-384_A-6 --learning-rate 2e-5
"""

import argparse
import os

import numpy as np

from gplinker_kit.backend import Model, set_random_seed
from gplinker_kit.events import DOCUMENTS, encode_example, read_document_texts, read_documents, read_schema
from gplinker_kit.events.batches import length_batches, make_batch
from gplinker_kit.events.duee_fin import DEV_FILE, SCHEMA_FILE, SUBMISSION_FILE, TEST_FILE, TRAIN_FILE
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.events.official_fin import score_submissions, table
from gplinker_kit.events.submission import submission_line, write_submission
from gplinker_kit.layers import EfficientGlobalPointer
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam, schedules
from gplinker_kit.tokenizers import Tokenizer

parser = argparse.ArgumentParser()
parser.add_argument('--data', required=True, help='folder with the official files')
parser.add_argument('--pretrained', help='folder with bert_config.json, bert_model.ckpt and vocab.txt')
parser.add_argument('--vocab', help='default: vocab.txt of --pretrained, or of --data')
parser.add_argument('--model', default='roformer_v2')
parser.add_argument('--epochs', type=int, default=12)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--learning-rate', type=float, default=1e-3)
parser.add_argument('--max-length', type=int, default=256, help='tokens a window')
parser.add_argument('--output', default='runs/duee-fin-example', help='folder of the submission')
options = parser.parse_args()
set_random_seed(0)

# === Data ===
# A document is one text, its title in front. Its events have values, but no places: `missing` takes those that the text
# does not have.

missing = []
schema = read_schema(os.path.join(options.data, SCHEMA_FILE))
train = read_documents(os.path.join(options.data, TRAIN_FILE), schema, missing)
dev = read_documents(os.path.join(options.data, DEV_FILE), schema)
test = read_document_texts(os.path.join(options.data, TEST_FILE))
tokenizer = Tokenizer(
    options.vocab or os.path.join(options.pretrained or options.data, 'vocab.txt'), do_lower_case=True
)
print('%d documents to train on, of whose values %d do not occur' % (len(train), len(missing)))

# === Labels ===
# A document is read in overlapping windows, and all of them are trained on. Every mention of a value is a span under
# its (type, role) label: one that was left out would be trained as a negative. An item of an enum role, such as
# 筹备上市, has the span of the trigger. Every two spans of one event are linked by their first tokens (heads) and by
# their last (tails).

items, reports = [], []
encoded = tokenizer.encode_batch_with_offsets([example.text for example in train])
for example, tokens in zip(train, encoded):
    windows, report = encode_example(tokens, example, schema, options.max_length, occurrences='all')
    items.extend(windows)
    reports.append(report)
print('%d windows; %s' % (len(items), sum(reports)))

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
epochs = [length_batches(lengths, options.batch_size, random, 32, options.max_length) for _ in range(options.epochs)]
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

# === Scores ===
# The policy for documents makes one argument of all mentions of a value, so that an event has it once however many
# windows show it. The official score compares event with event, with what is handed in.

extractor = Extractor(
    tokenizer, schema, lambda *ids: model.predict_on_batch(list(ids)), policy=DOCUMENTS, max_length=options.max_length
)
extractions = extractor.extract([example.text for example in dev])
print(table(score_submissions([example.events for example in dev], [extraction.events for extraction in extractions])))

# === Submission ===

extractions = extractor.extract([text for _, text in test])
lines = [submission_line(name, extraction.events, DOCUMENTS.contained)
         for (name, _), extraction in zip(test, extractions)]
os.makedirs(options.output, exist_ok=True)
path = os.path.join(options.output, SUBMISSION_FILE)
write_submission(path, lines, path.replace('.json', '.zip'))
print('%d documents, %d events: %s' % (len(lines), sum(len(line['event_list']) for line in lines), path))
