"""Variants of the benchmark of batched prediction: `python -m benchmarks.batched_prediction_ours VARIANT OPTIONS`.

Options: size, of the encoder. documents: how many, of which `one_at_a_time` takes a share in each measurement. weights:
path that `train` writes and the others read, with the thresholds beside it.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

import numpy as np

from benchmarks import fewfc
from benchmarks.gplinker_ours import flat, learn_a_little, make_gplinker, versions
from benchmarks.processes import serve

BATCH, JOINED, SHARE, CLOSE, FITTED = 32, 8, 5, 1e-4, 100
RATES = {'tiny': 2e-3, 'small': 1e-3}
TASK = 'tnews'
TNEWS = os.path.join(fewfc.DATA, 'clue', TASK)
TASK_LENGTH = 64


def train(options):
    """Trains for a moment and saves, once for all rows of a size; see `gplinker_ours.train_for_extract`.

    After so few steps a model says too much or too little, and what it says of a long text takes any time to decode.
    So the thresholds are those at which it finds as many arguments as are annotated.
    """
    from gplinker_kit.files import write_json
    from gplinker_kit.models.weights import save_weights

    steps = 30 if options['quick'] else 200
    if not os.path.exists(options['weights']):
        made = make_gplinker(steps, size=options['size'], rate=RATES[options['size']])
        learn_a_little(made, steps, 16 if options['quick'] else BATCH)
        write_json(options['weights'] + '.json', {
            read.__name__: fitting_threshold(made, read(FITTED)) for read in (sentences, documents)})
        save_weights(made.model, options['weights'])
    yield {'note': 'the weights come from %d steps of training; at the threshold taken as many arguments are found as '
                   'are annotated' % steps}


def fitting_threshold(made, examples):
    """Returns the threshold at which a model finds as many arguments in examples as they have."""
    from gplinker_kit.events.scores import positives

    scores = [positives(packed, len(made.schema), valid, -30.0, max_positives=100).score
              for _, (packed, _, _), valid in scored(made, [example.text for example in examples])]
    count = sum(len({(event.event_type, node.role, node.start, node.text)
                     for event in example.events for node in event.nodes()}) for example in examples)
    return float(np.sort(np.concatenate(scores))[::-1][count])


def scored(made, texts):
    """Yields (number of the text, packed scores, boolean (n,): tokens of the text) of each window."""
    encoded = made.tokenizer.encode_batch_with_offsets(texts, maxlen=None)
    for batch in made.extractor(batch_size=BATCH).score_windows(encoded, range(len(texts))):
        for k, window, packed, _ in batch:
            place = np.arange(len(packed[0]))
            yield k, packed, (place > 0) & (place < len(window.ids) - 1)


# === Documents ===


def joined(examples):
    """Returns one labelled Example of the texts of several, one behind the other."""
    from gplinker_kit.events import Example

    text, events = '', []
    for example in examples:
        for event in example.events:
            trigger, arguments = (_moved(nodes, len(text)) for nodes in ((event.trigger,), event.arguments))
            events.append(replace(event, trigger=trigger[0], arguments=arguments))
        text += example.text
    return Example(text, events)


def _moved(nodes, by):
    return tuple(node if node is None or node.start is None else replace(node, start=node.start + by) for node in nodes)


def sentences(count):
    """Returns `count` labelled sentences of FewFC, dev first."""
    return (fewfc.examples(fewfc.DEV) + fewfc.examples(fewfc.TRAIN))[:count]


def documents(count):
    """Returns a fifth as many documents, each of JOINED sentences."""
    found = sentences(max(1, count // 5) * JOINED)
    return [joined(found[at:at + JOINED]) for at in range(0, len(found), JOINED)]


# === Events ===


def trained(options, kind):
    """Returns the GPLinker with the weights that `train` left, and the threshold for 'sentences' or 'documents'."""
    from gplinker_kit.events import Thresholds
    from gplinker_kit.files import read_json
    from gplinker_kit.models.weights import load_weights

    made = make_gplinker(1000, size=options['size'])
    load_weights(made.model, options['weights'])
    made.thresholds = Thresholds(arguments=read_json(options['weights'] + '.json')[kind])
    return made


def evaluated(examples, extractions):
    """Scores, as `gplinker evaluate` does."""
    from gplinker_kit.events import score_events

    return score_events([example.events for example in examples], [found.events for found in extractions])


def submitted(examples, extractions, path):
    """Writes the file to hand in, as `gplinker submit` does."""
    from gplinker_kit.events.submission import submission_line, write_submission

    write_submission(path, [submission_line(k, found.events) for k, found in enumerate(extractions)])


def events(read, batched, finish, options):
    """Documents/s from texts to scores, or to the file to hand in.

    read: function of a number -> labelled examples. batched: whether all texts are extracted together; else each by
    itself, `window`: each window by itself too. finish: 'evaluate' or 'submit'.
    """
    examples, made = read(options['documents']), trained(options, read.__name__)
    extractor = made.extractor(batch_size=1 if batched == 'window' else BATCH)
    path = os.path.join(options['folder'], 'submission-%d.json' % os.getpid())

    def run(chosen):
        texts = [example.text for example in chosen]
        if batched == 'all':
            found = extractor.extract(texts)
        else:
            found = [extractor.extract([text])[0] for text in texts]
        if finish == 'submit':
            submitted(chosen, found, path)
        else:
            evaluated(chosen, found)
        return found

    found = run(examples)
    chosen = examples if batched == 'all' else examples[::SHARE]
    run(chosen)
    yield {
        'versions': versions(), 'events': [[flat(event) for event in one.events] for one in found],
        'limits': sum(one.truncated for one in found),
        'close': [] if batched == 'all' else close_texts(made, [example.text for example in examples]),
        'documents': len(examples), 'measured': len(chosen), 'tokens': _tokens(made, examples),
        'parameters': int(made.model.count_params()), 'quick': options['quick'],
    }
    while True:
        started = time.perf_counter()
        run(chosen)
        yield len(chosen) / (time.perf_counter() - started)


def _tokens(made, examples):
    encoded = made.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    return sum(len(ids) for ids, _, _ in encoded)


def close_texts(made, texts):
    """Returns the numbers of those texts in which some score lies within CLOSE of its threshold."""
    from gplinker_kit.events.scores import positives

    labels, close = (len(made.schema), made.link_labels, made.link_labels), set()
    for k, packed, valid in scored(made, texts):
        for scores, count, threshold in zip(packed, labels, made.thresholds.to_dict().values()):
            found = [len(positives(scores, count, valid, np.add(threshold, by)).label) for by in (-CLOSE, CLOSE)]
            if found[0] != found[1]:
                close.add(k)
    return sorted(close)


# === A task of CLUE ===


def classification(batched, options):
    """Texts/s of tnews from texts to labels and their accuracy; the weights are random, which takes as long."""
    from gplinker_kit import backend
    from gplinker_kit.clue import score
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size
    from gplinker_kit.tasks import TaskModel, TaskSettings

    backend.set_random_seed(0)
    tokenizer = fewfc.tokenizer()
    encoder = resolve_config(
        None, 'roformer_v2', **dict(named_size(options['size']), vocab_size=tokenizer._vocab_size))
    made = TaskModel(TaskSettings(TASK, TASK_LENGTH, 'roformer_v2', encoder), tokenizer)
    examples = made.read(TNEWS, 'dev')[:options['documents']]

    def run(chosen):
        if batched == 'all':
            found = made.predict(chosen, BATCH)
        else:
            found = [made.predict([example])[0] for example in chosen]
        score(TASK, chosen, found)
        return found

    found = run(examples)
    chosen = examples if batched == 'all' else examples[::SHARE]
    run(chosen)
    yield {'versions': versions(), 'labels': found, 'close': [] if batched == 'all' else close_labels(made, examples),
           'documents': len(examples), 'measured': len(chosen), 'parameters': int(made.model.count_params())}
    while True:
        started = time.perf_counter()
        run(chosen)
        yield len(chosen) / (time.perf_counter() - started)


def close_labels(made, examples):
    """Returns the numbers of those examples whose best two labels are within CLOSE of each other."""
    items, _ = made.encode(examples)
    logits = np.concatenate([
        np.asarray(made.model.predict_on_batch(made.inputs(items[at:at + BATCH], TASK_LENGTH)))
        for at in range(0, len(items), BATCH)])
    best = np.sort(logits, axis=1)[:, -2:]
    return np.flatnonzero(best[:, 1] - best[:, 0] < CLOSE).tolist()


VARIANTS = {'train': train}
for _name, _batched in (('batched', 'all'), ('one_at_a_time', 'window'), ('document_at_a_time', 'text')):
    for _finish in ('evaluate', 'submit'):
        for _read in (sentences, documents):
            VARIANTS['%s_%s_%s' % (_finish, _read.__name__, _name)] = (
                lambda options, read=_read, batched=_batched, finish=_finish: events(read, batched, finish, options))
    VARIANTS['tnews_' + _name] = lambda options, batched=_batched: classification(batched, options)

if __name__ == '__main__':
    serve(VARIANTS)
