"""Times the page of `gplinker view` with many sentences in headless Chromium: opening, a filter, a search, a page.

The sentences are those of a corpus, repeated; what was "predicted" is its gold with a role, a span or an argument in
eight changed. Run it from the repository: `python -m benchmarks.view_page DATA [--sentences 10000]`, DATA a folder in
DuEE's format.
"""

import argparse
import base64
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace

from gplinker_kit.events import Example, read_examples, read_schema
from gplinker_kit.view import render

# Everything here runs at once, without timers; reading a size makes the browser lay the page out.
SCRIPT = """
const $ = (id) => document.getElementById(id);
const out = {drawn: performance.now()};
out.laid_out = document.body.offsetHeight && performance.now();
function timed(name, work, repeats) {
  const times = [];
  for (let k = 0; k < repeats; k += 1) {
    const start = performance.now();
    work(k);
    times.push(document.body.offsetHeight && performance.now() - start);
  }
  out[name] = times.sort((a, b) => a - b)[Math.floor(repeats / 2)];
  out[name + ' chosen'] = $('shown').textContent;
}
const set = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event('change')); };
const search = (text) => {
  $('find').focus();
  $('find').value = text;
  $('find').form.dispatchEvent(new Event('submit', {cancelable: true}));
};
const key = (name) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true}));
timed('first search', () => search('WORD'), 1);
timed('search', (k) => search(k % 2 ? 'WORD' : 'no such words'), 10);
search('');
timed('filter by kind', (k) => set('kind', k % 2 ? 'wrong-role' : 'missed-argument'), 10);
timed('filter by type', (k) => set('type', String(k % 5)), 10);
set('kind', ''); set('type', '');
timed('most errors first', (k) => set('order', k % 2 ? 'errors' : ''), 10);
set('order', '');
$('find').blur();
timed('next page', () => key('n'), 20);
out.elements = document.querySelectorAll('*').length;
out.megabytes = performance.memory ? performance.memory.usedJSHeapSize / 1e6 : null;
document.title = JSON.stringify(out);
"""


def changed(event, roles, draw):
    """Returns an event of which arguments were lost, shortened, or given another role of its type."""
    arguments = []
    for argument in event.arguments:
        chance = draw.random()
        if chance < 0.04:
            continue
        if chance < 0.08 and len(argument.text) > 1:
            argument = replace(argument, text=argument.text[:-1])
        elif chance < 0.125:
            argument = replace(argument, role=draw.choice(roles[event.event_type]))
        arguments.append(argument)
    return replace(event, arguments=arguments)


def make_pairs(folder, count):
    """Returns (predicted, gold) of `count` sentences."""
    schema = read_schema(os.path.join(folder, 'duee_event_schema.json'))
    examples = [example for name in ('duee_train.json', 'duee_dev.json')
                for example in read_examples(os.path.join(folder, name), schema)]
    roles, draw = {name: schema.roles(name) for name in schema.event_types}, random.Random(0)
    pairs = []
    for k in range(count):
        gold = examples[k % len(examples)]
        gold = Example(gold.text, gold.events, '%d' % (k + 1))
        pairs.append((Example(gold.text, [changed(event, roles, draw) for event in gold.events]), gold))
    return pairs


def measure(page, word, browser):
    """Returns what the script finds in a browser, as a dict; times in milliseconds."""
    script = SCRIPT.replace('WORD', word)
    digest = base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode()
    page = page.replace("script-src 'sha256-", "script-src 'sha256-%s' 'sha256-" % digest)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'page.html')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(page.replace('</body>', '<script>%s</script></body>' % script))
        command = [browser, '--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1200,900',
                   '--user-data-dir=%s' % os.path.join(folder, 'profile'), '--dump-dom', 'file://' + path]
        dom = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300,
                             env=dict(os.environ, HOME=folder)).stdout.decode('utf-8')
    return json.loads(re.search('<title>(.*?)</title>', dom, re.S).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('data', metavar='DATA')
    parser.add_argument('--sentences', type=int, default=10000, metavar='N')
    parser.add_argument('--word', default='质押', help='what is searched for (default: %(default)s)')
    parser.add_argument('--page', metavar='FILE', help='keep the page')
    parser.add_argument('--browser', default=shutil.which('chromium') or shutil.which('google-chrome'))
    options = parser.parse_args()
    start = time.time()
    page = render(make_pairs(options.data, options.sentences), title='%d sentences' % options.sentences)
    print('written in %.1f s, %.1f MB' % (time.time() - start, len(page.encode('utf-8')) / 1e6))
    if options.page:
        with open(options.page, 'w', encoding='utf-8') as stream:
            stream.write(page)
    for name, value in measure(page, options.word, options.browser).items():
        print('%-24s %s' % (name, value if isinstance(value, str) else '%.1f' % value))


if __name__ == '__main__':
    main()
