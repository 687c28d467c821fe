"""Load on `gplinker serve`: one client, then many at once, on the same server; a table and a JSON file.

    python -m benchmarks.serving_load --model runs/model --minutes 10 --output benchmarks/results/serving-keras3.json

Each client is a thread with a connection of its own that sends one text after the other. The server is started here,
in a process of its own, on a free port; --url names one that runs already. A client that gets 503 waits as long as
Retry-After says. Memory is the server's resident memory, from its own /metrics, at the start (after --warmup seconds of
all clients), in between and at the end. Exit status 1: an error, less than --goal times the rate of one client, or
memory that grew by more than --growth.
"""

from __future__ import annotations

import argparse
import http.client
import json
import platform
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

from benchmarks.common import FAILED, number, say
from benchmarks.processes import ROOT
from gplinker_kit.events.inputs import read_inputs
from gplinker_kit.files import write_json

TEXTS = 'examples/corpus/duee_dev.json'


class Tally:
    """What the clients of one phase saw. `latencies`: seconds of the answers with events."""

    def __init__(self):
        self.latencies, self.refused, self.errors = [], 0, {}
        self.lock = threading.Lock()

    def add(self, status, seconds):
        with self.lock:
            if status == 200:
                self.latencies.append(seconds)
            elif status == 503:
                self.refused += 1
            else:
                self.errors[str(status)] = self.errors.get(str(status), 0) + 1

    def facts(self, clients, seconds):
        ordered = sorted(self.latencies)
        at = {'p%d' % q: ordered[len(ordered) * q // 100] for q in (50, 95, 99) if ordered}
        return dict(at, clients=clients, seconds=seconds, requests=len(ordered), rate=len(ordered) / seconds,
                    errors=self.errors, refused=self.refused)


def client(address, bodies, first, until, tally):
    """Sends bodies, beginning with number `first`, until `until`, a time of `time.monotonic`."""
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
        tally.add(status, time.monotonic() - started)
        position += 1
        if wait:
            time.sleep(wait)
    connection.close()


def phase(address, bodies, clients, seconds, sample=None):
    """Runs clients for some seconds; `sample`, a function, is called every tenth of the time."""
    tally, started = Tally(), time.monotonic()
    threads = [threading.Thread(target=client, args=(address, bodies, 97 * k, started + seconds, tally))
               for k in range(clients)]
    for thread in threads:
        thread.start()
    for tenth in range(1, 10):
        time.sleep(max(0.0, started + seconds * tenth / 10 - time.monotonic()))
        if sample is not None:
            sample()
    for thread in threads:
        thread.join()
    return tally.facts(clients, time.monotonic() - started)


def resident(address):
    """Returns the resident memory of the server, MiB, from its metrics."""
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request('GET', '/metrics')
    text = connection.getresponse().read().decode('utf-8')
    connection.close()
    return float(re.search(r'^process_resident_memory_bytes (\S+)', text, re.M).group(1)) / 2**20


def measure(address, bodies, options):
    """Returns what is stored: both phases, and the memory over the second."""
    phase(address, bodies, options.clients, options.warmup)
    phase(address, bodies, 1, min(2.0, options.warmup))
    one = phase(address, bodies, 1, options.seconds)
    memory = [resident(address)]
    many = phase(address, bodies, options.clients, 60 * options.minutes, lambda: memory.append(resident(address)))
    memory.append(resident(address))
    ratio = many['rate'] / one['rate'] if one['rate'] else 0.0
    growth = max(memory[-3:]) / max(memory[:3]) - 1
    errors = sum(one['errors'].values()) + sum(many['errors'].values())
    return {'one': one, 'many': many, 'ratio': ratio, 'goal': options.goal, 'memory': memory, 'growth': growth,
            'met': ratio >= options.goal and not errors and growth <= options.growth}


def table(result):
    """Returns the Markdown table of a result."""
    lines = ['| clients | requests/s | p50 ms | p95 ms | p99 ms | errors | 503 |', '|' + '---|' * 7]
    for row in (result['one'], result['many']):
        cells = [row['clients'], number(row['rate'])]
        cells += [number(1000 * row[name]) if name in row else '' for name in ('p50', 'p95', 'p99')]
        lines.append('| %s |' % ' | '.join(map(str, cells + [sum(row['errors'].values()), row['refused']])))
    lines.append('\nratio %s (goal ≥ %s)%s; memory of the server, MiB: %s at the start, %s at the end, %+.1f%%' % (
        number(result['ratio']), number(result['goal']), '' if result['met'] else ', missed',
        number(result['memory'][0]), number(result['memory'][-1]), 100 * result['growth']))
    return '\n'.join(lines)


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


def main(arguments=None):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', metavar='DIR', help='model folder to serve')
    parser.add_argument('--url', help='a server that runs already, instead of --model')
    parser.add_argument('--texts', default=TEXTS, metavar='FILE', help='default: %(default)s')
    parser.add_argument('--clients', type=int, default=64)
    parser.add_argument('--seconds', type=float, default=20.0, help='of the one client (default: %(default)s)')
    parser.add_argument('--minutes', type=float, default=1.0, help='of all clients (default: %(default)s)')
    parser.add_argument('--warmup', type=float, default=5.0, metavar='SECONDS', help='default: %(default)s')
    parser.add_argument('--goal', type=float, default=2.0, help='least ratio of the rates (default: %(default)s)')
    parser.add_argument('--growth', type=float, default=0.05, help='most growth of memory (default: %(default)s)')
    parser.add_argument('--python', default=sys.executable, help='that runs the server')
    parser.add_argument('--output', metavar='FILE', help='where the JSON goes')
    parser.add_argument('serve', nargs='*', metavar='-- OPTION', help='options of gplinker serve, behind --')
    options = parser.parse_args(arguments)
    if (options.model is None) == (options.url is None):
        parser.error('give either --model or --url')
    texts = [line['text'] for line in read_inputs(options.texts) if line['text'].strip()]
    bodies = [json.dumps({'text': text}).encode('ascii') for text in texts]
    process, url = (None, options.url) if options.model is None else start(options)
    try:
        result = measure(urlsplit(url), bodies, options)
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(60)
    if process is not None:
        result['met'] = result['met'] and ended == 0
        result['exit'] = ended
    result.update(machine=platform.processor() or platform.machine(), python=platform.python_version(),
                  texts=len(texts), options=options.serve)
    if options.output is not None:
        write_json(options.output, result)
        say('written: ' + options.output)
    print(table(result))
    return 0 if result['met'] else FAILED


if __name__ == '__main__':
    sys.exit(main())
