"""Hooks of mkdocs: the pages of the API, and of the files of the project that the written pages link to.

A link of a page in docs/ may lead to any file of the project, as on a forge. On the site there is a page for each file
that is linked, and a link whose words are a name leads to its definition. A notebook in docs/ becomes a page, too.
"""

import ast
import json
import os
import posixpath
import re
import runpy

from mkdocs.structure.files import File
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from pymdownx.slugs import slugify

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
notebook_page = runpy.run_path(os.path.join(ROOT, 'scripts', 'notebooks.py'))['page']  # mkdocs imports no scripts
LINK = re.compile(r'(!?\[[^\]]*\]\()([^)\s]+)(\))')
FENCE = re.compile(r'(^```.*?^```[ \t]*$)', re.M | re.S)
UNSEARCHED = '---\nsearch:\n  exclude: true\n---\n\n# %s\n\n'
# Packages whose modules have pages, in the order of the navigation; '' for the modules beside them.
PACKAGES = ('', 'events', 'relations', 'tokenizers', 'models', 'layers', 'losses', 'optimizers', 'snippets',
            'pretraining', 'clue', 'annotations', 'view', 'serving', 'export')  # fmt: skip


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as stream:
        return stream.read()


def outside(page, target):
    """Returns (path from the root, anchor) of what a link of a page leads to if that is not in docs/, else None."""
    path, _, anchor = target.partition('#')
    if '://' in target or not path:
        return None
    full = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if full.split('/')[0] in ('docs', '..') or not os.path.exists(os.path.join(ROOT, full)):
        return None
    return full, anchor


def texts(markdown):
    """Returns the parts of a page outside its blocks of code, which stand at the even places, and the blocks."""
    return FENCE.split(markdown)


def linked(pages):
    """Returns the sorted paths of the files and folders that pages {path: Markdown} link to outside docs/."""
    found, waiting = set(), list(pages.items())
    while waiting:
        page, markdown = waiting.pop()
        for part in texts(markdown)[::2]:
            for match in LINK.finditer(part):
                place = outside(page, match.group(2))
                if place and place[0] not in found:
                    found.add(place[0])
                    if place[0].endswith('.md'):
                        waiting.append((place[0], read(place[0])))
    return sorted(found)


def definition(path, name):
    """Returns the line on which a file of Python defines a name or Class.method, or None."""
    body, line = ast.parse(read(path)).body, None
    for part in name.split('.'):
        nodes = [node for node in body if getattr(node, 'name', None) == part]
        if not nodes:
            return line
        line, body = nodes[0].lineno, getattr(nodes[0], 'body', [])
    return line


def relinked(markdown, page, site_page):
    """Returns a page's Markdown with its links as they are on the site.

    page: its path from the root of the project. site_page: its path in docs/, or the one that it is given there.
    """
    def replace(match):
        words, target, close = match.groups()
        place = outside(page, target)
        if place is None:
            if '://' in target or target.startswith('#'):
                return match.group()
            path, mark, anchor = target.partition('#')
            full = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
            goal, mark = re.sub(r'\.ipynb$', '.md', posixpath.relpath(full, 'docs')), mark + anchor
        else:
            goal, mark = 'source/%s.md' % place[0], '#' + place[1] if place[1] else ''
            name = re.match(r'\[`([\w.]+)`\]\($', words)
            line = definition(place[0], name.group(1)) if name and place[0].endswith('.py') else None
            mark = '#line-%d' % line if line else mark
        return words + posixpath.relpath(goal, posixpath.dirname(site_page) or '.') + mark + close

    parts = texts(markdown)
    parts[::2] = [LINK.sub(replace, part) for part in parts[::2]]
    return ''.join(parts)


def public_modules(package):
    """Returns the dotted names of the modules of a package of gplinker_kit that are not private."""
    folder = os.path.join(ROOT, 'gplinker_kit', package)
    names = sorted(name[:-len('.py')] for name in os.listdir(folder) if name.endswith('.py') and name[0] != '_')
    return ['.'.join(filter(None, ['gplinker_kit', package, name])) for name in names]


def api_pages():
    """Returns {path in docs/: Markdown}, one page a package."""
    pages = {}
    for package in PACKAGES:
        title = 'gplinker_kit' + ('.' + package if package else '')
        blocks = ['::: %s' % module for module in public_modules(package)]
        pages['api/%s.md' % (package or 'top')] = '# %s\n\n%s\n' % (title, '\n\n'.join(blocks))
    return pages


def notebook_pages(paths):
    """Returns {path in docs/: Markdown} of the notebooks among paths in docs/."""
    pages = {}
    for path in paths:
        if path.endswith('.ipynb'):
            note = '<a href="%s" download>This notebook</a> can be run.' % posixpath.basename(path)
            title, text = notebook_page(json.loads(read('docs/' + path))).split('\n', 1)
            pages[path[:-len('.ipynb')] + '.md'] = '%s\n\n%s\n%s' % (title, note, text)
    return pages


def on_config(config):
    config['nav'].append({'API': list(api_pages())})
    # A function cannot be named in mkdocs.yml without a tag that makes YAML call it.
    config['mdx_configs'].setdefault('toc', {})['slugify'] = slugify(case='lower')
    return config


def on_files(files, config):
    written = {'docs/' + file.src_uri: file.content_string for file in files.documentation_pages()}
    notebooks = notebook_pages([file.src_uri for file in files])
    written.update(('docs/' + path, content) for path, content in notebooks.items())
    for path, content in dict(notebooks, **api_pages()).items():
        files.append(File.generated(config, path, content=content))
    for path in linked(written):
        content = read(path) if path.endswith('.md') else UNSEARCHED % path
        files.append(File.generated(config, 'source/%s.md' % path, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    uri = page.file.src_uri
    original = uri[len('source/'):-len('.md')] if uri.startswith('source/') else 'docs/' + uri
    return relinked(markdown, original, uri) if original.endswith('.md') and not uri.startswith('api/') else markdown


def on_page_content(html, page, config, files):
    """Puts the text of a file, or the names in a folder, below the title of its page."""
    uri = page.file.src_uri
    path = uri[len('source/'):-len('.md')]
    if not uri.startswith('source/') or path.endswith('.md'):
        return html
    full = os.path.join(ROOT, path)
    text = '\n'.join(sorted(os.listdir(full))) if os.path.isdir(full) else read(path)
    try:
        lexer = get_lexer_for_filename(path)
    except ClassNotFound:
        lexer = TextLexer()
    # mkdocs looks for anchors in what was Markdown.
    page.present_anchor_ids.update('line-%d' % (number + 1) for number in range(text.count('\n') + 1))
    return html + highlight(text, lexer, HtmlFormatter(lineanchors='line', cssclass='highlight', wrapcode=True))
