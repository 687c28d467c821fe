"""What Markdown pages name, and what is defined in files of Python; both are read and nothing is imported."""

import ast
import functools
import os
import re

from tests.command_lines import ROOT

BLOCK = re.compile(r'^```.*?^```[ \t]*$', re.M | re.S)


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding='utf-8') as stream:
        return stream.read()


def links(text):
    """Returns [(words, target)] of the links and pictures of a page, code blocks left out."""
    return re.findall(r'\[([^\]]*)\]\(([^)\s]+)\)', BLOCK.sub('', text))


def code_spans(text):
    """Returns the pieces of code within the sentences of a page."""
    return [span.replace('\\|', '|') for span in re.findall(r'(?<!`)`([^`\n]+)`(?!`)', BLOCK.sub('', text))]


def anchors(text):
    """Returns what a link to a heading of a page may say behind its #."""
    titles = re.findall(r'^#+ (.*)$', BLOCK.sub('', text), re.M)
    return {re.sub(r'[^\w -]', '', title).strip().lower().replace(' ', '-') for title in titles}


def rows(text):
    """Returns the cells of the rows of a page's tables, their headings left out."""
    lines = [line for line in BLOCK.sub('', text).split('\n') if line.startswith('|')]
    cells = [[cell.strip() for cell in re.split(r'(?<!\\)\|', line)[1:-1]] for line in lines]
    rulers = [number for number, row in enumerate(cells) if all(re.match(r':?-+:?$', cell) for cell in row)]
    return [row for number, row in enumerate(cells) if number not in rulers and number + 1 not in rulers]


@functools.lru_cache(maxsize=None)
def tree(path):
    with open(path, encoding='utf-8') as stream:
        return ast.parse(stream.read(), path)


@functools.lru_cache(maxsize=None)
def defined(path):
    """Returns the names that a file of Python defines: functions, classes, constants, and methods as Class.method."""
    names, classes = set(), {}
    for node in tree(path).body:
        names.update(_bound(node))
        if isinstance(node, ast.ClassDef):
            own = {name for part in node.body for name in _bound(part)}
            inherited = [classes.get(base.id, ()) for base in node.bases if isinstance(base, ast.Name)]
            classes[node.name] = own.union(*inherited)
    return names.union(*({'%s.%s' % (cls, name) for name in found} for cls, found in classes.items()))


@functools.lru_cache(maxsize=None)
def imported(path):
    """Returns the names that a file of Python imports at its top, or in an `if` there."""
    bodies = [tree(path).body] + [node.body + node.orelse for node in tree(path).body if isinstance(node, ast.If)]
    nodes = [node for body in bodies for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {(alias.asname or alias.name).split('.')[0] for node in nodes for alias in node.names}


def _bound(node):
    """The names that a statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def broken_links(page):
    """Returns sentences about the links of a page that lead nowhere; those into the web are not followed.

    page: path from the root. The words of a link to a file of Python, where they are code, are a name defined there.
    """
    text, faults = read(page), []
    for words, target in links(text):
        if '://' in target:
            continue
        path, _, anchor = target.partition('#')
        full = os.path.normpath(os.path.join(ROOT, os.path.dirname(page), path)) if path else os.path.join(ROOT, page)
        name = re.match(r'`([\w.]+)`$', words)
        if not os.path.exists(full):
            faults.append('%s: %s is not there' % (page, target))
        elif anchor and anchor not in anchors(read(os.path.relpath(full, ROOT))):
            faults.append('%s: %s has no heading #%s' % (page, path or page, anchor))
        elif name and full.endswith('.py') and name.group(1) not in defined(full):
            faults.append('%s: %s does not define %s' % (page, path, name.group(1)))
    return faults
