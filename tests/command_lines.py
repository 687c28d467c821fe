"""Reads the commands of READMEs and shell scripts, and says which of them name things that do not exist."""

import functools
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# A word, quoted parts included, or an operator. (shlex of Python 3.7 keeps operators inside words.)
WORD = r'(?:"[^"]*"|\'[^\']*\'|\\.|[^\s"\'|&;<>()\\])+|[|&;<>()]+'
SHELLS = ('', 'bash', 'sh', 'shell', 'console')


def write_program(path, text):
    """Writes an executable file, its folder included."""
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    with open(str(path), 'w') as stream:
        stream.write(text)
    os.chmod(str(path), 0o755)


def code_blocks(text):
    """Returns [(language, code), ...] of the fenced blocks of a Markdown text."""
    blocks = re.findall(r'^```([^\n`]*)\n(.*?)^```[ \t]*$', text, re.M | re.S)
    return [(language.strip(), code) for language, code in blocks]


def shell_commands(text):
    """Returns the commands of a shell text as argument lists, without assignments before and redirections after."""
    commands = []
    for line in text.replace('\\\n', ' ').split('\n'):
        words = re.findall(WORD, re.sub(r'^\s*[$>] ', '', line))
        words = words[:next((i for i, word in enumerate(words) if word.startswith('#')), len(words))]
        words = [re.sub(r'"([^"]*)"|\'([^\']*)\'', r'\1\2', word) for word in words]
        command, skip = [], False
        for word in words + [';']:
            if word and set(word) <= set('|&;()'):
                while command and re.match(r'^\w+=', command[0]):
                    command.pop(0)
                if command:
                    commands.append(command)
                command, skip = [], False
            elif word and set(word) <= set('<>'):
                skip = True
            elif skip:
                skip = False
            else:
                command.append(word)
    return commands


@functools.lru_cache(maxsize=None)
def command_help(subcommand=None):
    """Returns what `gplinker [subcommand] --help` prints."""
    command = [sys.executable, '-m', 'gplinker_kit.cli'] + ([subcommand] if subcommand else []) + ['--help']
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if process.returncode:
        raise RuntimeError('%s failed:\n%s' % (' '.join(command), process.stdout))
    return process.stdout


def gplinker_faults(arguments, help_of=command_help):
    """Returns what `gplinker ARGUMENTS` names that the command does not know."""
    if not arguments:
        return []
    if arguments[0].startswith('-'):
        known, options, where = help_of(), arguments, 'gplinker'
    else:
        # argparse lists commands as {train,extract}, or one a line below their heading.
        if not re.search(r'(^ +|[{,])%s([},\s]|$)' % re.escape(arguments[0]), help_of(), re.M):
            return ['gplinker has no command %r' % arguments[0]]
        known, options, where = help_of(arguments[0]), arguments[1:], 'gplinker ' + arguments[0]
    names = set(re.findall(r'(?<![\w-])--?[A-Za-z][\w-]*', known))
    return ['%s has no option %s' % (where, word) for word in (option.split('=')[0] for option in options)
            if re.match(r'^--?[A-Za-z]', word) and word not in names]


def faults(text, root=ROOT, help_of=command_help):
    """Returns a sentence for each command of a shell text that names a script, program or option that is not there."""
    found = []
    for words in shell_commands(text):
        words = [word for word in words if word != '$@']  # what a script passes on
        if words[0] in ('gplinker', 'horovodrun') and 'gplinker' in words:
            found += gplinker_faults(words[words.index('gplinker') + 1:], help_of)
        elif 'gplinker_kit.cli' in words:
            found += gplinker_faults(words[words.index('gplinker_kit.cli') + 1:], help_of)
        for word in words:
            word = re.sub(r'^(\./)?', '', word.split('::')[0])
            if re.match(r'^(scripts|examples|benchmarks|studies|tests|constraints)/[\w./-]+$', word):
                if not os.path.exists(os.path.join(root, word)):
                    found.append('%s does not exist' % word)
                elif words[0].endswith(word) and not os.access(os.path.join(root, word), os.X_OK):
                    found.append('%s is not executable' % word)
    return found
