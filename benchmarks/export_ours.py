"""Variants of the benchmark of exported models: `python -m benchmarks.export_ours VARIANT OPTIONS`.

Options: model, path of a model folder. exported: path where the writers leave `onnx`, `int8` or `saved`, once for all
rows, which the others read. Speed is by the time that the variant's own process had a processor.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from benchmarks import fewfc
from benchmarks.batched_prediction_ours import BATCH, close_texts
from benchmarks.gplinker_ours import flat
from benchmarks.processes import serve

SAMPLE = 2000  # scores of a batch that are compared
SHARE = 3  # every third sentence is in a measurement of `extract`


def write(kind, options):
    """Exports the model, once for all rows: ONNX of Keras 3 by PyTorch, whichever backend is measured."""
    if kind != 'saved' and sys.version_info >= (3, 8):
        os.environ['KERAS_BACKEND'] = 'torch'
    from gplinker_kit.export.facts import ONNX_FILE
    from gplinker_kit.export.writing import export_model
    from gplinker_kit.model_folder import current_version

    folder = os.path.join(options['exported'], kind)
    if not os.path.exists(folder):
        export_model(options['model'], folder, 'saved-model' if kind == 'saved' else 'onnx', int8=kind == 'int8')
    path = os.path.join(current_version(folder), ONNX_FILE)
    yield {} if kind == 'saved' else {'note': '%.1f MiB of ONNX' % (os.path.getsize(path) / 2**20)}


def read(kind, options):
    """Returns (extractor, GPLinker or None, {package: version}); onnxruntime on one thread, without an engine."""
    from gplinker_kit.export.facts import ONNX_FILE
    from gplinker_kit.export.session import OnnxPredictor
    from gplinker_kit.loading import engine_of, load_version
    from gplinker_kit.model_folder import current_version

    if kind in ('onnx', 'int8'):
        version = current_version(os.path.join(options['exported'], kind))
        extractor = load_version(version, BATCH)
        extractor.predict = OnnxPredictor(os.path.join(version, ONNX_FILE), threads=1)
        return extractor, None, engine_of(version)
    from gplinker_kit.gplinker import GPLinker

    made = GPLinker.load(options['model'])
    extractor, versions = made.extractor(batch_size=BATCH), engine_of(current_version(options['model']))
    if kind == 'keras':
        return extractor, made, versions
    extractor.predict = saved_predictor(current_version(os.path.join(options['exported'], kind)))
    return extractor, None, versions


def saved_predictor(version):
    """Returns a function of token and segment ids that runs a SavedModel, by TensorFlow alone."""
    import tensorflow as tf

    from gplinker_kit.export.facts import OUTPUTS, read_facts

    names = read_facts(version)['inputs']
    if tf.__version__.startswith('1.'):
        session = tf.compat.v1.Session(graph=tf.Graph())
        signature = tf.compat.v1.saved_model.load(session, ['serve'], version).signature_def['serving_default']
        run = session.make_callable([signature.outputs[name].name for name in OUTPUTS],
                                    [signature.inputs[name].name for name in names])
        return lambda *given: run(*given[:len(names)])
    loaded = tf.saved_model.load(version)

    def predict(*given):
        found = loaded.signatures['serving_default'](**{name: tf.constant(ids) for name, ids in zip(names, given)})
        return [found[name].numpy() for name in OUTPUTS]

    return predict


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
    chosen = texts[::SHARE]
    extractor.extract(chosen)
    while True:
        started = time.process_time()
        extractor.extract(chosen)
        yield len(chosen) / (time.process_time() - started)


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
        started = time.process_time()
        for _ in range(1 if options['quick'] else 5):
            run(ids, np.zeros_like(ids))
        yield (1 if options['quick'] else 5) * BATCH / (time.process_time() - started)


VARIANTS = {
    'write_saved': lambda options: write('saved', options),
    'saved_extract': lambda options: extract('saved', options),
}
for _kind in ('onnx', 'int8', 'keras'):
    VARIANTS[_kind + '_extract'] = lambda options, kind=_kind: extract(kind, options)
    VARIANTS[_kind + '_predict'] = lambda options, kind=_kind: predict(kind, options)
    if _kind != 'keras':
        VARIANTS['write_' + _kind] = lambda options, kind=_kind: write(kind, options)

if __name__ == '__main__':
    serve(VARIANTS)
