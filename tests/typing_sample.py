"""What a user writes, for mypy and never run: types reach the user, and each wrong call is found.

mypy.ini asks for a `type: ignore` to be needed, so that a call which is no longer refused is an error.
"""

from __future__ import annotations

import numpy as np

from gplinker_kit.events import (
    TRIGGER,
    Argument,
    Event,
    Example,
    Extraction,
    Policy,
    Schema,
    decode,
    read_examples,
    score_events,
    show,
)
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.loading import load_extractor
from gplinker_kit.recipe import Recipe
from gplinker_kit.settings import Settings
from gplinker_kit.tokenizers import Tokenizer
from gplinker_kit.training import evaluate, train


def right_calls(folder: str) -> list[str]:
    schema = Schema({'收购': ['收购方', '被收购方'], '判决': ['法院', ('结果', ['有罪', '无罪'])]})
    labels: list[str | None] = [schema.labels[0].item, *schema.roles('收购')]
    tokenizer = Tokenizer({'[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3}, do_lower_case=True)
    ids, segments, offsets = tokenizer.encode_with_offsets('甲收购乙')
    start, end = offsets[0]
    gplinker = GPLinker(Settings(max_length=start + end + len(ids)), schema, tokenizer)
    examples = read_examples(folder, schema)
    history = train(gplinker, examples, recipe=Recipe(epochs=2), log=print, tune=None)
    f1: float = evaluate(gplinker, examples).argument.f1 + float(history[-1]['loss'])
    loaded = GPLinker.load(gplinker.save(folder))
    texts = [event.event_type for extraction in loaded.extract(['甲收购乙']) for event in extraction.events]
    streamed = load_extractor(folder, policy=Policy(max_seconds=f1)).iter_extract(iter(texts))
    texts += [argument.text for extraction in streamed for event in extraction.events for argument in event.nodes()]
    found = decode('甲', [(0, 1)], [np.zeros((1, 3), 'float32')] * 3, schema)
    return texts + [show(found)._repr_html_(), repr(labels)]


def wrong_calls(gplinker: GPLinker, extraction: Extraction) -> None:
    Schema(['收购'])  # type: ignore[list-item]
    Argument('收购方', 3)  # type: ignore[arg-type]
    Event('收购', TRIGGER)  # type: ignore[arg-type]
    Example('甲收购乙', offsets=())  # type: ignore[call-arg]
    Recipe(epochs='2')  # type: ignore[arg-type]
    Tokenizer(3)  # type: ignore[arg-type]
    score_events([extraction], [[]])  # type: ignore[list-item]
    gplinker.extract(3)  # type: ignore[arg-type]
    train(gplinker, 'duee_train.json')  # type: ignore[arg-type]
    GPLinker.load(folder=b'runs/model')  # type: ignore[arg-type]
    load_extractor('runs/model', batch=8)  # type: ignore[call-arg]
    extraction.events[0].arguments[0].text + 1  # type: ignore[operator]
    print(extraction.events[0].argument)  # type: ignore[attr-defined]
