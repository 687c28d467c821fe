"""The systems by name."""

from __future__ import annotations

from gplinker_kit.baselines.grouped import Grouped
from gplinker_kit.baselines.joint import Joint
from gplinker_kit.baselines.names import CRF, GPLINKER, GROUPED, PIPELINE, check_system
from gplinker_kit.baselines.pipeline import Pipeline
from gplinker_kit.baselines.sequence_tagger import SequenceTagger

SYSTEMS = {GPLINKER: Joint, GROUPED: Grouped, PIPELINE: Pipeline, CRF: SequenceTagger}


def make_system(name, settings, schema, tokenizer, checkpoint=None):
    """Returns an untrained system.

    Its `networks`, a tuple of Network, are what `training.train` trains. `predict(texts)` gives events, with all
    thresholds 0. To try others, `readings(texts)` reads texts once, and `decide(reading, point)` gives the events of
    one at the thresholds that `axes` names; `tuning.crossfit` finds good ones.

    Arguments:
        name: one of `SYSTEMS`. settings: Settings of a GPLinker, whose encoder, head size and windows all systems have
            ('typed_links' concerns GPLinker alone). schema: Schema. tokenizer: Tokenizer. checkpoint: encoder weights,
            as `build_transformer_model` takes them, or None.
    Raises:
        ValueError: an unknown name, or what the networks refuse.
    """
    return SYSTEMS[check_system(name)](settings, schema, tokenizer, checkpoint)
