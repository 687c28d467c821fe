"""docs/tutorial.ipynb: its cells run and say what is printed below them, and what it links to is there."""

import json
import os
import re
import runpy

import pytest

from tests import pages

NOTEBOOK = os.path.join('docs', 'tutorial.ipynb')
notebooks = runpy.run_path(os.path.join(pages.ROOT, 'scripts', 'notebooks.py'))
MOST_BYTES = 100000


def cells():
    return notebooks['code_cells'](json.loads(pages.read(NOTEBOOK)))


def seen(outputs):
    """What a reader sees of stored outputs, without the digits of scores, in which two machines may differ."""
    return [re.sub(r'\b[01]\.\d\d\b', '0.00', notebooks['text_of'](output)[1]) for output in outputs]


def differences(code, results):
    """Returns (number of the cell, what is printed in the notebook, what it said now) where they differ.

    Of a cell with the tag `varies` only how much it says is compared.
    """
    found = []
    for number, (cell, outputs) in enumerate(zip(code, results), 1):
        old, new = seen(cell['outputs']), seen(map(notebooks['stored'], outputs))
        if 'varies' in cell['metadata'].get('tags', ()):
            old, new = ([text.count('\n') for text in texts] for texts in (old, new))
        if old != new:
            found.append((number, old, new))
    return found


@pytest.mark.once
def test_every_cell_says_what_is_printed_below_it():
    code, results = cells(), notebooks['run'](json.loads(pages.read(NOTEBOOK)))
    assert differences(code, results) == []
    assert [len(outputs) for outputs in results].count(1) == len(code) == len(results)


def test_it_was_run_from_top_to_bottom_and_is_small():
    text = pages.read(NOTEBOOK)
    assert [cell['execution_count'] for cell in cells()] == list(range(1, len(cells()) + 1))
    assert [cell for cell in cells() if not cell['outputs']] == []
    assert len(text.encode('utf-8')) < MOST_BYTES and not re.search(r'/(tmp|home|root|work|Users)/', text)
    ids = [cell['id'] for cell in json.loads(text)['cells']]
    assert len(set(ids)) == len(ids)


def test_links_lead_somewhere():
    assert pages.broken_links(NOTEBOOK) == []


class Titled:
    def __repr__(self):
        return 'Titled()'

    def _repr_html_(self):
        return '<b>%s</b>' % 0.25


def notebook(*sources):
    code = [{'cell_type': 'code', 'metadata': {}, 'outputs': [], 'source': text.splitlines(keepends=True)}
            for text in sources]
    return {'cells': [{'cell_type': 'markdown', 'metadata': {}, 'source': ['# T\n', 'text']}] + code}


def test_outputs_are_what_a_cell_prints_and_ends_with():
    made = notebook('from tests.test_tutorial import Titled\nx = 1', 'print(x)\nx + 1  # two', 'Titled()', 'None',
                    '(x,\n 2)')
    results = [[notebooks['stored'](output) for output in outputs] for outputs in notebooks['run'](made)]
    assert [seen(outputs) for outputs in results] == [[], ['1\n', '2'], ['<b>0.00</b>'], [], ['(1, 2)']]
    assert results[2][0]['data']['text/plain'] == ['Titled()']
    for cell, outputs in zip(notebooks['code_cells'](made), results):
        cell['outputs'] = outputs
    assert notebooks['page'](made).split('```python\nprint(x)\n')[1].startswith(
        'x + 1  # two\n```\n\n```text\n1\n```\n\n```text\n2\n```\n\n```python\nTitled()\n```\n\n'
        '<div class="output"><b>0.25</b></div>')


def test_what_is_wrong_is_found():
    folder = os.getcwd()
    with pytest.raises(RuntimeError, match=r"code cell 2 raised KeyError: 'no'"):
        notebooks['run'](notebook('{}', '{}["no"]'))
    assert os.getcwd() == folder
    made = notebook('1 < 2', '2')
    code, results = notebooks['code_cells'](made), notebooks['run'](made)
    for cell, value in zip(code, ('True', '3')):
        cell['outputs'] = [{'output_type': 'stream', 'text': [value]}]
    assert differences(code, results) == [(2, ['3'], ['2'])]
    code[1]['metadata']['tags'] = ['varies']
    assert differences(code, results) == []
