"""Tuning a model's thresholds on labelled texts: predict once, then events/tuning.py."""

from __future__ import annotations

from gplinker_kit.events.cases import make_case
from gplinker_kit.events.tuning import tune


def gather_cases(gplinker, examples, batch_size=32, progress=None):
    """Predicts the labelled examples (others are left out) and returns what tuning needs, one Case an example.

    progress: called as progress(done, total), in numbers of texts, once a batch.
    """
    examples = [example for example in examples if example.events is not None]
    encoded = gplinker.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    scored, cases, done = [], [None] * len(examples), 0
    for batch in gplinker.extractor(batch_size=batch_size).score_windows(encoded, range(len(examples))):
        for k, window, packed, is_last in batch:
            scored.append((window.first, window.offsets, packed))
            if is_last:
                cases[k] = make_case(examples[k].text, examples[k].events, scored, gplinker.schema)
                scored, done = [], done + 1
        if progress is not None:
            progress(done, len(examples))
    return cases


def tune_thresholds(gplinker, examples, objective=None, policy=None, batch_size=32, slack=0.0, progress=None,
                    corpus=None):
    """Gives a GPLinker the thresholds that are best for labelled examples; its curves are replaced as well.

    Arguments:
        examples: list of Example, unlabelled ones are left out. objective, slack: as in `events.tuning.tune`; the
            objective is by default the corpus's. policy: Policy, by default the corpus's, as everywhere else.
            progress: as in `gather_cases`. corpus: Corpus that the examples are of, by default the GPLinker's.
    Returns:
        Tuned.
    Raises:
        ValueError: no labelled example, an objective that the corpus does not have. ImportError: documents without
            scipy.
    """
    corpus = gplinker.corpus if corpus is None else corpus
    objective = corpus.objective if objective is None else objective
    corpus.check_objective(objective)
    cases = gather_cases(gplinker, examples, batch_size, progress)
    policy = corpus.policy if policy is None else policy
    tuned = tune(cases, gplinker.schema, policy, objective, slack, positions=corpus.positions)
    gplinker.thresholds, gplinker.threshold_curves = tuned.thresholds, tuned.curves
    return tuned
