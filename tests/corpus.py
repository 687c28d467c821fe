"""A few sentences of the shipped corpus, and a network small enough to learn them by heart in seconds."""

import os

from gplinker_kit.backend import STACK, K, keras, set_random_seed
from gplinker_kit.events import Schema, read_examples, read_schema
from gplinker_kit.gplinker import GPLinker, Settings
from gplinker_kit.models.builder import resolve_config
from gplinker_kit.tokenizers import Tokenizer
from tests.conftest import plain_session

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORPUS = os.path.join(ROOT, 'examples', 'corpus')
SCHEMA = os.path.join(CORPUS, 'duee_event_schema.json')
VOCAB = os.path.join(CORPUS, 'vocab.txt')


def sentences(count):
    """Returns the first `count` training examples and the schema of their event types alone.

    What a model that has learned nothing finds, and so what judging it costs, grows with the labels.
    """
    schema = read_schema(SCHEMA)
    examples = read_examples(os.path.join(CORPUS, 'duee_train.json'), schema)[:count]
    found = {event.event_type for example in examples for event in example.events}
    return Schema.from_lines([line for line in schema.to_lines() if line['event_type'] in found]), examples


def fresh_graph(seed=0):
    """Begins a new graph, and random numbers anew."""
    (keras.backend.clear_session if hasattr(keras.backend, 'clear_session') else K.clear_session)()
    if STACK != 'keras3':
        keras.backend.set_session(plain_session())
    set_random_seed(seed)


def tiny_settings(tokenizer, max_length=64, window_stride=None, typed_links=False, **encoder):
    """Returns Settings of one block, 64 wide."""
    size = dict(hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=128, hidden_act='relu')
    size.update(encoder, vocab_size=tokenizer._vocab_size)
    return Settings(encoder=resolve_config(None, 'roformer_v2', **size), head_size=32, max_length=max_length,
                    window_stride=window_stride, typed_links=typed_links)


def tiny_gplinker(schema, seed=0, **settings):
    """Returns an untrained GPLinker of `tiny_settings`."""
    fresh_graph(seed)
    tokenizer = Tokenizer(VOCAB, do_lower_case=True)
    return GPLinker(tiny_settings(tokenizer, **settings), schema, tokenizer)
