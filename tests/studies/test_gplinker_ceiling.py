"""What the ceiling study counts, on texts small enough to see."""

from gplinker_kit.events import TRIGGER, Argument, Event, Example
from studies import gplinker_ceiling as ceiling

TEXT = 'abcdefgh'
OFFSETS = [(0, 0)] + [(k, k + 1) for k in range(len(TEXT))] + [(0, 0)]


def event(event_type, trigger, **roles):
    """An event whose nodes are single letters of TEXT."""
    def node(role, letter):
        return Argument(role, letter, TEXT.index(letter))

    return Event(event_type, node(TRIGGER, trigger) if trigger else None,
                 tuple(node(role, letter) for role, letter in sorted(roles.items())))


def causes(*events):
    """Returns (what the steps lose, by cause, the step's number of recovered gold events)."""
    gold = ceiling.gold_sets(Example(TEXT, events))
    steps = list(ceiling.decode_steps(gold, OFFSETS))
    lost = [ceiling.cause_of(nodes, event_type, gold, steps) for event_type, found in sorted(gold.items())
            for nodes in sorted(found, key=sorted) if nodes not in steps[-1].get(event_type, ())]
    return lost, [sum(len(found & step.get(event_type, set())) for event_type, found in gold.items()) for step in steps]


def test_nothing_is_lost_of_two_events_that_share_a_trigger():
    assert causes(event('A', 'a', x='b', y='c'), event('A', 'a', x='d', y='e')) == ([], [2] * 5)


def test_an_event_inside_another_one():
    lost, kept = causes(event('A', 'a', x='b'), event('A', 'a', x='b', y='c'))
    assert lost == ['contained in another event'] and kept == [1] * 5


def test_a_clique_of_three_events():
    lost, kept = causes(event('A', None, x='a', y='b'), event('A', None, y='b', z='c'),
                        event('A', None, x='a', z='c'))
    assert lost == ['phantom clique'] * 3 and kept == [0] * 5


def test_links_of_another_type():
    # In A the spans b and c are in different events; B links them, so that without types A has one event of all three.
    lost, kept = causes(event('A', 'a', x='b'), event('A', 'a', y='c'), event('B', None, x='b', y='c'))
    assert lost == ['link of another type'] * 2 and kept == [3, 1, 1, 1, 1]


def test_a_clique_of_three_events_one_of_whose_spans_has_two_roles():
    lost, _ = causes(event('A', None, x='a', y='b'), event('A', None, y='b', z='c'), event('A', None, x='a', w='c'))
    assert lost == ['phantom clique'] * 3


def test_what_tokens_cannot_show():
    tokens = [(0, 0), (0, 2), (2, 3), (0, 0)]  # b ends the first token, so a alone is none; d and later are cut off
    gold = ceiling.gold_sets(Example(TEXT, [event('A', 'a', x='c')]))
    steps = list(ceiling.decode_steps(gold, tokens))
    (nodes,), = gold.values()
    assert ceiling.cause_of(nodes, 'A', gold, steps) == 'ends within a token'
    steps[3] = steps[2]
    assert ceiling.cause_of(nodes, 'A', gold, steps) == 'beyond 256 tokens'


def test_roles_of_one_span():
    lost, _ = causes(event('A', 'a', x='b', y='c'), event('A', 'd', x='c', y='e'))
    assert set(lost) == {'roles of one span mixed'}
