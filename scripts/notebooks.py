"""Runs a notebook's cells without Jupyter, writes their outputs into it, and makes a page of it for the site.

    python scripts/notebooks.py docs/tutorial.ipynb

What a cell prints, and the value of the expression that it ends with, become its outputs. Magics and shell commands
are not known. The cells run in an empty folder, which is removed when they are through.
"""

import ast
import contextlib
import io
import json
import os
import runpy
import sys
import tempfile

FORMATS = ('_repr_html_', 'text/html'), ('__repr__', 'text/plain')


def read(path):
    with open(path, encoding='utf-8') as stream:
        return json.load(stream)


def write(path, notebook):
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(json.dumps(notebook, ensure_ascii=False, indent=1) + '\n')


def code_cells(notebook):
    return [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']


def source(cell):
    return ''.join(cell['source'])


def script(notebook):
    """Returns a program of the code cells that tells `_cell` where one begins, and `_value` what it ends with."""
    parts = []
    for number, cell in enumerate(code_cells(notebook)):
        lines, body = source(cell).split('\n'), ast.parse(source(cell)).body
        if body and isinstance(body[-1], ast.Expr):
            at = body[-1].lineno - 1
            lines[at:] = ['_value(' + lines[at]] + lines[at + 1:] + [')']
        parts.append('\n'.join(['_cell(%d)' % number] + lines))
    return '\n\n'.join(parts) + '\n'


class Recorder(io.TextIOBase):
    """Collects what the cells print and return, as the outputs of a notebook."""

    def __init__(self):
        self.outputs = []

    def write(self, text):
        own = self.outputs[-1]
        if not own or own[-1]['output_type'] != 'stream':
            own.append({'name': 'stdout', 'output_type': 'stream', 'text': ''})
        own[-1]['text'] += text
        return len(text)

    def cell(self, number):
        self.outputs.append([])

    def value(self, value):
        if value is None:
            return
        found = {kind: getattr(value, name)() for name, kind in FORMATS if hasattr(value, name)}
        self.outputs[-1].append({'data': found, 'execution_count': len(self.outputs), 'metadata': {},
                                 'output_type': 'execute_result'})


def run(notebook):
    """Returns the outputs of each code cell. Raises: RuntimeError that names the cell which raised something."""
    recorder, home = Recorder(), os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(recorder):
        path = os.path.join(folder, 'cells.py')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(script(notebook))
        os.makedirs(os.path.join(folder, 'work'))
        os.chdir(os.path.join(folder, 'work'))
        try:
            runpy.run_path(path, {'_cell': recorder.cell, '_value': recorder.value})
        except Exception as error:
            raise RuntimeError('code cell %d raised %s: %s' % (
                len(recorder.outputs), type(error).__name__, error)) from error
        finally:
            os.chdir(home)
    return recorder.outputs


def split(text):
    """Returns a text as notebooks store it: a list of lines with their ends."""
    return text.splitlines(keepends=True)


def stored(output):
    """Returns an output as notebooks store it."""
    if output['output_type'] == 'stream':
        return dict(output, text=split(output['text']))
    return dict(output, data={kind: split(text) for kind, text in output['data'].items()})


def text_of(output):
    """Returns (kind, text) of a stored output: what of it a reader sees."""
    if output['output_type'] == 'stream':
        return 'text/plain', ''.join(output['text'])
    kind = next(kind for _, kind in FORMATS if kind in output['data'])
    return kind, ''.join(output['data'][kind])


def page(notebook):
    """Returns the notebook as Markdown."""
    parts = []
    for cell in notebook['cells']:
        if cell['cell_type'] == 'markdown':
            parts.append(source(cell))
            continue
        parts.append('```python\n%s\n```' % source(cell))
        for kind, text in map(text_of, cell['outputs']):
            if kind == 'text/html':
                # The site's theme puts a table without a class into a box with margins.
                parts.append('<div class="output">%s</div>' % text.replace('<table ', '<table class="output" '))
            elif text.strip():
                parts.append('```text\n%s\n```' % text.rstrip('\n'))
    return '\n\n'.join(parts) + '\n'


def main(path):
    notebook = read(path)
    for number, (cell, outputs) in enumerate(zip(code_cells(notebook), run(notebook)), 1):
        cell.update(execution_count=number, outputs=[stored(output) for output in outputs])
    write(path, notebook)


if __name__ == '__main__':
    main(*sys.argv[1:])
