"""What targets that read files share: the first byte of a case chooses a reader, the rest is the file."""

import json
import os


def lines(*values):
    """Returns JSON lines as bytes."""
    return '\n'.join(json.dumps(value, ensure_ascii=False) for value in values).encode('utf-8')


def cases(contents):
    """Returns a seed for each of the contents, in the order of the readers."""
    return [bytes([number]) + content for number, content in enumerate(contents)]


def read(readers, data, folder, name='case'):
    """Writes a case as a file and calls its reader with the path."""
    path = os.path.join(folder, name)
    with open(path, 'wb') as stream:
        stream.write(data[1:])
    return readers[(data[0] if data else 0) % len(readers)](path)
