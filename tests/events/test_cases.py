"""A text that is cut to the tokens that matter decodes like the whole one."""

import numpy as np
import pytest

from gplinker_kit.events.cases import FLOOR, make_case
from gplinker_kit.events.decoder import decode_windows
from gplinker_kit.events.policy import Policy, Thresholds
from tests.events.decoding import SCHEMA
from tests.events.scored import scored_texts

POLICIES = Policy(), Policy(unlinked='drop', trigger_policy='drop'), Policy(unlinked='attach', same_span='apart')


@pytest.mark.parametrize('size', [None, 8, 14])
@pytest.mark.parametrize('typed', [False, True])
@pytest.mark.parametrize('policy', POLICIES, ids=['keep', 'drop', 'attach'])
def test_the_events_stay_the_same(size, typed, policy):
    random, found, tokens = np.random.RandomState(5), 0, []
    for text, gold, windows in scored_texts(12, seed=3, size=size, typed=typed):
        case = make_case(text, gold, windows, SCHEMA)
        tokens.append(sum(len(offsets) for _, offsets, _ in case.windows))
        for _ in range(4):
            thresholds = Thresholds(random.uniform(FLOOR, 4), random.uniform(-5, 3), random.uniform(-5, 3))
            whole = decode_windows(text, windows, SCHEMA, thresholds, policy)
            assert decode_windows(text, case.windows, SCHEMA, thresholds, policy).events == whole.events
            found += len(whole.events)
    assert found > 50


def test_only_tokens_of_candidates_are_held():
    (text, gold, windows), = scored_texts(1, seed=4, noise=0.0)
    case = make_case(text, gold, windows, SCHEMA, floor=0.0)
    places = {n.start for e in gold for n in e.nodes()} | {n.start + len(n.text) - 1 for e in gold for n in e.nodes()}
    (first, offsets, packed), = case.windows
    assert first == 0 and [start for start, _ in offsets] == sorted(places)
    assert [array.shape[0] for array in packed] == [len(places)] * 3
    assert case.spans.tolist() == [[place, place + 1] for place in sorted(places)]
    found = {(case.spans[i, 0], case.spans[j, 1]) for i, j in zip(case.cells.start, case.cells.end)}
    assert found == {(n.start, n.start + len(n.text)) for e in gold for n in e.nodes()}


def test_a_text_without_candidates_has_no_window():
    (text, gold, windows), = scored_texts(1, noise=0.0)
    case = make_case(text, gold, windows, SCHEMA, floor=50.0)
    assert case[:3] == (text, tuple(gold), []) and len(case.spans) == len(case.cells.label) == 0
