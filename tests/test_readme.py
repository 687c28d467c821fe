"""README.md and its Chinese twin show the same code, and what they tell a reader to run exists."""

import os
import re

import pytest

from tests import command_lines
from tests.command_lines import SHELLS, code_blocks, faults, shell_commands

ROOT = command_lines.ROOT


def fake_help(name=None):
    if name is None:
        return 'usage: gplinker [-h] {train,extract} ...\n\ncommands:\n  evaluate  scores\n\n  -h, --help'
    return {'train': '-h, --help  --data DIR', 'extract': '-h  --tree  --batch-size N', 'evaluate': ''}[name]


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as stream:
        return stream.read()


def test_the_twins_show_the_same_code():
    english, chinese = code_blocks(read('README.md')), code_blocks(read('README.zh.md'))
    assert english, 'README.md shows no code'
    for ours, theirs in zip(english, chinese):
        assert ours == theirs
    assert len(english) == len(chinese)


def test_the_twins_have_the_same_sections():
    """Headings correspond one to one: their levels are equal in order (code, where # is a comment, left out)."""
    levels = [
        [len(marks) for marks in re.findall(r'^(#+) ', re.sub(r'^```.*?^```', '', read(name), flags=re.M | re.S), re.M)]
        for name in ('README.md', 'README.zh.md')
    ]
    assert levels[0] == levels[1] and levels[0]


@pytest.mark.parametrize('name', [
    'README.md', 'README.zh.md', 'CONTRIBUTING.md', 'docs/duie.md', 'docs/distributed.md'])
def test_commands_exist(name):
    text = read(name)
    blocks = [code for language, code in code_blocks(text) if language in SHELLS]
    inline = [code for code in re.findall(r'(?<!`)`([^`\n]+)`(?!`)', text) if re.match(r'(scripts/|gplinker )', code)]
    assert any(shell_commands(code) for code in blocks)
    # `scripts/env NAME` in a sentence stands for an argument; the command itself is looked up all the same.
    assert [fault for code in blocks + inline for fault in faults(code)] == []


@pytest.mark.parametrize('name', ['README.md', 'README.zh.md', 'CONTRIBUTING.md', 'docs/duie.md'])
def test_links_to_files_lead_somewhere(name):
    for target in re.findall(r'\]\(([^)#:\s]+)(?:#[^)]*)?\)', read(name)):
        assert os.path.exists(os.path.join(ROOT, os.path.dirname(name), target)), '%s links to %s' % (name, target)


def test_code_blocks():
    text = 'a\n```bash\nscripts/demo\n```\nb `c`\n\n```python\nx = 1\n\ny = 2\n```\n'
    assert code_blocks(text) == [('bash', 'scripts/demo\n'), ('python', 'x = 1\n\ny = 2\n')]


def test_shell_commands():
    text = (
        '# a comment\n$ scripts/demo  # another\nKERAS_BACKEND=jax gplinker train \\\n  --data "a b"\n'
        'cat x | gplinker extract --tree > out.jsonl && ls\n'
    )
    assert shell_commands(text) == [
        ['scripts/demo'], ['gplinker', 'train', '--data', 'a b'],
        ['cat', 'x'], ['gplinker', 'extract', '--tree'], ['ls'],
    ]


@pytest.mark.parametrize('text, message', [
    ('gplinker trian --data x', "gplinker has no command 'trian'"),
    ('gplinker scores', "gplinker has no command 'scores'"),
    ('gplinker train --dta x', 'gplinker train has no option --dta'),
    ('python -m gplinker_kit.cli extract --data=x', 'gplinker extract has no option --data'),
    ('gplinker --verson', 'gplinker has no option --verson'),
    ('horovodrun -np 2 gplinker train --dta x', 'gplinker train has no option --dta'),
    ('scripts/dmeo', 'scripts/dmeo does not exist'),
    ('python examples/no.py --x', 'examples/no.py does not exist'),
    ('scripts/plain', 'scripts/plain is not executable'),
])
def test_faults_are_named(tmp_path, text, message):
    (tmp_path / 'scripts').mkdir()
    (tmp_path / 'scripts' / 'plain').write_text('')
    assert faults(text, str(tmp_path), fake_help) == [message]


def test_right_commands_have_no_fault():
    text = (
        'gplinker train --data x\ngplinker evaluate x\ncat y | gplinker extract --tree --batch-size=8\n'
        'gplinker --help -h\nscripts/demo\ngplinker() { "$python" -m gplinker_kit.cli "$@"; }\n'
    )
    assert faults(text, ROOT, fake_help) == []
