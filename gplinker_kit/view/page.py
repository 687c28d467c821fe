"""One self-contained HTML page of sentences and their events.

The head and the summary are HTML. The sentences are lines of JSON inside the page, beside an index of what filters ask
for; its script parses and draws 20 of them at a time, so that 10,000 are no slower to look at than 100. The page loads
nothing from anywhere, and its Content-Security-Policy forbids it to.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pkgutil
from collections import Counter

from gplinker_kit import __version__
from gplinker_kit.events.metrics import EventScores
from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.view.cliques import ring
from gplinker_kit.view.highlights import LABEL_COLUMNS
from gplinker_kit.view.sentences import KINDS, comparable_positions, index_row, line_data, sentence_data

# Half axes of a clique's drawing, in units of its SVG; few nodes need less height.
RING_WIDTH, RING_HEIGHT, RING_HEIGHTS = 84, 74, {3: 54, 4: 62}
SCRIPTS = ('drawing.js', 'page.js')  # in this order, as one script
MOST_NODES = 40  # an event with more spans is listed and not drawn; one span alone has no links to draw


def render(pairs, title='Extracted events', match='multiset', triggerless='keep', lang='zh'):
    """Renders sentences with predicted events, compared with gold where there is some.

    Arguments:
        pairs: iterable of (predicted, gold). predicted: an Extraction, or an Example with events. gold: an Example with
            events, an iterable of Event, or None where there is nothing to compare with (an Example whose `events` is
            None says the same).
        title: str, the page's heading. match, triggerless: as in EventScores.
        lang: BCP 47 tag of the sentences' language; it decides which form of a Chinese character a browser shows.
    Returns:
        str, the page, without outside resources. Lone surrogates in it are escaped: it can be written as UTF-8.
    Raises:
        ValueError: a gold example of another text than its prediction's, or a span that lies outside the text.
        ImportError: jinja2 is missing.
    """
    environment = _jinja()
    pairs = [_pair(number, predicted, gold) for number, (predicted, gold) in enumerate(pairs, 1)]
    positions = comparable_positions(gold for _, gold, _ in pairs)
    scores, by_type = _scores(pairs, dict(match=match, triggerless=triggerless, positions=positions))
    counts = Counter(event.event_type for predicted, _, _ in pairs for event in predicted.events or ())
    types = sorted(by_type, key=lambda name: (-counts[name] - by_type[name].event.gold, name))
    sentences = [sentence_data(predicted, gold, name, types, positions, triggerless) for predicted, gold, name in pairs]
    nodes = [len(card['nodes']) for sentence in sentences for card in sentence['cards']]
    data = {
        'types': types,
        'trigger': TRIGGER,
        'labelColumns': LABEL_COLUMNS,
        'rings': {n: [[round(x, 1), round(y, 1)] for x, y in ring(n, RING_WIDTH, RING_HEIGHTS.get(n, RING_HEIGHT))]
                  for n in sorted(set(nodes)) if 1 < n <= MOST_NODES},
        'kinds': [kind for kind, _ in KINDS],
        'index': [index_row(sentence) for sentence in sentences],
    }
    lines = '\n'.join(_json_for_script(line_data(sentence)) for sentence in sentences)
    script = '\n'.join(map(_asset, SCRIPTS))
    digest = base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')
    return environment.from_string(_asset('page.html.j2')).render(
        title=_printable(title), lang=lang, version=__version__, style=_asset('page.css'), script=script,
        script_hash=digest, data=_json_for_script(data), lines=lines, scores=scores, positions=positions,
        total=len(pairs), predicted_events=sum(counts.values()),
        types=[(_printable(name), counts[name], by_type[name]) for name in types],
        kinds=[(kind, label, sum(1 for s in sentences if kind in s['kinds'])) for kind, label in KINDS],
    )


def _scores(pairs, options):
    """Returns the EventScores of all compared sentences, and {event type: EventScores} with an entry for every type."""
    scores, by_type = EventScores(**options), {}
    for predicted, gold, _ in pairs:
        sides = list(gold or ()), list(predicted.events or ())
        if gold is not None:
            scores.update(*sides)
        for event_type in {event.event_type for side in sides for event in side}:
            own = by_type.setdefault(event_type, EventScores(**options))
            if gold is not None:
                own.update(*([event for event in side if event.event_type == event_type] for side in sides))
    return scores, by_type


def _jinja():
    """Returns a jinja2 Environment that escapes everything."""
    try:
        import jinja2
    except ImportError as error:
        raise ImportError("pages need jinja2: pip install 'gplinker-kit[view]' (%s)" % error) from error
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _pair(number, predicted, gold):
    """Returns (predicted, gold events or None, name of the sentence)."""
    name = getattr(predicted, 'id', None)
    if hasattr(gold, 'events'):
        if gold.text != predicted.text:
            raise ValueError('pair %d: the gold text is not the predicted one: %.40r, %.40r'
                             % (number, gold.text, predicted.text))
        name = gold.id if name is None else name
        gold = gold.events
    return predicted, None if gold is None else list(gold), str(number if name is None else name)


def _asset(name):
    return pkgutil.get_data(__name__, name).decode('utf-8')


def _printable(text):
    """Lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    return str(text).encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')


def _json_for_script(value):
    """Returns JSON that may stand inside <script>: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(',', ':'))
    try:
        text.encode('utf-8')
    except UnicodeEncodeError:
        text = json.dumps(value, allow_nan=False, separators=(',', ':'))
    return text.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')
