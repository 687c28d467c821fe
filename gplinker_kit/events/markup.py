"""Events as small pieces of HTML for notebooks. They hold their own styles, and no script or address of anything.

Every text is escaped, so that what a corpus says stays text.
"""

from __future__ import annotations

from html import escape

# Dark and light pages have them alike. Of Okabe and Ito, darker.
COLORS = ('#0072b2', '#c2570c', '#00845f', '#b4528a', '#8f6a00', '#6a4fc4', '#2b8a9e', '#66707c')
SOFT = 'opacity:.7;font-size:85%'
CELL = 'text-align:left;padding:1px 10px 1px 0;border:0;background:none;vertical-align:baseline;white-space:normal'


def event_html(event, color=COLORS[0]):
    """Returns an event as a titled table: a row a trigger or argument with its role, text, place and score."""
    rows = [
        '<tr style="background:none">%s</tr>' % ''.join((
            _cell(node.role, SOFT),
            _cell(node.text, 'font-weight:600' if node is event.trigger else ''),
            _cell('' if node.start is None else '[%d, %d)' % (node.start, node.end), SOFT),
            _cell(_score(node.score), SOFT),
        ))
        for node in event.nodes()
    ]
    return (
        '<div style="display:inline-block;vertical-align:top;margin:4px 8px 4px 0;padding:6px 12px;'
        'border:1px solid rgba(128,128,128,.4);border-left:4px solid %s;border-radius:6px">'
        '<div><b>%s</b> <span style="%s">%s</span></div>'
        '<table style="border-collapse:collapse;margin:2px 0 0;border:0;color:inherit;font-size:90%%">%s</table></div>'
        % (color, _text(event.event_type), SOFT, _score(event.score), ''.join(rows))
    )


def text_html(text, events):
    """Returns a text in which spans are underlined, in the colour of their first event, with their roles behind.

    A span outside the text, and an argument without a place, are not shown.
    """
    spans, colors = {}, {}
    for number, event in enumerate(events):
        for node in event.nodes():
            if node.start is not None and 0 <= node.start < node.end <= len(text):
                span = node.start, node.end
                colors.setdefault(span, COLORS[number % len(COLORS)])
                roles = spans.setdefault(span, [])
                if node.role not in roles:
                    roles.append(node.role)
    edges = sorted({0, len(text)}.union(*spans))
    parts = []
    for start, end in zip(edges, edges[1:]):
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        piece = _text(text[start:end])
        if over:
            inner = min(over, key=lambda span: span[1] - span[0])
            told = ' · '.join(role for span in over for role in spans[span])
            piece = '<span style="border-bottom:2px solid %s" title="%s">%s</span>' % (
                colors[inner], _text(told), piece)
        parts.append(piece)
        parts.extend('<span style="opacity:.7;font-size:65%%;margin:0 3px">%s</span>' % _text(' · '.join(roles))
                     for span, roles in spans.items() if span[1] == end)
    return '<div dir="auto" style="white-space:pre-wrap;line-height:1.9">%s</div>' % ''.join(parts)


def events_html(text, events, note=None):
    """Returns a text and its events: `text_html` where there is a text, then a table an event.

    Arguments: text: str or None. events: iterable of Event. note: str or None, a line of warning.
    """
    events = list(events)
    parts = [] if text is None else [text_html(text, events)]
    parts.extend(event_html(event, COLORS[number % len(COLORS)]) for number, event in enumerate(events))
    if not events:
        parts.append('<div style="%s">no event</div>' % SOFT)
    if note is not None:
        parts.append('<div style="color:#8f6a00;font-size:85%%">%s</div>' % _text(note))
    return '<div style="margin:4px 0 10px">%s</div>' % ''.join(parts)


def _cell(text, style):
    return '<td style="%s;%s"><bdi>%s</bdi></td>' % (CELL, style, _text(text))


def _score(score):
    return '' if score is None else '%.2f' % score


def _text(text):
    """Escapes a text; what UTF-8 or HTML cannot hold becomes U+FFFD, and what would turn the line around too."""
    text = str(text).encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')
    return escape(''.join('\ufffd' if _unfit(character) else character for character in text))


def _unfit(character):
    code = ord(character)
    return (code < 32 and character not in '\t\n\r') or 0x7f <= code < 0xa0 or 0x202a <= code <= 0x202e or (
        0x2066 <= code <= 0x2069)
