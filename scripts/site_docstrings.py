"""Makes Markdown of the package's docstrings, for mkdocstrings: read as source, nothing is imported.

Their sections are `Title:` with text behind it or below it, indented; several arguments may share a line. Here each
argument that the signature names, and each exception, becomes an item of a list.
"""

import re
import textwrap

import griffe

TITLES = (
    'Arguments', 'Attributes', 'Cost', 'Decoding', 'Formula', 'Inputs', 'Inputs and masking', 'Limit', 'Masking',
    'Memory', 'Metrics', 'Offsets', 'Options', 'Outputs', 'Raises', 'Reference', 'References', 'Returns', 'Shapes',
    'Shapes and masking', 'Source', 'Sources', 'Targets', 'Time', 'Weights', 'Yields',
)  # fmt: skip
TITLE = re.compile(r'(%s):(?: +(.*))?$' % '|'.join(TITLES))
NAME = re.compile(r'(?:^|(?<=[.;] ))(\*{0,2}\w+(?:, \*{0,2}\w+)*): ')
EXCEPTION = re.compile(r'(?:^|(?<=[.;] ))((?:\w*(?:Error|Interrupt|NotFinite)(?:, )?)+)(?::| (?=if |for |where |on ))')


def escaped(text):
    """Returns text in which only code between backquotes means anything to Markdown."""
    parts = re.split(r'(`[^`\n]+`)', text)
    return ''.join(part if part.startswith('`') else
                   re.sub(r'([*_\[\]#\\])', r'\\\1', part).replace('<', '&lt;') for part in parts)


def items(text, pattern, known=None):
    """Returns (what stands before the first item, [(names, description)]); known: the names that may begin one."""
    found = [match for match in pattern.finditer(text)
             if known is None or set(match.group(1).replace('*', '').split(', ')) & known]
    ends = [match.start() for match in found[1:]] + [len(text)]
    return text[:found[0].start()].strip() if found else text, [
        (match.group(1).strip(', '), text[match.end():end].strip()) for match, end in zip(found, ends)]


def listed(before, found):
    lines = [escaped(before), ''] if before else []
    for names, text in found:
        lines.append('- %s: %s' % (', '.join('`%s`' % name for name in names.split(', ')), escaped(text)))
    return lines + ['']


def paragraph(lines, known):
    """Returns the Markdown of a paragraph: a list where it begins with the name of an argument."""
    text = ' '.join(line.strip() for line in lines)
    before, found = items(text, NAME, known)
    return listed(before, found) if found and not before else [escaped(text), '']


def indented(lines):
    kind = 'pycon' if lines[0].lstrip().startswith('>>>') else 'text'
    return ['```' + kind] + textwrap.dedent('\n'.join(lines)).split('\n') + ['```', '']


def section(title, lines, known):
    """Returns the Markdown of a titled section."""
    text = ' '.join(line.strip() for line in lines if line.strip())
    pattern, names = (EXCEPTION, None) if title == 'Raises' else (NAME, known)
    before, found = items(text, pattern, names) if title in ('Arguments', 'Attributes', 'Raises') else (text, [])
    if not found:
        return ['**%s:** %s' % (title, escaped(text)), '']
    return ['**%s:**' % title, ''] + listed(before, found)


def markdown(text, known=()):
    """Returns the Markdown of a docstring whose first line is not indented.

    known: the names of arguments and attributes that may begin an item of a list.
    """
    known, output = set(known), []
    lines = text.strip().split('\n')
    while lines:
        line, match = lines[0], TITLE.match(lines[0])
        if not line.strip():
            lines.pop(0)
        elif line.startswith('>>>') or line.startswith(' '):
            block = [lines.pop(0)]
            while lines and (lines[0].strip() if line.startswith('>>>') else lines[0][:1] in (' ', '')):
                block.append(lines.pop(0))
            while not block[-1].strip():
                block.pop()
            output += indented(block)
        elif match:
            lines.pop(0)
            body = [match.group(2)] if match.group(2) else []
            while lines and (lines[0].startswith(' ') or (
                    match.group(2) and lines[0].strip() and not TITLE.match(lines[0]))):
                body.append(lines.pop(0))
            output += section(match.group(1), body, known)
        else:
            body = [lines.pop(0)]
            bullet = re.match(r'[-*] ', line)
            while lines and lines[0].strip() and not TITLE.match(lines[0]) and not re.match(r'[-*] ', lines[0]) and (
                    bullet or not lines[0].startswith('    ')):
                body.append(lines.pop(0))
            output += ['- ' + escaped(' '.join(body)[2:])] if bullet else paragraph(body, known)
            if bullet and not (lines and re.match(r'[-*] ', lines[0])):
                output.append('')
    return '\n'.join(output).strip()


def names_of(found):
    """Returns the names of the arguments and members of a griffe object."""
    names = {parameter.name for parameter in getattr(found, 'parameters', None) or ()}
    if found.is_class:
        names.update(found.members)
        if '__init__' in found.members:
            names.update(names_of(found.members['__init__']))
    return names


class ReadableDocstrings(griffe.Extension):
    """Replaces the docstrings of a package when all of it has been read."""

    def on_package(self, *, pkg, **_):
        waiting = [pkg]
        while waiting:
            found = waiting.pop()
            if found.is_alias:
                continue
            if found.docstring:
                found.docstring.value = markdown(found.docstring.value, names_of(found))
            waiting.extend(found.members.values())
