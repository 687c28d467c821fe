"""Tuning a model's thresholds on labelled texts: predict once, then events/tuning.py."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gplinker_kit.events.cases import make_case
from gplinker_kit.events.extractor import bucket_batch, bucket_length, pad_batch
from gplinker_kit.events.policy import RECOMMENDED
from gplinker_kit.events.tuning import tune
from gplinker_kit.events.windows import cut_windows

MULTIPLE = 16  # lengths of batches are multiples of this: few shapes to compile


def gather_cases(gplinker, examples, batch_size=32, progress=None):
    """Predicts the labelled examples (others are left out) and returns what tuning needs, one Case an example.

    progress: called as progress(done, total), in numbers of texts, once a batch.
    """
    examples = [example for example in examples if example.events is not None]
    settings = gplinker.settings
    encoded = gplinker.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    order = sorted(range(len(examples)), key=lambda k: -min(len(encoded[k][0]), settings.max_length))
    windows = [(k, window) for k in order
               for window in cut_windows(encoded[k], settings.max_length, settings.window_stride)]
    left, scored, cases = Counter(k for k, _ in windows), {}, [None] * len(examples)
    for begin in range(0, len(windows), batch_size):
        batch = windows[begin:begin + batch_size]
        width = bucket_length(max(len(window.ids) for _, window in batch), MULTIPLE, settings.max_length)
        height = bucket_batch(len(batch), batch_size)
        outputs = gplinker.predict(pad_batch([window.ids for _, window in batch], width, height),
                                   pad_batch([window.segments for _, window in batch], width, height))
        for row, (k, window) in enumerate(batch):
            n = len(window.ids)
            packed = [np.concatenate([output[row, :n, :n], output[row, :n, width:]], axis=1) for output in outputs]
            scored.setdefault(k, []).append((window.first, window.offsets, packed))
            left[k] -= 1
            if not left[k]:
                cases[k] = make_case(examples[k].text, examples[k].events, scored.pop(k), gplinker.schema)
        if progress is not None:
            progress(len(examples) - sum(map(bool, left.values())), len(examples))
    return cases


def tune_thresholds(gplinker, examples, objective='sum', policy=None, batch_size=32, slack=0.0, progress=None):
    """Gives a GPLinker the thresholds that are best for labelled examples; its curves are replaced as well.

    Arguments:
        examples: list of Example, unlabelled ones are left out. objective, slack: as in `events.tuning.tune`.
        policy: Policy, by default `RECOMMENDED`, as everywhere else. progress: as in `gather_cases`.
    Returns:
        Tuned.
    Raises:
        ValueError: no labelled example, an unknown objective.
    """
    cases = gather_cases(gplinker, examples, batch_size, progress)
    tuned = tune(cases, gplinker.schema, RECOMMENDED if policy is None else policy, objective, slack)
    gplinker.thresholds, gplinker.threshold_curves = tuned.thresholds, tuned.curves
    return tuned
