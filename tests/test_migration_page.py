"""docs/migration.md: its programs run, and what it names exists."""

import os
import re
import subprocess
import sys

from gplinker_kit import backend, layers, models, optimizers, snippets, tokenizers
from tests.command_lines import ROOT, code_blocks

PAGE = os.path.join(ROOT, 'docs', 'migration.md')
MODULES = {
    'models': models, 'layers': layers, 'optimizers': optimizers, 'tokenizers': tokenizers, 'snippets': snippets,
    'backend': backend,
}  # fmt: skip
# What the table calls by a word that is no name of the module.
WORDS = {'*', 'extend_with_*', '_v2', 'layers'}


def read():
    with open(PAGE, encoding='utf-8') as stream:
        return stream.read()


def test_the_python_blocks_run_one_after_the_other():
    blocks = [code for language, code in code_blocks(read()) if language == 'python']
    assert len(blocks) >= 2
    namespace = {}
    for code in blocks:
        exec(compile(code, PAGE, 'exec'), namespace)
    assert namespace['robust'].optimizer.__class__.__name__ == 'KitExtended'


def test_the_sed_line_changes_imports_alone(tmp_path):
    (line,) = [code for language, code in code_blocks(read()) if language == 'bash']
    script = tmp_path / 'my_script.py'
    script.write_text(
        'import bert4keras.snippets\nfrom bert4keras.backend import K\n    from bert4keras import layers\n'
        "print('bert4keras')  # from bert4keras on\n"
    )
    subprocess.run(line, shell=True, check=True, cwd=str(tmp_path), stdout=sys.stderr)
    assert script.read_text() == (
        'import gplinker_kit.snippets\nfrom gplinker_kit.backend import K\n    from gplinker_kit import layers\n'
        "print('bert4keras')  # from bert4keras on\n"
    )


def test_the_names_of_the_first_table_exist():
    rows = re.findall(r'^\| `(\w+)` \| (.*) \|$', read(), re.M)[: len(MODULES)]
    assert [module for module, _ in rows] == list(MODULES)
    for module, text in rows:
        names = [name for name in re.findall(r'`([^`]+)`', text) if name not in WORDS]
        assert names or module == 'layers'
        missing = [name for name in names if not hasattr(MODULES[module], name)]
        assert not missing, '%s: %s' % (module, missing)


def test_links_lead_somewhere():
    text = read()
    for target in re.findall(r'\]\(([^)#:\s]+)(?:#[^)]*)?\)', text):
        assert os.path.exists(os.path.join(os.path.dirname(PAGE), target)), target
    anchors = {re.sub(r'[^\w -]', '', title).strip().lower().replace(' ', '-')
               for title in re.findall(r'^#+ (.*)$', text, re.M)}
    assert set(re.findall(r'\]\(#([^)]+)\)', text)) <= anchors
