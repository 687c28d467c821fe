"""Pretrains an encoder on plain texts by hidden words, to be read from top to bottom.

The same job as `gplinker pretrain`, written out; runs on TF 1.15 + Keras 2.3.1 and on Keras 3. What comes out is a
folder that `gplinker train --pretrained` begins with.

    python examples/pretrain_mlm.py                                    # the sentences of the corpus beside this file
    python examples/pretrain_mlm.py --texts news.txt --steps 100000 --lamb
"""

import argparse
import os

import numpy as np

from gplinker_kit.backend import set_random_seed
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.builder import resolve_config
from gplinker_kit.optimizers import Adam, schedules
from gplinker_kit.pretraining import (
    RowMaker,
    TextStream,
    batches,
    compile_pretraining,
    model_inputs,
    pretraining_model,
    roformer_v2_lamb,
    train_step,
    write_description,
    write_weights,
)
from gplinker_kit.tokenizers import Tokenizer
from gplinker_kit.tokenizers.words import jieba_words

HERE = os.path.dirname(os.path.abspath(__file__))
parser = argparse.ArgumentParser()
parser.add_argument('--texts', nargs='+', default=[os.path.join(HERE, 'corpus', 'duee_train.json')])
parser.add_argument('--vocab', default=os.path.join(HERE, 'corpus', 'vocab.txt'))
parser.add_argument('--steps', type=int, default=300)
parser.add_argument('--batch-size', type=int, default=16)
parser.add_argument('--max-length', type=int, default=64)
parser.add_argument('--lamb', action='store_true', help="RoFormerV2's optimizer in place of Adam")
parser.add_argument('--output', default='pretrained')
options = parser.parse_args()
set_random_seed(0)

# === Data ===
# Files are read where they lie. jieba finds the words; of 15% of them all tokens are hidden: 80% are shown as [MASK],
# 10% as any token, 10% as they are. As many texts as there is room for make a row, and do not see each other.

tokenizer = Tokenizer(options.vocab, do_lower_case=True)
stream = TextStream(options.texts, seed=0)
maker = RowMaker(tokenizer, options.max_length, 'mlm', segment=jieba_words, packed=True)

# === Model ===
# Only the hidden tokens go through the head, whose matrix is as high as the vocabulary.

config = resolve_config(
    model='roformer_v2', vocab_size=tokenizer._vocab_size, hidden_size=128, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=512, hidden_act='relu', dropout_rate=0.1, attention_dropout_rate=0.1,
)  # fmt: skip
wrapper, model = pretraining_model('roformer_v2', config, 'mlm', packed=True)
if options.lamb:
    optimizer = roformer_v2_lamb(model, options.steps)
else:
    optimizer = Adam(schedules.warmup_linear_decay(3e-3, options.steps // 10, options.steps), global_clipnorm=1.0)
compile_pretraining(model, optimizer)

# === Training ===
# `batches` never ends. What it yields beside a batch says where it stands: `gplinker pretrain --resume` goes on there.

losses = []
for number, (batch, _) in enumerate(batches(stream, maker, options.batch_size), 1):
    losses.append(train_step(model, model_inputs(wrapper, batch)))
    if number % 50 == 0 or number == options.steps:
        loss, accuracy = np.mean(losses[-50:], axis=0)
        print('step %d: loss %.3f, accuracy of hidden tokens %.1f%%' % (number, loss, 100 * accuracy))
    if number == options.steps:
        break

# === The folder ===

os.makedirs(options.output, exist_ok=True)
write_description(options.output, 'roformer_v2', config, options.vocab)
write_weights(options.output, wrapper)
encoder = build_transformer_model(checkpoint_path=options.output)
print('%s holds an encoder of %d weights' % (options.output, encoder.count_params()))
