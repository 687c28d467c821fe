"""The page as a file: self-contained, escaped, right numbers; and, where there is a Chromium, as people see it."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from unittest import mock

import pytest

from gplinker_kit.events import TRIGGER, Argument, Event, Example, Extraction, score_events
from gplinker_kit.view import render

EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)>&amp;"\'</style>-->'
CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome', 'chrome'))), None)


class Elements(HTMLParser):
    """Collects (name, attributes) of a page's elements, and the text of its scripts."""

    def __init__(self, page):
        super().__init__()
        self.found, self.texts, self.stack = [], {}, ['']
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.stack.append(dict(attrs).get('id', tag))

    def handle_endtag(self, tag):
        self.stack.append('')

    def handle_data(self, data):
        self.texts[self.stack[-1]] = self.texts.get(self.stack[-1], '') + data


def lines(elements):
    return list(map(json.loads, elements.texts['sentences'].split('\n')))


def pairs():
    """Three sentences: a right one, one with errors, one without gold."""
    text = '昨日😀砚帆科技收购漱岩软件'
    buy = Argument(TRIGGER, '收购', 7, score=0.9)
    right = Event('公司-收购', buy, [Argument('收购方', '砚帆科技', 3, score=0.8)], 0.85, ((0, 1, 0.7),))
    worse = Event('公司-收购', buy, [Argument('收购方', '科技', 5, score=0.6), Argument('时间', '昨日', 0)], 0.5)
    return [
        (Extraction(text, (right,)), Example(text, [right], 'one')),
        (Extraction(text, (worse,)), Example(text, [right], 'two')),
        (Extraction('无事', ()), None),
    ]


def evil_pair():
    text = '断\ud83d👨‍👩‍👧' + EVIL + '收购'
    argument = Argument(EVIL, EVIL, 5 + text[5:].index('<'))
    return Extraction(text, (Event(EVIL, None, [argument]),)), Example(text, [Event(EVIL, None, [argument])], EVIL)


def test_the_page_needs_nothing_from_outside():
    page = render(pairs())
    assert not re.search(r'https?:|url\(|@import|//[a-z]+\.', page.replace('http://www.w3.org/2000/svg', ''))
    elements = Elements(page).found
    assert not [name for name, _ in elements if name in ('link', 'img', 'iframe', 'object', 'base')]
    assert not [attributes for _, attributes in elements if {'src', 'href'} & set(attributes)]
    (policy,) = [a['content'] for name, a in elements if a.get('http-equiv') == 'Content-Security-Policy']
    assert policy.startswith("default-src 'none'") and 'unsafe-inline' not in policy.split('script-src')[1]


def test_the_script_is_the_one_that_the_policy_allows():
    import base64
    import hashlib

    page = render(pairs())
    script = re.search(r'<script>(.*?)</script>', page, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode()
    assert "script-src 'sha256-%s'" % digest in page


def test_text_stays_text():
    page = render([evil_pair()], title='T ' + EVIL + '\ud83d', lang='zh"><script>')
    page.encode('utf-8')
    assert page.count('<script') == 3 and '<img' not in page
    elements = Elements(page)
    data = json.loads(elements.texts['data'])
    (sentence,) = lines(elements)
    assert ''.join(piece for piece, _ in sentence['pieces']) == evil_pair()[0].text
    assert data['types'] == [EVIL] and sentence['name'] == EVIL
    assert [row[:2] for row in sentence['cards'][0]['rows']] == [[EVIL, EVIL]]
    assert not [a for _, a in elements.found if 'onerror' in a]
    assert EVIL in elements.texts['h1'] and '\ufffd' in elements.texts['h1']


def test_the_summary_has_the_scores():
    given = pairs()
    page = render(given, title='A title')
    scores = score_events([example.events for _, example in given[:2]], [e.events for e, _ in given[:2]])
    shown = re.findall(r'<p class="big">([\d.]+)</p>', page)
    expected = [scores.argument, scores.event, scores.trigger, scores.official]
    assert shown == ['%.1f' % (100 * counts.f1) for counts in expected]
    assert 0 < scores.argument.f1 < scores.trigger.f1 == 1
    text = ' '.join(re.sub('<[^>]*>', '', page.split('<body>')[1].split('<script')[0]).split())
    assert '3 sentences, 2 predicted events, 2 gold events in the 2 with gold.' in text
    assert '✓ 1 right ✗ 2 wrong ○ 1 missed' in text
    options = dict(re.findall(r'<option value="([\w-]+)">[^<]*\((\d+)\)', page.split('id="kind"')[1]))
    assert options == {'error': '1', 'wrong-argument': '1', 'missed-argument': '1', 'wrong-event': '1',
                       'missed-event': '1', 'wrong-span': '1', 'right': '1', 'none': '1'}


def test_without_gold_there_are_no_scores():
    page = render([(extraction, None) for extraction, _ in pairs()])
    assert 'class="tile"' not in page and 'gold event' not in page.split('<script')[0].split('<body>')[1]
    assert [s['compared'] for s in lines(Elements(page))] == [False] * 3


def test_pairs_of_different_texts_are_refused():
    with pytest.raises(ValueError, match="pair 2: the gold text is not the predicted one: '二', '一'"):
        render([(Extraction('三'), None), (Extraction('一'), Example('二', []))])


def test_an_empty_page_and_one_without_events():
    assert '0 sentences' in render([])
    assert '1 sentence,' in render([(Extraction('无事'), [])])


def test_a_missing_jinja2_names_the_extra():
    with mock.patch.dict(sys.modules, {'jinja2': None}):
        with pytest.raises(ImportError, match=r"pip install 'gplinker-kit\[view\]'"):
            render([])


SCENARIO = """
const out = {};
const $ = (id) => document.getElementById(id);
const set = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event('change')); };
const names = () => Array.from(document.querySelectorAll('article h2')).map((x) => x.textContent).join();
const lit = () => Array.from(document.querySelectorAll('.seg.on')).map((x) => x.childNodes[1].textContent).join();
const over = (x) => x.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
out.first = $('shown').textContent + ' ' + names();
setTimeout(() => {
  const article = document.querySelector('article');
  out.svg = article.querySelectorAll('.node').length + ' ' + article.querySelectorAll('.edge').length;
  out.label = article.querySelector('svg').getAttribute('aria-label');
  over(article.querySelectorAll('li')[1]); out.row = lit() + ' ' + article.querySelectorAll('.node.on').length;
  over(article.querySelector('.node')); out.node = lit() + ' ' + article.querySelectorAll('li.on').length;
  over(article.querySelectorAll('.seg')[1]); out.seg = article.querySelectorAll('li.on').length;
  $('list').dispatchEvent(new MouseEvent('mouseleave')); out.left = lit();
  article.querySelectorAll('li')[0].focus(); out.focus = lit();
  set('kind', 'error'); out.error = names();
  set('kind', ''); set('order', 'errors'); out.order = names();
  set('order', ''); set('type', '1'); out.type = names();
  set('type', ''); $('open').checked = false; set('open', ''); out.closed = document.querySelectorAll('.grid').length;
  $('find').value = '无'; $('find').dispatchEvent(new Event('input'));
  setTimeout(() => { out.find = names(); document.title = JSON.stringify(out); }, 300);
}, 100);
"""


def in_a_browser(page, scenario, folder):
    """Runs a script behind the page's own in Chromium, under the page's policy widened by the script's hash.

    Returns: (the document as it is afterwards, what the scenario has put into its title as JSON).
    """
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha256(scenario.encode('utf-8')).digest()).decode()
    page = page.replace("script-src 'sha256-", "script-src 'sha256-%s' 'sha256-" % digest)
    path = folder / 'page.html'
    path.write_text(page.replace('</body>', '<script>%s</script></body>' % scenario), encoding='utf-8')
    command = [CHROMIUM, '--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1200,900',
               '--user-data-dir=%s' % (folder / 'profile'), '--virtual-time-budget=4000', '--dump-dom', path.as_uri()]
    process = subprocess.run(command, capture_output=True, timeout=120, env=dict(os.environ, HOME=str(folder)))
    dom = process.stdout.decode('utf-8')
    if '<html' not in dom:
        pytest.skip('this Chromium does not run here: %s' % process.stderr.decode('utf-8', 'replace')[-300:])
    drawn = Elements(dom)
    title = drawn.texts['title']
    assert title.startswith('{'), 'the script of the page or of this test failed: %s' % title
    return drawn, json.loads(title)


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium on this machine')
def test_the_page_in_a_browser(tmp_path):
    other = Extraction(EVIL, (Event('别的', None, [Argument('角色', EVIL[:8], 0)]),))
    drawn, found = in_a_browser(render(pairs() + [(other, Example(EVIL, [], 'evil'))]), SCENARIO, tmp_path)
    assert found == {
        'first': '4 of 4 one,two,3,evil', 'svg': '2 1', 'label': 'clique of 2 spans and 1 link, the weakest 0.70',
        'row': '砚帆科技 1', 'node': '收购 1', 'seg': 1, 'left': '', 'focus': '收购', 'error': 'two,evil',
        'order': 'two,evil,one,3', 'type': 'evil', 'closed': 0, 'find': '3',
    }
    assert not [a for _, a in drawn.found if 'onerror' in a] and not [n for n, _ in drawn.found if n == 'img']


def many_pairs(count=10000):
    """As many sentences, of which every fourth has a wrong role, and every tenth is of another type."""
    made = []
    for k in range(count):
        text = '昨日第%d家公司收购漱岩软件' % k
        trigger, bought = Argument(TRIGGER, '收购', text.index('收购')), Argument('被收购方', '漱岩软件', len(text) - 4)
        name = '投资' if k % 10 == 0 else '公司-收购'
        gold = Event(name, trigger, [bought])
        role = '收购方' if k % 4 == 0 else '被收购方'
        found = Event(name, trigger, [Argument(role, bought.text, bought.start)])
        made.append((Extraction(text, (found,)), Example(text, [gold], 'n%d' % k)))
    return made


MANY = """
const out = {};
const $ = (id) => document.getElementById(id);
const set = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event('change')); };
const names = () => Array.from(document.querySelectorAll('article h2')).map((x) => x.textContent);
const drawn = () => names().length + ' ' + names()[0] + ' ' + $('shown').textContent;
const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
const at = () => document.activeElement.id;
out.first = drawn(); out.elements = document.querySelectorAll('*').length < 5000;
set('kind', 'wrong-role'); out.role = drawn();
set('type', '1'); out.both = drawn();
set('kind', ''); set('type', '');
press('j'); press('j'); press('j'); press('k'); out.keys = at();
press('n'); press('j'); out.page = drawn() + ' ' + at();
press('k'); out.back = at();
press('n'); press('n'); press('p'); out.pages = $('range').textContent;
set('page', '500'); out.last = drawn() + ' ' + document.querySelector('#turn [data-page="1"]').disabled;
press('n'); out.end = drawn();
set('page', '9999'); out.beyond = drawn();
$('find').focus(); $('find').value = '第9876家 漱岩';
$('find').form.dispatchEvent(new Event('submit', {cancelable: true})); out.find = drawn();
press('j'); out.typing = at();
document.title = JSON.stringify(out);
"""


@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium on this machine')
def test_ten_thousand_sentences_in_a_browser(tmp_path):
    """No more than a page of them is ever drawn; filters, search and keys reach all."""
    page = render(many_pairs())
    assert len(page.encode('utf-8')) < 1000 * 10000
    _, found = in_a_browser(page, MANY, tmp_path)
    assert found == {
        'first': '20 n0 10 000 of 10 000', 'elements': True, 'role': '20 n0 2 500 of 10 000',
        'both': '20 n0 500 of 10 000', 'keys': 's2', 'page': '20 n20 10 000 of 10 000 s21', 'back': 's20',
        'pages': '21–40', 'last': '20 n9980 10 000 of 10 000 true', 'end': '20 n9980 10 000 of 10 000',
        'beyond': '20 n9980 10 000 of 10 000', 'find': '1 n9876 1 of 10 000', 'typing': 'find',
    }
