"""docs/articles: every file, function, class, test and heading that the pages name is there."""

import os
import re

import pytest

from tests import pages

FOLDER = os.path.join('docs', 'articles')
INDEX = 'index.md'
ARTICLES = sorted(name for name in os.listdir(os.path.join(pages.ROOT, FOLDER)) if name != INDEX)


def read(name):
    return pages.read(FOLDER, name)


@pytest.mark.parametrize('name', [INDEX] + ARTICLES)
def test_links_lead_somewhere(name):
    assert pages.broken_links(os.path.join(FOLDER, name)) == []


@pytest.mark.parametrize('name', ARTICLES)
def test_a_formula_has_code_and_a_test_and_a_study_or_none(name):
    rows = pages.rows(read(name))
    assert len(rows) >= 5
    for row in rows:
        formula, code, tests, study = row
        assert formula
        assert pages.links(code) or '`' in code, row
        found = pages.links(tests)
        assert found and all(words.startswith('`test_') and '/tests/' in target for words, target in found), row
        assert study == 'none' or pages.links(study), row


def test_the_index_names_every_page_and_every_article():
    index = read(INDEX)
    targets = [target for _, target in pages.links(index) if target.endswith('.md') and '/' not in target]
    assert sorted(targets) == ARTICLES
    for articles, page, _ in pages.rows(index):
        (_, target), = pages.links(page)
        introduction = read(target).split('\n| ')[0]
        for number, url in pages.links(articles):
            assert url == 'https://kexue.fm/archives/' + number and url in introduction, (number, target)


def test_what_is_not_measured_is_not_measured():
    """A page that sends to a program for numbers is out of date once the index of the studies has them."""
    unmeasured = [row for row in pages.rows(pages.read('docs', 'studies', 'index.md')) if row[2] == 'not measured yet']
    waiting = {name for row in unmeasured for name in re.findall(r'studies/\w+\.py', row[3])}
    for name in ARTICLES:
        for row in pages.rows(read(name)):
            found = re.findall(r'studies/\w+\.py', row[3])
            assert set(found) <= waiting and bool(found) == ('not measured yet' in row[3]), (name, row)


@pytest.mark.parametrize('text, fault', [
    ('[x](no.md)', 'docs/articles/index.md: no.md is not there'),
    ('[x](flash.md#nothing)', 'docs/articles/index.md: flash.md has no heading #nothing'),
    ('[`nobody`](../../tests/pages.py)', 'docs/articles/index.md: ../../tests/pages.py does not define nobody'),
])
def test_faults_are_named(monkeypatch, text, fault):
    page, original = 'docs/articles/index.md', pages.read
    monkeypatch.setattr(pages, 'read', lambda *parts: text if parts == (page,) else original(*parts))
    assert pages.broken_links(page) == [fault]
    good = '[`GAU_alpha.variable_mapping`](../../gplinker_kit/models/gau.py) [x](flash.md#mixed-chunk-attention)\n'
    good += '[`FLASHModel.step_model`](../../gplinker_kit/models/flash.py) [y](#z) [z](https://no.where)\n# Z'
    monkeypatch.setattr(pages, 'read', lambda *parts: good if parts == (page,) else original(*parts))
    assert pages.broken_links(page) == []
