"""The page at /: type a text, see its events; the sentence is drawn as `gplinker view` draws it, in a frame."""

from __future__ import annotations

import base64
import hashlib
import pkgutil
import re

from gplinker_kit.serving.openapi import EXAMPLE
from gplinker_kit.view import render

# Of the page of one sentence only the sentence is shown, and of its events the one that was chosen.
FRAME_STYLE = """
html { background: transparent; } body { padding: 1px; max-width: none; }
.top, .tools, .pages, .head, .legend, footer, .cards > summary, .card:not(.chosen), .none { display: none; }
article { margin: 0; } .seg, .lab { cursor: pointer; } .grid { grid-template-columns: minmax(0, 1fr); }
.card { justify-content: center; }
"""


def asset(name):
    return pkgutil.get_data(__name__, name).decode('utf-8')


def frame(extraction):
    """Returns the page of `gplinker view` of one Extraction, without what a single sentence does not need."""
    return render([(extraction, None)]).replace('</style>', FRAME_STYLE + '</style>', 1)


def live_page(title):
    """Returns (HTML of the page, its Content-Security-Policy). Nothing is loaded but from this server."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    script, empty = asset('live.js'), render([])
    digest = base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')
    inner = re.search(r"script-src ([^;\"]*)", empty).group(1)  # a frame has the policy of its page, too
    style = pkgutil.get_data('gplinker_kit.view', 'page.css').decode('utf-8') + asset('live.css')
    page = environment.from_string(asset('live.html.j2')).render(title=title, style=style, script=script,
                                                                 example=EXAMPLE)
    policy = "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; " \
        "form-action 'none'; frame-ancestors 'none'; script-src 'sha256-%s' %s" % (digest, inner)
    return page, policy


def add_page(app, fastapi, extraction, title):
    """Adds / and /frame, which the page asks for the drawing of a text. Neither is part of the documented interface."""
    from gplinker_kit.serving.app import route

    page, policy = live_page(title)
    headers = {'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer'}

    async def root(request):
        return fastapi.responses.HTMLResponse(page, headers=headers)

    async def draw(request):
        _, extractions = await extraction(request)
        return fastapi.Response(frame(extractions[0]), media_type='text/plain; charset=utf-8', headers=headers)

    route(app, fastapi, extraction.metrics, '/', 'GET', root, include_in_schema=False)
    route(app, fastapi, extraction.metrics, '/frame', 'POST', draw, include_in_schema=False)
