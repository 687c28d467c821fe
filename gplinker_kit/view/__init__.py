"""Pages to look at: sentences, their events and cliques, gold against predicted, as one HTML file.

Needs jinja2 (`pip install 'gplinker-kit[view]'`), which is imported when a page is rendered.
"""

from gplinker_kit.view.page import render

__all__ = ['render']
