"""The settings of a GPLinker. Reading them needs no engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from gplinker_kit.events.corpus import DUEE, find_corpus


@dataclass(frozen=True)
class Settings:
    """What it takes to build the same network again, and to read texts as it was trained on them.

    model: name in `MODELS`. encoder: keyword arguments of the encoder. head_size: int, width of the pointers.
    max_length: int, most tokens a window, [CLS] and [SEP] included; longer texts are cut into overlapping windows.
    do_lower_case: bool, of the tokenizer. typed_links: bool, links of each event type have scores of their own.
    window_stride: int, tokens from the start of one window to the start of the next, or None for half a window.
    corpus: name in `events.corpus.CORPORA`, of what it was trained on; folders that name none are of DuEE.
    Raises: ValueError: an unknown corpus.
    """

    model: str = 'roformer_v2'
    encoder: dict = field(default_factory=dict)
    head_size: int = 64
    max_length: int = 256
    do_lower_case: bool = True
    typed_links: bool = False
    window_stride: int | None = None
    corpus: str = DUEE.name

    def __post_init__(self):
        find_corpus(self.corpus)
