"""Load on `gplinker serve`: one client and many in turn, more texts than its queue takes, then many for a long time.

    python benchmarks/serving_load.py --model runs/model --minutes 10 --json benchmarks/results/serving-load-….json

Each client is a thread with a connection of its own that sends one text after the other; one that gets 503 waits as
long as Retry-After says. The server is started here, in a process of its own, on a free port; --url names one that runs
already. The rows are

* `clients`: requests/s of all clients beside those of one, in turn, without an error. Then each client sends `BURST`
  texts a request, which is more than the queue takes: 503 has to come, and no other error.
* `memory`: the server's resident memory, from its own /metrics, at the end of --minutes beside that at their start.
  --rate bounds the requests/s of all clients together in these minutes, where the machine does other work, too.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common  # noqa: E402
from benchmarks.common import ROUNDS, SKIPPED, number, say  # noqa: E402
from gplinker_kit.events.inputs import read_inputs  # noqa: E402

TITLE, TEXTS, BURST, SAMPLES = 'Load on gplinker serve', 'examples/corpus/duee_dev.json', 64, 20
GOAL, GROWTH = 2.0, 0.05
ENGINE = """
import json, sys
from gplinker_kit.loading import engine_of
from gplinker_kit.model_folder import current_version
print(json.dumps(engine_of(current_version(sys.argv[1]))))
"""


class Tally:
    """What clients saw. `latencies`: seconds of the answers with events; `seconds`: how long it took altogether."""

    def __init__(self):
        self.latencies, self.refused, self.errors, self.seconds = [], 0, {}, 0.0
        self.lock = threading.Lock()

    def add(self, status, seconds):
        with self.lock:
            if status == 200:
                self.latencies.append(seconds)
            elif status == 503:
                self.refused += 1
            else:
                self.errors[str(status)] = self.errors.get(str(status), 0) + 1

    def facts(self, clients, texts=1):
        ordered = sorted(self.latencies)
        at = {'p%d' % q: ordered[len(ordered) * q // 100] for q in (50, 95, 99) if ordered}
        return dict(at, clients=clients, texts=texts, seconds=self.seconds, requests=len(ordered),
                    rate=len(ordered) / self.seconds, errors=self.errors, refused=self.refused)


# === Clients ===


def client(address, bodies, first, until, interval, tally):
    """Sends bodies, beginning with number `first`, until `until`, a time of `time.monotonic`, one an `interval`."""
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    position = first
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            connection.request('POST', '/extract', bodies[position % len(bodies)], {'Content-Type': 'application/json'})
            response = connection.getresponse()
            response.read()
            status, wait = response.status, float(response.headers.get('Retry-After', 0))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            status, wait = type(error).__name__, 0.1
        ended = time.monotonic()
        tally.add(status, ended - started)
        position += 1
        time.sleep(max(wait, min(interval - (ended - started), until - ended), 0.0))
    connection.close()


def phase(address, bodies, clients, seconds, tally, rate=None, sample=None):
    """Runs clients for some seconds, at most `rate` requests/s altogether; returns the requests/s that were answered.

    sample: function that is called SAMPLES times meanwhile, or None.
    """
    before, started = len(tally.latencies), time.monotonic()
    interval = 0.0 if rate is None else clients / rate
    threads = [threading.Thread(target=client, args=(address, bodies, 97 * k, started + seconds, interval, tally))
               for k in range(clients)]
    for thread in threads:
        thread.start()
    for part in range(1, SAMPLES if sample is not None else 0):
        time.sleep(max(0.0, started + seconds * part / SAMPLES - time.monotonic()))
        sample()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    tally.seconds += took
    return (len(tally.latencies) - before) / took


def resident(address):
    """Returns the resident memory of the server, MiB, from its metrics."""
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request('GET', '/metrics')
    text = connection.getresponse().read().decode('utf-8')
    connection.close()
    return float(re.search(r'^process_resident_memory_bytes (\S+)', text, re.M).group(1)) / 2**20


# === What is measured ===


def bodies_of(texts, count):
    """Returns bodies of requests that ask for `count` texts each, or one text each for 1."""
    if count == 1:
        return [json.dumps({'text': text}).encode('ascii') for text in texts]
    return [json.dumps({'texts': [texts[(at + k) % len(texts)] for k in range(count)]}).encode('ascii')
            for at in range(0, len(texts), count)]


def measure(address, texts, options):
    """Returns (rows of the table, facts of the phases)."""
    bodies, clients = bodies_of(texts, 1), options.clients
    phase(address, bodies, clients, options.warmup, Tally())
    phase(address, bodies, 1, options.warmup / 5, Tally())
    warm = resident(address)
    one, many, burst, steady = Tally(), Tally(), Tally(), Tally()
    rates = {'ours': [], 'peer': []}
    for _ in range(ROUNDS):
        rates['peer'].append(phase(address, bodies, 1, options.seconds, one))
        rates['ours'].append(phase(address, bodies, clients, options.seconds, many))
    phase(address, bodies_of(texts, BURST), clients, options.seconds, burst)
    memory = [resident(address)]
    phase(address, bodies, clients, 60 * options.minutes, steady, options.rate,
          lambda: memory.append(resident(address)))
    memory.append(resident(address))
    facts = {'one': one.facts(1), 'many': many.facts(clients), 'burst': burst.facts(clients, BURST),
             'steady': steady.facts(clients), 'memory': memory, 'warm': warm}
    return [clients_row(facts, rates), memory_row(facts)], facts


def clients_row(facts, rates):
    ours, peer = (common.median(rates[side]) for side in ('ours', 'peer'))
    errors = sum(sum(facts[name]['errors'].values()) for name in ('one', 'many', 'burst', 'steady'))
    refused = [facts[name]['refused'] for name in ('one', 'many', 'burst', 'steady')]
    ratio = ours / peer if peer else 0.0
    return {
        'name': 'clients', 'ours': ours, 'peer': peer, 'ratio': ratio, 'unit': 'requests/s', 'goal': GOAL,
        'spread': max(common.spread(found) if all(found) else 0.0 for found in rates.values()), 'runs': rates,
        'met': ratio >= GOAL and not errors and refused[2] > 0 and not refused[0] + refused[1] + refused[3],
        'note': '%d clients at once beside one, on the same server; then %d clients with %d texts a request: %d '
                'requests answered, %d refused with 503; errors of all phases: %d' % (
                    facts['many']['clients'], facts['burst']['clients'], BURST, facts['burst']['requests'],
                    facts['burst']['refused'], errors),
    }  # fmt: skip


def memory_row(facts):
    memory, steady = facts['memory'], facts['steady']
    begin, end = max(memory[:3]), max(memory[-3:])
    return {
        'name': 'memory', 'ours': end, 'peer': begin, 'ratio': begin / end, 'unit': 'MiB', 'goal': 1 - GROWTH,
        'spread': common.spread(memory), 'runs': {'ours': memory, 'peer': [begin]}, 'met': begin / end >= 1 - GROWTH,
        'note': 'the server at the end of %.1f minutes of %d clients, %s requests/s, %d answered, beside their start; '
                '%s MiB before all of it' % (steady['seconds'] / 60, steady['clients'], number(steady['rate']),
                                             steady['requests'], number(facts['warm'])),
    }  # fmt: skip


def table(facts):
    """Returns the Markdown table of the phases."""
    lines = ['| clients | texts a request | seconds | requests/s | p50 ms | p95 ms | p99 ms | errors | 503 |',
             '|' + '---|' * 9]
    for name in ('one', 'many', 'burst', 'steady'):
        row = facts[name]
        cells = [row['clients'], row['texts'], number(row['seconds']), number(row['rate'])]
        cells += [number(1000 * row[key]) if key in row else '' for key in ('p50', 'p95', 'p99')]
        lines.append('| %s |' % ' | '.join(map(str, cells + [sum(row['errors'].values()), row['refused']])))
    return '\n'.join(lines)


# === The server ===


def start(options):
    """Starts `gplinker serve`; returns (process, its address)."""
    command = [options.python, '-m', 'gplinker_kit.cli', 'serve', '--model', options.model, '--port', '0', '--no-page']
    process = subprocess.Popen(command + options.serve, cwd=ROOT, stderr=subprocess.PIPE, universal_newlines=True)
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith('serving on '):
            threading.Thread(target=process.stderr.read, daemon=True).start()  # or a full pipe would stop it
            return process, line.split()[-1]
    raise ValueError('the server did not start: %s' % ''.join(lines[-5:]).strip())


def engine(options):
    """Returns {package: version} of what computes the scores."""
    if options.model is None:
        return {}
    done = subprocess.run([options.python, '-c', ENGINE, options.model], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.decode('utf-8').strip().split('\n')[-1])


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', metavar='DIR', help='model folder, or exported one, to serve')
    parser.add_argument('--url', help='a server that runs already, instead of --model')
    parser.add_argument('--texts', default=TEXTS, metavar='FILE', help='default: %(default)s')
    parser.add_argument('--clients', type=int, default=64)
    parser.add_argument('--seconds', type=float, default=5.0, help='of each measurement (default: %(default)s)')
    parser.add_argument('--minutes', type=float, default=1.0, help='of the long run (default: %(default)s)')
    parser.add_argument('--rate', type=float, metavar='N', help='most requests/s of the long run (default: unbounded)')
    parser.add_argument('--warmup', type=float, default=10.0, metavar='SECONDS', help='default: %(default)s')
    parser.add_argument('--quick', action='store_true', help='a second of each, to see that it works')
    parser.add_argument('--python', default=sys.executable, help='that runs the server')
    parser.add_argument('--json', metavar='FILE', help='where the result goes')
    parser.add_argument('serve', nargs='*', metavar='-- OPTION', help='options of gplinker serve, behind --')
    options = parser.parse_args(arguments)
    if (options.model is None) == (options.url is None):
        parser.error('give either --model or --url')
    if options.quick:
        options.seconds, options.minutes, options.warmup = 1.0, 1 / 60, 1.0
    return options


def main(arguments=None):
    """Returns the exit status: 0; 3 where there is no such model. A missed goal is no failure."""
    options = parse(arguments)
    for path in filter(None, (options.model, options.texts)):
        if not os.path.exists(os.path.join(ROOT, path)):
            say('skipped, there is no %s' % path)
            return SKIPPED
    texts = [line['text'] for line in read_inputs(os.path.join(ROOT, options.texts)) if line['text'].strip()]
    environment = dict(common.machine(), quick=options.quick, versions={'ours': engine(options)}, texts=len(texts),
                       serve=options.serve)
    process, url = (None, options.url) if options.model is None else start(options)
    ended = 0
    try:
        rows, facts = measure(urlsplit(url), texts, options)
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(60)
    if ended:
        raise ValueError('the server ended with status %d' % ended)
    report = {'environment': environment, 'rows': rows, 'failed': [], 'skipped': [], 'load': facts}
    status = common.finish(TITLE, options, report)
    print('\n' + table(facts))
    return status


if __name__ == '__main__':
    sys.exit(main())
