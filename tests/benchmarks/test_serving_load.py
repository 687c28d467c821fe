"""The load script on a server without a model: what its clients see is counted, and an error misses the goal."""

import json
from types import SimpleNamespace
from urllib.parse import urlsplit

from benchmarks.serving_load import BURST, SAMPLES, bodies_of, measure, table
from tests.serving.fakes import Finder, served


def loaded(texts, **options):
    options = SimpleNamespace(**dict(dict(clients=8, warmup=0.05, seconds=0.15, minutes=0.005, rate=None), **options))
    with served(Finder(delay=0.01), max_queue=BURST) as port:
        rows, facts = measure(urlsplit('http://127.0.0.1:%d' % port), texts, options)
    return {row['name']: row for row in rows}, facts


def test_many_clients_beside_one_more_than_the_queue_takes_and_memory():
    rows, facts = loaded(['a', 'b'], rate=40.0)
    clients, memory = rows['clients'], rows['memory']
    assert clients['ratio'] > 1.5 and len(clients['runs']['ours']) == len(clients['runs']['peer']) == 5
    assert facts['many']['errors'] == {} and facts['many']['requests'] > facts['one']['requests'] > 3
    assert facts['many']['p50'] <= facts['many']['p99'] and facts['burst']['refused'] > 0
    assert 5 < facts['steady']['requests'] <= 8 + 40 * facts['steady']['seconds']
    assert len(facts['memory']) == SAMPLES + 1 and memory['ours'] > 1 and memory['goal'] == 0.95
    assert table(facts).count('\n| 8 |') == 3 and 'errors of all phases: 0' in clients['note']


def test_an_error_misses_the_goal():
    rows, facts = loaded(['坏'], seconds=0.05, minutes=0.001)
    assert list(facts['many']['errors']) == ['500'] and not rows['clients']['met']


def test_bodies_go_round_the_texts():
    assert [json.loads(body.decode())['text'] for body in bodies_of(['a', 'b'], 1)] == ['a', 'b']
    assert [json.loads(body.decode())['texts'] for body in bodies_of(['a', 'b', 'c'], 2)] == [['a', 'b'], ['c', 'a']]
