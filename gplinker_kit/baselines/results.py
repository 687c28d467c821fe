"""What the runs of a comparison are worth: scores, tables, and the F1 to expect of another mixture of sentences.

numpy only. A run is a dict: 'system', 'seed', 'thresholds', which is one of `THRESHOLDS`, 'seconds', 'weights' and what
`score_run` returns.
"""

from __future__ import annotations

import csv
import io

from gplinker_kit.clue.table import mean_and_spread, percent
from gplinker_kit.events import official
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.groups import ALL_GROUPS, GroupScores
from gplinker_kit.events.metrics import score_events

TUNED, ZERO = THRESHOLDS = 'tuned', 'zero'
TITLES = {TUNED: 'Thresholds of each half of the dev sentences tuned on the other half', ZERO: 'All thresholds 0'}
MEASURES = ('argument', 'event')
NAMES = {'one_event': 'one event', 'several_of_a_type': 'several of a type', 'shared_trigger': 'shared trigger',
         'several_events': 'several events'}
OVERALL = {
    'argument F1': ('strict', 'argument'), 'event F1': ('strict', 'event'), 'official F1': ('official', 'argument'),
    'LCS F1': ('lcs',),
}


def score_run(gold, predicted):
    """Scores the predicted events of many texts, lists of one iterable of Event a text.

    Returns: {'strict', 'official': as in `EventScores.as_dict`, 'lcs', 'groups': as in `GroupScores.as_dict`}. 'lcs' is
        the score of the LIC2020 baseline, (type, role, argument) with partial credit by the longest common
        subsequence: `official` by 'lcs', of all arguments rather than of one a role.
    """
    scores, groups, lcs = score_events(gold, predicted).as_dict(), GroupScores(ALL_GROUPS), Counts()
    for gold_events, predicted_events in zip(gold, predicted):
        groups.update(gold_events, predicted_events)
        lcs += official.argument_counts(gold_events, predicted_events, 'lcs')
    return {'strict': scores['strict'], 'official': scores['official'], 'lcs': lcs.as_dict(),
            'groups': groups.as_dict()}


def f1_values(run):
    """Returns {column: F1, from 0 to 1} of a run, all columns of the tables."""
    values = {}
    for column, keys in OVERALL.items():
        part = run
        for key in keys:
            part = part[key]
        values[column] = part['f1']
    for group in ALL_GROUPS:
        for measure in MEASURES:
            values['%s, %s F1' % (NAMES[group], measure)] = run['groups'][group][measure]['f1']
    return values


def expected_f1(groups, measure, share):
    """Returns the F1, 0 to 1, of a corpus of which `share` of the sentences hold several events and the others one.

    It is that of the expected counts: of sentences drawn from those with one event of the run, and from those with
    several, in this proportion. Exact, nothing is drawn.

    Arguments: groups: as in `score_run`. measure: 'argument' or 'event'. share: 0 to 1.
    Raises: ValueError: the run has no sentence of one of the two kinds.
    """
    totals = Counts()
    for name, weight in (('one_event', 1.0 - share), ('several_events', share)):
        texts, counts = groups[name]['texts'], groups[name][measure]
        if not texts:
            raise ValueError('there is no sentence with %s to draw from' % NAMES[name])
        totals += Counts(*(weight / texts * counts[key] for key in ('correct', 'predicted', 'gold')))
    return totals.f1


def csv_text(runs):
    """Returns the runs as CSV, a row each; F1 in percent."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    columns = list(f1_values(runs[0]))
    writer.writerow(['system', 'seed', 'thresholds'] + columns + ['seconds', 'weights'])
    for run in runs:
        values = f1_values(run)
        writer.writerow(
            [run['system'], run['seed'], run['thresholds']] + ['%.2f' % (100 * values[column]) for column in columns]
            + ['%.1f' % run['seconds'], run['weights']])
    return text.getvalue()


def markdown(runs, ceilings):
    """Returns Markdown tables: all sentences, argument F1 and event F1 by kind of sentence, and the most there can be.

    Mean ± standard deviation over the seeds, where a system has several.

    Arguments: runs: list of runs. ceilings: {system: what `score_run` says of its `best_events`}.
    """
    parts = ['F1 in percent on the dev sentences.\n']
    for thresholds in THRESHOLDS:
        systems = {}
        for run in runs:
            if run['thresholds'] == thresholds:
                systems.setdefault(run['system'], []).append(run)
        if systems:
            parts.append('\n## %s\n\n%s' % (TITLES[thresholds], _tables(systems)))
    columns = ['argument F1', 'event F1'] + ['%s, event F1' % NAMES[group] for group in ALL_GROUPS]
    names = list(dict.fromkeys(run['system'] for run in runs))
    parts.append('\n## What the events of each system can hold, if every score were right\n\n')
    parts.append(_table(['at best'] + columns, [
        [name] + [_mean([ceilings[name]], column) for column in columns] for name in names]))
    return ''.join(parts)


def _tables(systems):
    """Three tables of {system: runs}."""
    groups = next(iter(systems.values()))[0]['groups']
    tables = [_table(['system', 'seeds'] + list(OVERALL) + ['seconds', 'weights'], [
        [name, str(len(found))] + [_mean(found, column) for column in OVERALL]
        + ['%.0f' % mean_and_spread(run['seconds'] for run in found)[0], format(found[0]['weights'], ',')]
        for name, found in systems.items()])]
    for measure in MEASURES:
        header = ['%s F1' % measure] + ['%s (%d)' % (NAMES[group], groups[group]['texts']) for group in ALL_GROUPS]
        tables.append(_table(header, [
            [name] + [_mean(found, '%s, %s F1' % (NAMES[group], measure)) for group in ALL_GROUPS]
            for name, found in systems.items()]))
    return '\n'.join(tables)


def _mean(runs, column):
    return percent(*mean_and_spread(f1_values(run)[column] for run in runs))


def _table(header, rows):
    lines = [header, ['---'] + ['---:'] * (len(header) - 1)] + rows
    return ''.join('| %s |\n' % ' | '.join(line) for line in lines)
