"""Events and extractions in notebooks: right, escaped, without anything from outside; and as text, as ever."""

import re
from html.parser import HTMLParser

import pytest

from gplinker_kit.events import TRIGGER, Argument, Event, Example, Extraction, event_tree, show

EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)>&amp;"\'</td></table></style>-->'
TEXT = '昨日😀砚帆科技收购漱岩软件'
BUY = Event('公司-收购', Argument(TRIGGER, '收购', 7, score=0.9), [Argument('收购方', '砚帆科技', 3, score=0.8)], 0.85)


class Page(HTMLParser):
    """The elements, the attributes and the text of a piece of HTML."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes, self.text, self.depth = [], [], '', 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes.extend(attrs)
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.text += data


def parsed(html):
    """The Page of a piece of HTML, which must be closed, harmless and of its own."""
    page = Page(html)
    assert page.depth == 0 and set(page.names) <= {'div', 'span', 'table', 'tr', 'td', 'b', 'bdi'}
    assert {name for name, _ in page.attributes} <= {'style', 'title', 'dir'}
    styles = [value for name, value in page.attributes if name == 'style']
    assert not any(re.search(r'url|expression|import|[<>&"]', style) for style in styles)
    html.encode('utf-8')
    return page


def test_an_event():
    page = parsed(BUY._repr_html_())
    assert page.text == '公司-收购 0.85触发词收购[7, 9)0.90收购方砚帆科技[3, 7)0.80'
    gold = parsed(Event('t', None, [Argument('r', 'x')])._repr_html_())
    assert gold.text == 't rx'


def test_an_extraction():
    page = parsed(Extraction(TEXT, (BUY,))._repr_html_())
    assert page.text.startswith('昨日😀砚帆科技收购方收购触发词漱岩软件公司-收购')
    assert [value for name, value in page.attributes if name == 'title'] == ['收购方', '触发词']
    assert parsed(Extraction('无事')._repr_html_()).text == '无事no event'
    assert 'a bound was met (max_nodes)' in parsed(Extraction('无', (), ('max_nodes',))._repr_html_()).text


def test_spans_that_nest_and_overlap():
    events = [Event('一', None, [Argument('外', 'abcd', 0), Argument('内', 'bc', 1)]),
              Event('二', None, [Argument('另', 'cde', 2), Argument('远', 'zz', 90)])]
    page = parsed(Extraction('abcdef', events)._repr_html_())
    assert page.text.startswith('abc内d外e另f一'), page.text
    titles = [value for name, value in page.attributes if name == 'title']
    assert titles == ['外', '外 · 内', '外 · 内 · 另', '外 · 另', '另']


def test_hostile_text_stays_text():
    text = EVIL + '\ud83d\x00\u202e' + EVIL
    event = Event(EVIL, None, [Argument(EVIL, EVIL, 0), Argument(EVIL, text[len(EVIL):], len(EVIL))])
    for html in (event._repr_html_(), Extraction(text, (event,), (EVIL,))._repr_html_(),
                 show([Extraction(text, (event,))])._repr_html_(), show(event, text)._repr_html_()):
        page = parsed(html)
        assert EVIL in page.text and '\u202e' not in page.text and '\x00' not in page.text and '\ufffd' in page.text


def test_show():
    extraction = Extraction(TEXT, (BUY,))
    both = show([extraction, Example('无事', [])])
    assert repr(both) == str(both) == event_tree((BUY,), TEXT) + '\n\n' + event_tree((), '无事')
    assert both._repr_html_() == extraction._repr_html_() + Extraction('无事')._repr_html_()
    assert repr(show([BUY, BUY], TEXT)) == event_tree((BUY, BUY), TEXT)
    assert repr(show(BUY)) == event_tree((BUY,))
    cut = repr(show(Extraction('无', (), ('max_nodes',))))
    assert cut.endswith('(events may be missing: a bound was met (max_nodes))')
    assert repr(show([])) == '' == show([])._repr_html_()


@pytest.mark.parametrize('arguments, words', [
    (('text',), 'must be Extractions, Examples or Events, got str'),
    ((Extraction('a'), 'b'), 'text goes with events; an object of Extraction has its own'),
])
def test_what_cannot_be_shown(arguments, words):
    with pytest.raises(ValueError, match=words):
        show(*arguments)


def test_the_text_form_is_that_of_the_dataclass():
    assert repr(BUY).startswith('Event(event_type=') and repr(Extraction('a')).startswith('Extraction(text=')
