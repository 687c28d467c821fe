"""The GPLinker benchmark's peer: the published formulation, written with bert4keras 0.11.5's public interface.

    python -m benchmarks.peers.gplinker_bert4keras VARIANT OPTIONS      (TF 1.15, Keras 2.3.1)

Dense scores of three EfficientGlobalPointers, bert4keras's sparse loss on them with one row of targets a label, its
Adam, shuffled batches padded to their longest text; extraction of one text at a time with `model.predict`, a search for
positive cells in the dense scores and the published recursion (kexue.fm/archives/8926). Texts, vocabulary, gold spans,
sizes and dropout are ours. Where the scripts tokenise a text anew in every epoch, here it is encoded beforehand.
"""

from __future__ import annotations

import json
import os
import time
from itertools import count

import numpy as np

from benchmarks import fewfc, memory
from benchmarks.peers.cliques import published_search
from benchmarks.processes import serve

TRIGGER = '触发词'
CLOSE = 1e-4  # a score so near to its threshold may fall on either side


def _versions():
    import bert4keras
    import keras
    import tensorflow

    return {'bert4keras': bert4keras.__version__, 'keras': keras.__version__, 'tensorflow': tensorflow.__version__}


def _model(folder):
    """Returns the compiled model: [token ids, segment ids] -> dense scores of arguments, head links, tail links."""
    from bert4keras.backend import K, keras, sparse_multilabel_categorical_crossentropy
    from bert4keras.layers import EfficientGlobalPointer
    from bert4keras.models import build_transformer_model
    from bert4keras.optimizers import Adam

    config = {
        'vocab_size': fewfc.tokenizer()._vocab_size, 'type_vocab_size': 2, 'hidden_act': 'relu',
        'hidden_size': fewfc.WIDTH, 'num_hidden_layers': fewfc.LAYERS, 'num_attention_heads': fewfc.HEADS,
        'intermediate_size': fewfc.INNER, 'hidden_dropout_prob': fewfc.DROPOUT,
        'attention_probs_dropout_prob': fewfc.DROPOUT,
    }  # fmt: skip
    path = os.path.join(folder, 'peer_config.json')
    with open(path, 'w') as stream:
        json.dump(config, stream)

    def loss(targets, scores):
        """Targets (b, h, k, 2) of (start, end), padded with (0, 0) -> the loss of a batch."""
        shape = K.shape(scores)
        cells = targets[..., 0] * K.cast(shape[3], K.floatx()) + targets[..., 1]
        rows = K.reshape(scores, (shape[0], -1, shape[2] * shape[3]))
        return K.mean(K.sum(sparse_multilabel_categorical_crossentropy(cells, rows, mask_zero=True), axis=1))

    encoder = build_transformer_model(path, model='roformer_v2')
    pointers = [
        EfficientGlobalPointer(len(fewfc.schema()), fewfc.HEAD_SIZE, name='Argument-Pointer'),
        EfficientGlobalPointer(1, fewfc.HEAD_SIZE, RoPE=False, name='Head-Link-Pointer'),
        EfficientGlobalPointer(1, fewfc.HEAD_SIZE, RoPE=False, name='Tail-Link-Pointer'),
    ]
    model = keras.models.Model(encoder.inputs, [pointer(encoder.output) for pointer in pointers])
    model.compile(loss=loss, optimizer=Adam(fewfc.RATE))
    return model


def _cells(cells, labels):
    """Target cells (G, 3) -> (labels, k, 2), each label's (start, end) pairs, (0, 0) where there are fewer."""
    from bert4keras.snippets import sequence_padding

    pairs = [[] for _ in range(labels)]
    for label, start, end in cells.tolist():
        pairs[label].append((start, end))
    return sequence_padding([row or [(0, 0)] for row in pairs])


def _batch(items):
    """Pads a batch as the published generators do: ([ids, segments], [arguments, heads, tails])."""
    from bert4keras.snippets import sequence_padding

    labels = len(fewfc.schema())
    inputs = [sequence_padding([item[part] for item in items]) for part in (0, 1)]
    targets = [
        sequence_padding([_cells(getattr(item[2], name), heads) for item in items], seq_dims=2)
        for name, heads in (('arguments', labels), ('heads', 1), ('tails', 1))
    ]
    return inputs, targets


def train_step(options):
    """Seconds a training step, over the same batches as ours."""
    batches = [_batch(items) for items in fewfc.shuffled(2 if options['quick'] else 3)]
    model = _model(options['folder'])
    for batch in batches:
        model.train_on_batch(*batch)
    yield {'versions': _versions(), 'parameters': int(model.count_params())}
    while True:
        started = time.perf_counter()
        for batch in batches:
            model.train_on_batch(*batch)
        yield (time.perf_counter() - started) / len(batches)


def train_peak_memory(options):
    """MiB of resident memory that building the model and training on the same batches takes at most."""
    import bert4keras.layers
    import bert4keras.models
    import bert4keras.optimizers
    import bert4keras.snippets  # noqa: F401  (the imports are what is not counted)

    chosen = fewfc.widest(2)
    start = memory.begin()
    model = _model(options['folder'])
    for items in chosen:
        model.train_on_batch(*_batch(items))
    peak = memory.peak_since(start)
    yield {'versions': _versions(), 'parameters': int(model.count_params())}
    yield peak


def train_epoch(options):
    """Sentences/s of a shuffled epoch, by a cross-section of its batches, the same in every measurement."""
    epoch = fewfc.shuffled(4 if options['quick'] else None, seed=1)
    chosen = fewfc.cross_section(epoch, 1 if options['quick'] else 6, fewfc.longest)
    model = _model(options['folder'])
    model.train_on_batch(*_batch(chosen[0]))
    yield {'versions': _versions(), 'parameters': int(model.count_params()),
           'note': 'peer: %d of %d batches' % (len(chosen), len(epoch))}
    while True:
        started = time.perf_counter()
        for items in chosen:
            model.train_on_batch(*_batch(items))
        yield sum(map(len, chosen)) / (time.perf_counter() - started)


def _load(model, path):
    """Copies the weights of our file, named LAYER.NUMBER, into the layers of the same names."""
    from safetensors.numpy import load_file

    arrays = load_file(path)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([arrays.pop('%s.%d' % (layer.name, place)) for place in range(len(layer.weights))])
    if arrays:
        raise ValueError('the peer has no place for %s' % ', '.join(sorted(arrays)))


def _read(text, model, tokenizer, labels, doubts=None):
    """Finds the events of one text: a list of (event type, sorted [(role, start, end)]) with characters' places.

    `doubts`: a list that gets the scores which were compared with a threshold and came close.
    """
    tokens = tokenizer.tokenize(text, maxlen=fewfc.MAX_LENGTH)
    mapping = tokenizer.rematch(text, tokens)
    token_ids = tokenizer.tokens_to_ids(tokens)
    arguments, heads, tails = (scores[0] for scores in model.predict([[token_ids], [[0] * len(token_ids)]]))
    arguments[:, [0, -1]] -= np.inf
    arguments[:, :, [0, -1]] -= np.inf
    groups = {}
    for label, start, end in zip(*np.where(arguments > 0)):
        groups.setdefault(labels[label].event_type, {}).setdefault((start, end), []).append(labels[label].role)
    links, events = set(), []
    spans = sorted({span for group in groups.values() for span in group})
    for number, one in enumerate(spans):
        for two in spans[:number]:
            head = heads[0, min(one[0], two[0]), max(one[0], two[0])]
            tail = tails[0, min(one[1], two[1]), max(one[1], two[1])]
            if head > 0 and tail > 0:
                links.update([one + two, two + one])
            if doubts is not None:
                doubts.extend(float(score) for score in (head, tail) if abs(score) < CLOSE)
    if doubts is not None:
        doubts.extend(arguments[np.abs(arguments) < CLOSE].tolist())
    for event_type, group in groups.items():
        nodes = [(event_type, tuple(roles), start, end) for (start, end), roles in group.items()]
        for clique in published_search(nodes, links):
            events.append((event_type, sorted(
                (role, mapping[start][0], mapping[end][-1] + 1) for _, roles, start, end in clique for role in roles
            )))  # fmt: skip
    return events


def _with_one_trigger(events):
    """The published events as our decoder states them: one a trigger, without those that another one contains."""
    made = set()
    for event_type, arguments in events:
        triggers = [(start, end) for role, start, end in arguments if role == TRIGGER]
        others = frozenset(argument for argument in arguments if argument[0] != TRIGGER)
        made.update((event_type, trigger, others) for trigger in triggers or [None])
    return [
        [event_type, trigger, sorted(others)] for event_type, trigger, others in made
        if not any(one == event_type and two == trigger and others < three for one, two, three in made)
    ]  # fmt: skip


def extract(options):
    """Sentences/s, one text at a time; the facts hold what is found, and in which texts a score was a close call."""
    from bert4keras.tokenizers import Tokenizer

    texts = fewfc.dev_texts(40 if options['quick'] else None)
    model = _model(options['folder'])
    _load(model, os.path.join(options['folder'], 'weights.safetensors'))
    tokenizer, labels = Tokenizer(fewfc.VOCAB, do_lower_case=True), fewfc.schema().labels
    events, close = [], []
    for number, text in enumerate(texts):
        doubts = []
        events.append(_with_one_trigger(_read(text, model, tokenizer, labels, doubts)))
        if doubts:
            close.append(number)
    yield {'versions': _versions(), 'events': events, 'close': close}
    parts = 2 if options['quick'] else 5
    for number in count():  # a text costs the same whatever its company, so a part of them a measurement will do
        part = texts[number % parts::parts]
        started = time.perf_counter()
        for text in part:
            _read(text, model, tokenizer, labels)
        yield len(part) / (time.perf_counter() - started)


def tokenise(options):
    """Texts/s of token ids and of the characters of every token."""
    import bert4keras
    from bert4keras.tokenizers import Tokenizer

    texts = [example.text for example in fewfc.examples(fewfc.TRAIN, 300 if options['quick'] else 2000)]
    tokenizer = Tokenizer(fewfc.VOCAB, do_lower_case=True)

    def encode(text):
        tokens = tokenizer.tokenize(text, maxlen=fewfc.MAX_LENGTH)
        return tokenizer.tokens_to_ids(tokens), tokenizer.rematch(text, tokens)

    found = [encode(text) for text in texts]
    yield {
        'versions': {'bert4keras': bert4keras.__version__},
        'found': [[ids, [(places[0], places[-1] + 1) for places in mapping if places]] for ids, mapping in found],
    }
    while True:
        started = time.perf_counter()
        for text in texts:
            encode(text)
        yield len(texts) / (time.perf_counter() - started)


VARIANTS = {
    'train_step': train_step,
    'train_peak_memory': train_peak_memory,
    'train_epoch': train_epoch,
    'extract': extract,
    'tokenise': tokenise,
}

if __name__ == '__main__':
    serve(VARIANTS)
