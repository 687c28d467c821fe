"""Small GPLinkers trained on FewFC from scratch, for the studies that compare trainings."""

from __future__ import annotations

import numpy as np

from studies.common import data_path


def corpus():
    """Returns (schema, training examples, dev examples, tokenizer)."""
    from gplinker_kit.events import read_examples, read_schema
    from gplinker_kit.tokenizers import Tokenizer

    schema = read_schema(data_path('fewfc', 'duee_event_schema.json'))
    train, dev = (read_examples(data_path('fewfc', 'duee_%s.json' % part), schema) for part in ('train', 'dev'))
    return schema, train, dev, Tokenizer(data_path('vocab', 'roformer_v2_char', 'vocab.txt'), do_lower_case=True)


def build(schema, tokenizer, seed, size='tiny', dropout=0.1, **settings):
    """Returns a GPLinker with fresh weights; `settings`: further ones of `Settings`."""
    from gplinker_kit import backend
    from gplinker_kit.gplinker import GPLinker, Settings
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size

    backend.set_random_seed(seed)
    sizes = dict(named_size(size), vocab_size=tokenizer._vocab_size)
    sizes.update(dropout_rate=dropout, attention_dropout_rate=dropout)
    encoder = resolve_config(None, 'roformer_v2', **sizes)
    return GPLinker(Settings(encoder=encoder, **settings), schema, tokenizer)


def train(gplinker, examples, recipe, losses=None):
    """Trains in place, by the three `losses` of the heads or by those of `gplinker train`."""
    from gplinker_kit.fitting import compile_model, encode, epoch_batches, run_epoch
    from gplinker_kit.optimizers import Adam

    random = np.random.RandomState(recipe.seed)
    items, _ = encode(gplinker, examples)
    longest = gplinker.settings.max_length
    epochs = [epoch_batches(items, recipe, longest, random) for _ in range(recipe.epochs)]
    steps = sum(map(len, epochs))
    if losses is None:
        compile_model(gplinker, recipe, steps)
    else:
        optimizer = Adam(recipe.schedule(steps), global_clipnorm=recipe.clipnorm)
        gplinker.model.compile(loss=losses, optimizer=optimizer)
    for number, batches in enumerate(epochs, 1):
        run_epoch(gplinker.model, items, batches, 'epoch %d' % number)


def mean_and_deviation(values):
    """Returns 'mean ± standard deviation' of a list of percentages; of one alone, itself; '' where one is None."""
    if None in values:
        return ''
    if len(values) == 1:
        return '%.2f' % values[0]
    return '%.2f ± %.2f' % (np.mean(values), np.std(values, ddof=1))
