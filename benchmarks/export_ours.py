"""Variants of the benchmark of exported models: `python -m benchmarks.export_ours VARIANT OPTIONS`.

Options: model, path of a model folder. The writers leave `onnx` or `int8` in options['folder'], which the others read.
"""

from __future__ import annotations

import os
import time

import numpy as np

from benchmarks import fewfc
from benchmarks.batched_prediction_ours import BATCH, close_texts
from benchmarks.gplinker_ours import flat
from benchmarks.processes import serve

SAMPLE = 2000  # scores of a batch that are compared


def write(kind, options):
    """Exports the model on the stack of this process."""
    from gplinker_kit.export.writing import export_model

    path = export_model(options['model'], os.path.join(options['folder'], kind), 'onnx', int8=kind == 'int8')
    yield {'note': '%.1f MiB of ONNX' % (os.path.getsize(os.path.join(path, 'model.onnx')) / 2**20)}


def read(kind, options):
    """Returns (extractor, GPLinker or None, {package: version}); onnxruntime without an engine of Keras."""
    from gplinker_kit.loading import engine_of, load_extractor
    from gplinker_kit.model_folder import current_version

    if kind != 'keras':
        folder = os.path.join(options['folder'], kind)
        return load_extractor(folder, BATCH), None, engine_of(current_version(folder, 'current'))
    from gplinker_kit.gplinker import GPLinker

    made = GPLinker.load(options['model'])
    return made.extractor(batch_size=BATCH), made, engine_of(current_version(options['model'], 'current'))


def extract(kind, options):
    """Sentences/s from text to events."""
    from gplinker_kit.events import score_events

    examples = fewfc.examples(fewfc.DEV, 64 if options['quick'] else None)
    texts = [example.text for example in examples]
    extractor, made, found = read(kind, options)
    extractions = extractor.extract(texts)
    scores = score_events([example.events for example in examples], [one.events for one in extractions])
    yield {
        'versions': found, 'events': [[flat(event) for event in one.events] for one in extractions],
        'limits': sum(one.truncated for one in extractions), 'close': close_texts(made, texts) if made else [],
        'scores': [100 * scores.argument.f1, 100 * scores.event.f1],
    }
    while True:
        started = time.perf_counter()
        extractor.extract(texts)
        yield len(texts) / (time.perf_counter() - started)


def predict(kind, options):
    """Sentences/s of the network alone, on the middle batch of the dev sentences by length."""
    extractor, made, found = read(kind, options)
    examples = sorted(fewfc.examples(fewfc.DEV), key=lambda example: len(example.text))
    middle = examples[len(examples) // 2 - BATCH // 2:][:BATCH]
    rows = [ids for ids, _, _ in fewfc.tokenizer().encode_batch_with_offsets([one.text for one in middle], maxlen=None)]
    ids = np.zeros((BATCH, -(-max(map(len, rows)) // 8) * 8), np.int32)
    for row, tokens in zip(ids, rows):
        row[:len(tokens)] = tokens
    run = made.predict if made else extractor.predict

    def scores():
        return np.concatenate([np.ravel(np.asarray(one[:1], np.float64)) for one in run(ids, np.zeros_like(ids))])

    first = scores()
    kept = np.flatnonzero(np.abs(first) < 1e4)[:SAMPLE]  # of cells between real tokens
    yield {'versions': found, 'sample': first[kept].tolist(),
           'note': '%d tokens a row' % ids.shape[1] if made else None}
    while True:
        started = time.perf_counter()
        for _ in range(1 if options['quick'] else 5):
            run(ids, np.zeros_like(ids))
        yield (1 if options['quick'] else 5) * BATCH / (time.perf_counter() - started)


VARIANTS = {}
for _kind in ('onnx', 'int8', 'keras'):
    VARIANTS[_kind + '_extract'] = lambda options, kind=_kind: extract(kind, options)
    VARIANTS[_kind + '_predict'] = lambda options, kind=_kind: predict(kind, options)
    if _kind != 'keras':
        VARIANTS['write_' + _kind] = lambda options, kind=_kind: write(kind, options)

if __name__ == '__main__':
    serve(VARIANTS)
