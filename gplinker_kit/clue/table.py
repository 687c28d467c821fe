"""A Markdown table of results on CLUE beside the published ones."""

from __future__ import annotations

import math
from typing import NamedTuple, Tuple

from gplinker_kit.clue.published import COLUMNS, OTHER_METRICS, PUBLISHED
from gplinker_kit.clue.tasks import find_task
from gplinker_kit.errors import hint

SPLITS = ('dev', 'test')


class Result(NamedTuple):
    """What a model reached on one task: the official metric, from 0 to 1, of each seed; `split` is 'dev' or 'test'."""

    model: str
    split: str
    task: str
    values: Tuple[float, ...]


def mean_and_spread(values):
    """Returns the mean and the standard deviation of a sample, None for a single value. Raises ValueError for none."""
    values = list(values)
    if not values:
        raise ValueError('values is empty; expected one number a seed')
    mean = sum(values) / len(values)
    if len(values) == 1:
        return mean, None
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def percent(mean, spread):
    """Returns a mean and its spread, ratios, in percent: '56.12 ± 0.30', or '56.12' where the spread is None."""
    return '%.2f' % (100 * mean) if spread is None else '%.2f ± %.2f' % (100 * mean, 100 * spread)


def make_table(results, published=PUBLISHED):
    """Returns a Markdown table: a row for each model and split, ours first, a column for each task that has a result.

    Ours are percent, mean ± standard deviation over seeds where there are several. The second column says whether they
    are of dev or of test, which are not comparable. Published numbers that another metric than the official one gave
    are marked with *, and a line under the table says which.

    Arguments: results: iterable of Result. published: iterable of Published.
    Raises: ValueError: no results, an unknown task or split, two results for one cell.
    """
    cells = {}
    for result in results:
        if result.split not in SPLITS:
            raise ValueError('unknown split %r.%s' % (result.split, hint(result.split, SPLITS)))
        row = cells.setdefault((result.model, result.split), {})
        name = find_task(result.task).name
        if name in row:
            raise ValueError('%s has two results of %s on %s; give the seeds of one as its values'
                             % (result.model, name, result.split))
        row[name] = percent(*mean_and_spread(result.values))
    if not cells:
        raise ValueError('there are no results to print')
    columns = [name for name in COLUMNS if any(name in row for row in cells.values())]
    lines = [['model', 'on'] + columns, ['---', '---'] + ['---:'] * len(columns)]
    for (model, split), row in sorted(cells.items(), key=lambda item: SPLITS.index(item[0][1])):
        lines.append([model, split] + [row.get(name, '–') for name in columns])
    marked = set()
    for split in SPLITS:
        marks = {name: '*' for name in columns if split == 'dev' and name in OTHER_METRICS}
        for entry in (entry for entry in published if entry.split == split):
            marked.update(marks)
            lines.append(['published: ' + entry.model, split] + [
                '%.2f%s' % (entry.scores[name], marks.get(name, '')) if name in entry.scores else '–'
                for name in columns])
    text = ''.join('| %s |\n' % ' | '.join(cell.replace('|', '\\|') for cell in line) for line in lines)
    if marked:
        text += '\n\\* Not the official metric, but that of the scripts: %s.\n' % '; '.join(
            '%s: %s' % (name, OTHER_METRICS[name]) for name in columns if name in marked)
    return text
