"""Scores of broken and untrained models: refused by the head's name, or events of the text, within bounds."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.events.decoder import decode
from gplinker_kit.events.policy import CHOICES, HEADS, Policy
from tests.events.decoding import SCHEMA, packed_of

pytestmark = pytest.mark.once
CHEAP = settings(max_examples=50, deadline=None, derandomize=True)
BOUNDED = dict(max_positives=st.just(200), max_cliques=st.just(16))
POLICIES = st.builds(Policy, **dict({name: st.sampled_from(values) for name, values in CHOICES.items()}, **BOUNDED))


def random_scores(seed, n, links, shift):
    rng = np.random.RandomState(seed)
    return [(rng.randn(n, n + 2 * labels) * 3 + shift).astype('float32') for labels in (len(SCHEMA), links, links)]


def check(found, text):
    for event in found.events:
        assert 0 <= event.score <= 1
        for node in event.nodes():
            assert 0 <= node.score <= 1 and (node.start is None or text[node.start:node.end] == node.text != '')


@CHEAP
@given(seed=st.integers(0, 10 ** 6), n=st.integers(1, 9), part=st.integers(0, 2),
       value=st.sampled_from([np.nan, np.inf]), typed=st.booleans())
def test_one_broken_score_is_refused_by_the_name_of_its_head(seed, n, part, value, typed):
    packed = random_scores(seed, n, len(SCHEMA.event_types) if typed else 1, 0.0)
    place = seed % n
    packed[part][place, place] = value
    with pytest.raises(ValueError, match='the %s scores hold NaN' % HEADS[part]):
        decode('x' * n, [(k, k + 1) for k in range(n)], packed, SCHEMA)


@CHEAP
@given(seed=st.integers(0, 10 ** 6), n=st.integers(1, 10), shift=st.sampled_from([-40.0, 0.0, 2.0, 40.0]),
       policy=POLICIES, typed=st.booleans())
def test_whatever_the_scores_events_stand_in_the_text(seed, n, shift, policy, typed):
    """At a shift of 40 every cell is positive, at −40 none; bounds are told where they were met."""
    text = ''.join(chr(0x4e00 + k) for k in range(n))
    found = decode(text, [(k, k + 1) for k in range(n)],
                   random_scores(seed, n, len(SCHEMA.event_types) if typed else 1, shift), SCHEMA, policy=policy)
    check(found, text)
    if shift == -40:
        assert found.events == () and not found.truncated
    if shift == 40:
        assert found.events and ('max_positives' in found.limits) == (n * (n + 1) // 2 * len(SCHEMA) > 200)


@pytest.mark.parametrize('bound, nodes', [(None, 200), (128, 128)])
def test_a_complete_graph_of_200_spans_is_one_event(bound, nodes):
    text = ''.join(chr(0x4e00 + k) for k in range(200))
    label = SCHEMA.index('胜负', '胜者')
    packed = packed_of([{(label, k + 1, k + 1) for k in range(200)}, set(), set()], text)
    for part in packed[1:]:
        part[:] = 3.0
    started = time.process_time()
    offsets = [(0, 0)] + [(k, k + 1) for k in range(200)] + [(0, 0)]
    found = decode(text, offsets, packed, SCHEMA, policy=Policy(max_nodes=bound))
    assert [len(event.arguments) for event in found.events] == [nodes]
    assert found.truncated == (bound is not None) and time.process_time() - started < 5
    check(found, text)
