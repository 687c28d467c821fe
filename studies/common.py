"""What the studies share: their command line, tables, CSV files and figures."""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(os.path.dirname(ROOT), 'shared', 'data')
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9')  # Okabe and Ito: told apart by everybody


def parser(doc, name):
    """Returns a parser with --output (default: runs/studies/NAME) and --full."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument('--full', action='store_true', help='the whole grid, as committed in docs/studies')
    made.add_argument('--output', metavar='DIR', default=os.path.join('runs', 'studies', name),
                      help='where pictures and tables go (default: %(default)s)')
    return made


def data_path(*parts):
    """Returns the path of a data file; ends the program with a clear message where it is absent."""
    path = os.path.join(DATA, *parts)
    if not os.path.exists(path):
        sys.exit('this study reads the corpus file %s, which is not here' % os.path.join(*parts))
    return path


def write_csv(folder, name, header, rows):
    """Writes folder/name.csv, whole or not at all."""
    from gplinker_kit.files import atomic_write

    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(header)
    writer.writerows(rows)
    os.makedirs(folder, exist_ok=True)
    with atomic_write(os.path.join(folder, name + '.csv')) as stream:
        stream.write(text.getvalue())


def markdown(header, rows):
    """Returns a Markdown table; floats with two decimals."""
    cells = [['%.2f' % cell if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    lines = [list(map(str, header)), ['---'] * len(header)] + cells
    return '\n'.join('| %s |' % ' | '.join(line) for line in lines)


def spread(rows, key, value):
    """{what `key` gives of a row: (mean, least, most) of what `value` gives}."""
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(value(row))
    return {name: (float(np.mean(found)), min(found), max(found)) for name, found in groups.items()}


def figure(width=7.0, height=4.0, columns=1):
    """Returns (Figure, list of axes side by side) without the right and upper frame."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=120)
    FigureCanvasAgg(made)
    axes = [made.add_subplot(1, columns, number + 1) for number in range(columns)]
    for one in axes:
        for side in ('top', 'right'):
            one.spines[side].set_visible(False)
        one.grid(alpha=0.25)
    return made, axes


def save(made, folder, name, below=0.0):
    """Writes folder/name.png and says so; `below` is the share of the height that is left free at the foot."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + '.png')
    made.tight_layout(rect=(0, below, 1, 1))
    made.savefig(path)
    print('wrote', path)
