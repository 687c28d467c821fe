"""What a decoder is told: the scores that count as found, what becomes of doubtful events, and how long it may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gplinker_kit.errors import check_keywords, hint

HEADS = ('arguments', 'heads', 'tails')
# What each field of Policy may say, its default first.
CHOICES = {
    'trigger_policy': ('keep', 'drop'),
    'unlinked': ('keep', 'drop', 'attach'),
    'contained': ('keep', 'drop'),
    'same_span': ('together', 'apart'),
    'same_text': ('apart', 'together'),
}
BOUNDS = ('max_positives', 'max_nodes', 'max_cliques', 'max_seconds')


def _is_finite(value):
    """Whether a value is a number with a finite float; whole numbers of JSON have any length."""
    try:
        return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:
        return False


@dataclass(frozen=True)
class Thresholds:
    """The score that a cell of each head must exceed; 0 is what the training loss aims at.

    Each is one number or a sequence: for `arguments` one number a label, in the order of `schema.labels`; for `heads`
    and `tails`, where links are typed, one number an event type, in the order of `schema.event_types`.
    """

    arguments: float | tuple[float, ...] = 0.0
    heads: float | tuple[float, ...] = 0.0
    tails: float | tuple[float, ...] = 0.0

    def __post_init__(self):
        for name in HEADS:
            value = getattr(self, name)
            if isinstance(value, (list, tuple, np.ndarray)):
                value = tuple(np.asarray(value).tolist())
                object.__setattr__(self, name, value)
            for number in value if isinstance(value, tuple) else (value,):
                if not _is_finite(number):
                    raise ValueError('the threshold of %r must be a finite number, got %.80r' % (name, number))

    def of_links(self, labels: int) -> list[tuple[float, float]]:
        """Returns [(head threshold, tail threshold)], one pair for each of the link heads' labels.

        Raises:
            ValueError: a sequence of another length.
        """
        columns = []
        for name in HEADS[1:]:
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != labels:
                raise ValueError('the threshold of %s must be one number%s, got %d numbers' % (
                    name, ' or %d, one an event type' % labels if labels > 1 else ': links are not typed', len(value)))
            columns.append(value if isinstance(value, tuple) else (value,) * labels)
        return list(zip(*columns))

    def to_dict(self) -> dict[str, Any]:
        """Returns {'arguments': ..., 'heads': ..., 'tails': ...}, ready for JSON."""
        values = ((name, getattr(self, name)) for name in HEADS)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Thresholds:
        """Builds Thresholds from such a dict; absent heads are 0. Raises ValueError naming an unknown head."""
        check_keywords(values, HEADS, 'Thresholds')
        return cls(**values)


@dataclass(frozen=True)
class Policy:
    """What becomes of doubtful events, and how much work one text may cost.

    The same object serves evaluation, extraction and submission. `same_text` is applied in events/same_text.py; what
    the values of the next four do to a set of events is decided in events/drafts.py, in the order in which they are
    listed here.

    Attributes:
        same_text: 'apart': each mention of a word is a span of its own. 'together': the mentions of one text are one
            span, with the roles and the links of all of them, and it stands at the first. For corpora whose values
            have no place, where an event has a value once, wherever and however often it is mentioned.
        same_span: 'together': the roles of one span need no link to be in one event. 'apart': they do, the one of the
            span with itself (diagonal cells of the link heads); without it the span stands for each of its roles
            separately, in different events. An item of an enum role has no span of its own and stays with the trigger.
        trigger_policy: 'keep' or 'drop' events without a trigger.
        unlinked: what becomes of a span without the trigger role that is linked to no other of its type. 'keep' it as
            an event of its own, 'drop' it, or 'attach' it: it joins the event of its type with the best mean of link
            logits. Where its type has no other event it stays one of its own. A lone trigger is an event in any case.
        contained: 'keep' or 'drop' an event whose arguments, roles and spans, are all among those of another one of its
            type, whatever the triggers.
        max_positives: argument cells, the best ones.
        max_nodes: spans of one event type, the best ones.
        max_cliques: see `maximal_cliques`, for one event type.
        max_seconds: time for the clique searches. None is no bound, for each of the four. They are for a text that
            fits the model; one that is read in k windows may take k times as much.
    """

    same_text: str = 'apart'
    same_span: str = 'together'
    trigger_policy: str = 'keep'
    unlinked: str = 'keep'
    contained: str = 'keep'
    max_positives: int | None = 500
    max_nodes: int | None = 128
    max_cliques: int | None = 128
    max_seconds: float | None = 5.0

    def __post_init__(self):
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise ValueError('%s must be one of %s, got %r.%s'
                                 % (name, ', '.join(repr(c) for c in choices), value, hint(value, choices)))
        for name in BOUNDS:
            bound = getattr(self, name)
            if bound is not None and not bound >= 0:
                raise ValueError('%s must be None or at least 0, got %r' % (name, bound))

    def bound(self, name: str, windows: int) -> float | None:
        """Returns one of the bounds for a text of so many windows, or None."""
        value = getattr(self, name)
        return None if value is None else value * windows

    def to_dict(self) -> dict[str, Any]:
        """Returns the attributes as a dict, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Policy:
        """Builds a Policy from such a dict; what is absent has its default. Raises ValueError for unknown names."""
        check_keywords(values, tuple(CHOICES) + BOUNDS, 'Policy')
        return cls(**values)


# What `GPLinker` and the commands use unless told otherwise. `Policy()` decodes as the published scripts do. On the
# 899 dev sentences of FewFC this one raised the strict event F1 of one model from 12.6 to 15.2 at thresholds 0, and
# from 19.2 to 19.7 at tuned ones; argument F1 and official F1 were the same.
RECOMMENDED = Policy(unlinked='attach', contained='drop')

# The same for documents whose values have no places, DuEE-fin. Its score compares events, so that an event with fewer
# arguments than another one of its type counts by itself.
DOCUMENTS = Policy(same_text='together', unlinked='attach', contained='keep')
