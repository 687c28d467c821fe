"""Tries an installed gplinker_kit: python smoke.py FOLDER CORPUS, where it must come from, and data in DuEE's format.

Builds a tiny model, trains two steps, extracts, saves, loads, and extracts the same again.
"""

import os
import sys
import tempfile

import gplinker_kit

expected, corpus = sys.argv[1:]
found = os.path.dirname(os.path.dirname(os.path.abspath(gplinker_kit.__file__)))
if os.path.realpath(found) != os.path.realpath(expected):
    sys.exit('gplinker_kit was imported from %s, not from %s' % (found, expected))
if not os.path.exists(os.path.join(found, 'gplinker_kit', 'py.typed')):
    sys.exit('the wheel has no py.typed')

from gplinker_kit.backend import ENGINE, STACK, set_random_seed  # noqa: E402
from gplinker_kit.events import Schema, read_examples, read_schema  # noqa: E402
from gplinker_kit.gplinker import GPLinker, Settings  # noqa: E402
from gplinker_kit.models.builder import resolve_config  # noqa: E402
from gplinker_kit.tokenizers import Tokenizer  # noqa: E402
from gplinker_kit.training import Recipe, train  # noqa: E402

set_random_seed(0)
tokenizer = Tokenizer(os.path.join(corpus, 'vocab.txt'), do_lower_case=True)
schema = read_schema(os.path.join(corpus, 'duee_event_schema.json'))
examples = read_examples(os.path.join(corpus, 'duee_train.json'), schema)[:8]
# An untrained model finds events of all types, and they cost time: the types of these examples are enough.
types = {event.event_type for example in examples for event in example.events}
schema = Schema.from_lines([line for line in schema.to_lines() if line['event_type'] in types])
encoder = resolve_config(None, 'roformer_v2', vocab_size=tokenizer._vocab_size, hidden_size=32, num_hidden_layers=1,
                         num_attention_heads=2, intermediate_size=64, hidden_act='relu')
model = GPLinker(Settings(encoder=encoder, head_size=16, max_length=64), schema, tokenizer)
history = train(model, examples, recipe=Recipe(epochs=1, batch_size=4), progress=False, log=lambda line: None)
texts = [example.text for example in examples[:1]]
before = model.extract(texts)
with tempfile.TemporaryDirectory() as folder:
    model.save(folder)
    after = GPLinker.load(folder).extract(texts)


def gist(extractions):
    return [[(event.event_type, [(a.role, a.text, a.start) for a in event.nodes()]) for event in extraction.events]
            for extraction in extractions]


if gist(before) != gist(after) or len(before) != 1:
    sys.exit('the loaded model extracts something else than the one that was saved')
print('%s on %s: trained (loss %.2f), saved, loaded, the same %d events' % (
    STACK, ENGINE, history[-1]['loss'], sum(len(extraction.events) for extraction in after)))
