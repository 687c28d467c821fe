"""The load script on a server without a model: what its clients see is counted, and an error misses the goal."""

from types import SimpleNamespace
from urllib.parse import urlsplit

from benchmarks.serving_load import measure, table
from tests.serving.fakes import Finder, served


def loaded(bodies):
    options = SimpleNamespace(clients=8, warmup=0.05, seconds=0.3, minutes=0.005, goal=2.0, growth=0.5)
    with served(Finder(delay=0.01)) as port:
        return measure(urlsplit('http://127.0.0.1:%d' % port), bodies, options)


def test_many_clients_beside_one_and_what_went_wrong():
    result = loaded([b'{"text": "a"}'])
    assert result['ratio'] > 1.5 and result['many']['errors'] == {} and len(result['memory']) == 11
    assert result['many']['requests'] > result['one']['requests'] > 3
    assert result['one']['p50'] <= result['one']['p99'] and '| 8 |' in table(result)
    wrong = loaded([b'{"text": 1}'])
    assert list(wrong['many']['errors']) == ['422'] and not wrong['met'] and 'missed' in table(wrong)
