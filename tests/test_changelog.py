"""CHANGELOG.md: its newest version is the package's, and what it names is there."""

import re

from gplinker_kit import __version__
from gplinker_kit.cli import COMMANDS
from tests import pages

PAGE = 'CHANGELOG.md'
HEADING = re.compile(r'^## \[([\d.]+)\] - (unreleased|\d{4}-\d{2}-\d{2})$', re.M)


def test_the_newest_version_is_that_of_the_package():
    headings = re.findall(r'^## .*$', pages.read(PAGE), re.M)
    assert headings and all(map(HEADING.match, headings)), headings
    versions = [tuple(map(int, HEADING.match(heading).group(1).split('.'))) for heading in headings]
    assert versions == sorted(set(versions), reverse=True) and '.'.join(map(str, versions[0])) == __version__
    assert [number for number, heading in enumerate(headings) if heading.endswith('unreleased')] in ([], [0])


def test_every_command_is_told_of():
    named = re.findall(r'gplinker ([a-z]+)', ' '.join(pages.code_spans(pages.read(PAGE))))
    assert set(named) <= set(COMMANDS)
    text = pages.read(PAGE)
    assert [name for name in COMMANDS if '`gplinker %s' % name not in text and '`%s`' % name not in text] == []


def test_links_lead_somewhere():
    assert pages.broken_links(PAGE) == []
