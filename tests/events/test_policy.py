import json

import numpy as np
import pytest

from gplinker_kit.events.policy import CHOICES, Policy, Thresholds
from gplinker_kit.events.schema import Schema
from tests.events.decoding import decoded


def test_thresholds_as_a_dict():
    for thresholds in (Thresholds(), Thresholds(0.5, -1.0, 2), Thresholds((0.0, 1.5)), Thresholds(0, (1., 2.), (3,))):
        assert Thresholds.from_dict(json.loads(json.dumps(thresholds.to_dict()))) == thresholds
    assert Thresholds(arguments=np.array([1.0, 2.0])).to_dict() == {'arguments': [1.0, 2.0], 'heads': 0.0, 'tails': 0.0}
    assert Thresholds(tails=[1, 2]).to_dict() == {'arguments': 0.0, 'heads': 0.0, 'tails': [1, 2]}
    with pytest.raises(ValueError, match="unknown keyword argument 'head'. Did you mean 'heads'"):
        Thresholds.from_dict({'head': 1.0})
    for bad in (float('nan'), '0', None, True, 10 ** 320):
        with pytest.raises(ValueError, match="threshold of 'tails' must be a finite number, got %.60r" % bad):
            Thresholds(tails=bad)
    for name in ('arguments', 'heads', 'tails'):
        with pytest.raises(ValueError, match='threshold of %r must be a finite number, got inf' % name):
            Thresholds(**{name: [0.0, float('inf')]})
    with pytest.raises(ValueError, match='threshold of arguments must be one finite number or 13'):
        decoded([], thresholds=Thresholds(arguments=[0.0]))


def test_thresholds_of_links():
    assert Thresholds(heads=1, tails=2).of_links(1) == [(1, 2)]
    assert Thresholds(heads=1, tails=(2, 3)).of_links(2) == [(1, 2), (1, 3)]
    with pytest.raises(ValueError, match='of heads must be one number or 3, one an event type, got 2 numbers'):
        Thresholds(heads=(1, 2)).of_links(3)
    with pytest.raises(ValueError, match='threshold of tails must be one number: links are not typed, got 2 numbers'):
        decoded([], thresholds=Thresholds(tails=(1, 2)))
    one_type = Schema([('胜负', ['胜者', '败者', '时间'])])
    assert decoded([], schema=one_type, thresholds=Thresholds(tails=(1,))).events == ()


def test_policy_names_what_it_does_not_know():
    with pytest.raises(ValueError, match="trigger_policy must be .*'drop', got 'drops'. Did you mean 'drop'"):
        Policy(trigger_policy='drops')
    with pytest.raises(ValueError, match="unlinked must be one of 'keep', 'drop', 'attach', got 'attached'"):
        Policy(unlinked='attached')
    with pytest.raises(ValueError, match='max_nodes must be None or at least 0, got -1'):
        Policy(max_nodes=-1)
    with pytest.raises(ValueError, match="unknown keyword argument 'contains'. Did you mean 'contained'"):
        Policy.from_dict({'contains': 'drop'})


def test_policy_as_a_dict():
    for policy in (Policy(), Policy(unlinked='attach', contained='drop', max_seconds=None), Policy(same_span='apart')):
        assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert all(getattr(Policy(), name) == values[0] for name, values in CHOICES.items()), 'the default comes first'


def test_a_text_of_several_windows_may_cost_more():
    policy = Policy(max_nodes=10, max_seconds=None)
    assert policy.bound('max_nodes', 3) == 30 and policy.bound('max_seconds', 3) is None
