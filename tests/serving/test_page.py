"""The page at / as people see it: a real Chromium types a text, sees its events, clicks one, sees its graph.

The browser is driven by its own DevTools protocol, through a pipe: no driver and no websocket is needed.
"""

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

from tests.serving.fakes import Finder, request, served

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
PICTURES = os.environ.get('GPLINKER_PICTURES')  # a folder to write screenshots into

# The browser reads its descriptor 3 and writes its descriptor 4.
SWAP = """
import os, sys
own = [os.dup(os.dup(os.dup(descriptor))) for descriptor in (%d, %d)]
for number, descriptor in zip((3, 4), own):
    os.dup2(descriptor, number)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Browser:
    """One page of a headless Chromium; `value` evaluates JavaScript in it, `key` and `click` are real input."""

    def __init__(self, folder, width=1100, height=900):
        theirs, self.answers = os.pipe(), b''
        ours = os.pipe()
        self.sent, self.read, self.write = 0, ours[0], theirs[1]
        command = [CHROMIUM, '--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe',
                   '--window-size=%d,%d' % (width, height), '--user-data-dir=%s' % (folder / 'profile')]
        self.process = subprocess.Popen(
            [sys.executable, '-c', SWAP % (theirs[0], ours[1])] + command, pass_fds=(theirs[0], ours[1]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=str(folder)))
        os.close(theirs[0])
        os.close(ours[1])
        self.session, self.problems = None, []
        target = self('Target.createTarget', url='about:blank')['targetId']
        self.session = self('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log'):
            self(domain + '.enable')

    def __call__(self, method, **parameters):
        """Sends a command and returns its result; what the page complains about meanwhile goes to `problems`."""
        self.sent += 1
        message = {'id': self.sent, 'method': method, 'params': parameters}
        if self.session is not None:
            message['sessionId'] = self.session
        os.write(self.write, json.dumps(message).encode('utf-8') + b'\0')
        while True:
            answer = self.next()
            if answer.get('method') == 'Runtime.exceptionThrown':
                self.problems.append(answer['params']['exceptionDetails']['text'])
            if answer.get('method') == 'Log.entryAdded' and answer['params']['entry']['level'] == 'error':
                self.problems.append(answer['params']['entry']['text'])
            if answer.get('id') == self.sent:
                if 'error' in answer:
                    raise ValueError('%s: %s' % (method, answer['error']))
                return answer['result']

    def next(self):
        while b'\0' not in self.answers:
            if not select.select([self.read], [], [], 60)[0]:
                raise OSError('the browser is silent')
            part = os.read(self.read, 1 << 16)
            if not part:
                raise OSError('the browser has gone')
            self.answers += part
        first, self.answers = self.answers.split(b'\0', 1)
        return json.loads(first.decode('utf-8'))

    def value(self, expression):
        result = self('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise ValueError('%s: %s' % (expression, result['exceptionDetails']))
        return result['result'].get('value')

    def until(self, expression):
        end = time.time() + 20
        while not self.value(expression):
            if time.time() > end:
                raise ValueError('never true: %s; %s' % (expression, self.problems))
            time.sleep(0.02)

    def click(self, element, frame=None):
        """Clicks in the middle of an element's first line; both are JavaScript expressions."""
        x, y = self.value("""(() => { const box = (%s).getClientRects()[0], outer = %s;
            return [box.left + box.width / 2 + outer.left, box.top + box.height / 2 + outer.top]; })()""" % (
            element, '(%s).getBoundingClientRect()' % frame if frame else '{left: 0, top: 0}'))
        for kind in ('mousePressed', 'mouseReleased'):
            self('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def picture(self, name):
        if PICTURES:
            import base64

            shot = self('Page.captureScreenshot', format='png')['data']
            with open(os.path.join(PICTURES, name + '.png'), 'wb') as stream:
                stream.write(base64.b64decode(shot))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)


@pytest.fixture
def browser(tmp_path):
    if CHROMIUM is None:
        pytest.skip('no Chromium on this machine')
    try:
        browser = Browser(tmp_path)
    except OSError as error:
        pytest.skip('this Chromium does not run here: %s' % error)
    yield browser
    browser.close()


TEXT = '砚帆科技收购漱岩软件'
INNER = "document.getElementById('frame').contentDocument"
SHOWN = "Array.from(%s.querySelectorAll('.card')).filter((card) => card.getClientRects().length)" % INNER


def test_type_a_text_see_its_events_click_one_see_its_graph(browser):
    with served(Finder(), page=True, title='演示 <b>') as port:
        browser('Page.navigate', url='http://127.0.0.1:%d/' % port)
        browser.until("document.readyState === 'complete' && Boolean(document.getElementById('go'))")
        assert browser.value("document.querySelector('h1').textContent") == '演示 <b>'
        browser.picture('serve-empty')
        browser.click("document.getElementById('text')")
        browser('Input.insertText', text=TEXT)
        browser.click("document.getElementById('go')")
        browser.until("document.getElementById('answer').dataset.ready === '1'")
        pieces = "Array.from(%s.querySelectorAll('.seg')).map((x) => x.childNodes[1].textContent)" % INNER
        assert browser.value(pieces) == ['砚帆科技', '收购', '漱岩软件']
        assert browser.value("document.getElementById('events').textContent") == '收购0.80'
        assert browser.value("document.getElementById('status').textContent").startswith('1 event, ')
        assert browser.value(SHOWN + '.length') == 0
        browser.picture('serve-events')
        browser.click(INNER + ".querySelectorAll('.seg')[1]", "document.getElementById('frame')")
        assert browser.value(SHOWN + '.length') == 1
        graph = SHOWN + "[0].querySelector('svg')"
        assert browser.value(graph + '.getClientRects()[0].height') > 50
        assert browser.value(graph + ".querySelectorAll('.node').length") == 3
        assert browser.value(graph + ".querySelectorAll('.edge').length") == 3
        height = "document.getElementById('frame').getBoundingClientRect().height - %s.body.scrollHeight" % INNER
        assert browser.value(height) >= 0
        assert browser.value("document.querySelector('#events button').getAttribute('aria-pressed')") == 'true'
        browser.picture('serve-graph')
        browser.value("document.getElementById('text').value = '坏'; document.getElementById('go').click()")
        browser.until("document.getElementById('status').classList.contains('bad')")
        assert 'the extraction failed' in browser.value("document.getElementById('status').textContent")
        assert browser.value("document.getElementById('answer').hidden")
        assert [problem for problem in browser.problems if '500' not in problem] == []  # also of the page's policy


def test_the_page_loads_nothing_and_escapes_its_texts():
    with served(Finder(), page=True, title='<script>') as port:
        status, headers, body = request(port, 'GET', '/')
        page = body.decode('utf-8')
        assert status == 200 and '<h1>&lt;script&gt;</h1>' in page
        assert not re.findall(r'(?:src|href)="(?!data:,|docs"|metrics")', page)
        assert 'http' not in page.split('<script>')[0]
        assert headers['Content-Security-Policy'].startswith("default-src 'none'; ")
        text = '<img src=x onerror=alert(1)>收购</script>'
        status, _, body = request(port, 'POST', '/frame', json.dumps({'text': text}))
        assert status == 200 and b'<img' not in body and body.count(b'</script>') == body.count(b'<script')
        assert request(port, 'POST', '/frame', '{"text": 1}')[0] == 422
