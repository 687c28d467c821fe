"""The site: Markdown of docstrings, links of pages, and that the navigation holds every page of docs/."""

import importlib.util
import os
import re
import sys

import pytest

from tests import pages

pytestmark = pytest.mark.once


def script(name):
    pytest.importorskip('griffe')
    pytest.importorskip('mkdocs')
    path = os.path.join(pages.ROOT, 'scripts', name + '.py')
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    return module


DOCSTRING = """Reads it, for i <= j, `a_b` and __init__.

Arguments:
    path: str. line, number: ints, for
        messages. other words: no argument.
Returns: a list
    of lines.
Raises: ValueError if it is bad. DataError: a bad file.

>>> read('x')
[1]

    a = 1

* one
* two
"""
MARKDOWN = r"""Reads it, for i &lt;= j, `a_b` and \_\_init\_\_.

**Arguments:**

- `path`: str.
- `line`, `number`: ints, for messages. other words: no argument.

**Returns:** a list of lines.

**Raises:**

- `ValueError`: if it is bad.
- `DataError`: a bad file.

```pycon
>>> read('x')
[1]
```

```text
a = 1
```

- one
- two"""


def test_a_docstring_becomes_markdown():
    made = script('site_docstrings').markdown(DOCSTRING, ['path', 'line', 'number'])
    assert made == MARKDOWN
    made = script('site_docstrings').markdown('x: int. y: str.\nMasking: none\nat all.\nSource: z\n', ['x', 'y'])
    assert made == '- `x`: int.\n- `y`: str.\n\n**Masking:** none at all.\n\n**Source:** z'


@pytest.mark.parametrize('page, text, expected', [
    ('docs/articles/x.md', '[a](../results.md#b) [w](https://x.y) [h](#h)',
     '[a](../results.md#b) [w](https://x.y) [h](#h)'),
    ('docs/x.md', '[D](../Dockerfile)', '[D](source/Dockerfile.md)'),
    ('docs/x.md', '```\n[D](../Dockerfile)\n```\n', '```\n[D](../Dockerfile)\n```\n'),
    ('README.md', '![v](docs/images/view.png)', '![v](../images/view.png)'),
    ('README.md', '[t](docs/tutorial.ipynb#tokens)', '[t](../tutorial.md#tokens)'),
])  # fmt: skip
def test_links_of_pages(page, text, expected):
    site_page = page[len('docs/'):] if page.startswith('docs/') else 'source/%s.md' % page
    assert script('site_pages').relinked(text, page, site_page) == expected


def test_a_link_whose_words_are_a_name_leads_to_its_line():
    text = script('site_pages').relinked('[`Schema.labels`](../gplinker_kit/events/schema.py)', 'docs/x.md', 'x.md')
    line = int(re.match(r'\[`Schema.labels`\]\(source/gplinker_kit/events/schema.py.md#line-(\d+)\)$', text).group(1))
    lines = pages.read('gplinker_kit', 'events', 'schema.py').split('\n')
    assert any('def labels' in found for found in lines[line - 1:line + 1])


def test_the_navigation_holds_every_page():
    named = set(re.findall(r'[\w/]+\.md', pages.read('mkdocs.yml').split('\nnav:')[1]))
    docs = os.path.join(pages.ROOT, 'docs')
    there = {os.path.splitext(os.path.relpath(os.path.join(folder, name), docs))[0] + '.md'
             for folder, _, names in os.walk(docs) for name in names if name.endswith(('.md', '.ipynb'))}
    assert named == there


def test_a_notebook_becomes_a_page():
    (path, text), = script('site_pages').notebook_pages(['index.md', 'tutorial.ipynb', 'images/view.png']).items()
    assert path == 'tutorial.md' and text.startswith('# From sentences to events\n\n<a href="tutorial.ipynb" download>')
    assert text.count('\n```python\n') == text.count('\n```text\n') + text.count('\n<div class="output">') > 10


def test_the_settings_are_plain_yaml():
    """A tag could make YAML call a function; the one of the anchors is set by the hook, as the links expect it."""
    assert not re.findall(r'(?:^|[\s{\[,])!\S', re.sub(r"'[^']*'", '', pages.read('mkdocs.yml')))
    config = {'nav': [], 'mdx_configs': {'toc': {'permalink': True}}}
    script('site_pages').on_config(config)
    toc = config['mdx_configs']['toc']
    assert toc['permalink'] and toc['slugify']('A b_c -- 事件, d', '-') == 'a-b_c----事件-d'


def test_links_of_the_first_page_lead_somewhere():
    assert pages.broken_links('docs/index.md') == []


def test_every_package_of_the_api_is_there():
    made = script('site_pages').api_pages()
    assert '::: gplinker_kit.gplinker' in made['api/top.md'] and '::: gplinker_kit.layers.gau' in made['api/layers.md']
    assert '._' not in ''.join(made.values())
