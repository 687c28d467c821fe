"""Result files of the benchmarks, and the reasons of goals that were missed."""

from __future__ import annotations

import glob
import os

from benchmarks import catalogue
from benchmarks.processes import ROOT
from gplinker_kit.errors import DataError
from gplinker_kit.files import read_json

SHORTFALLS = os.path.join(ROOT, 'benchmarks', 'shortfalls.json')
PROFILES = os.path.join(ROOT, *catalogue.RESULTS.split('/'), 'profiles')


def read_results(jobs=catalogue.JOBS, path=catalogue.path):
    """{stem: report} of the jobs whose result files are there.

    Raises: DataError for a file that is no result, or one of --quick, whose numbers are not for comparison.
    """
    reports = {}
    for job in jobs:
        file = path(job)
        if not os.path.exists(file):
            continue
        report = read_json(file)
        if not isinstance(report, dict) or 'rows' not in report or 'environment' not in report:
            raise DataError('%s: expected a result file with `environment` and `rows`' % file)
        if report['environment'].get('quick'):
            raise DataError('%s: was measured with --quick, whose numbers are not for comparison' % file)
        reports[job.stem] = report
    return reports


def read_profiles(folder=PROFILES):
    """{stem: profile} of all that `profile_rows.py` has left there, by name."""
    paths = sorted(glob.glob(os.path.join(folder, '*.json')))
    return {os.path.basename(path)[:-len('.json')]: read_json(path) for path in paths}


def rows_by_name(reports, stem):
    """{name: row} of a result file; empty where there is none."""
    return {row['name']: row for row in reports[stem]['rows']} if stem in reports else {}


def missed(reports):
    """[(stem, row)] of all rows that have a goal, or a bound, and did not meet it."""
    return [(stem, row) for stem, report in reports.items() for row in report['rows'] if not row['met']]


def unexplained(reports, reasons):
    """The `stem: row` of missed goals that have no reason."""
    return ['%s: %s' % (stem, row['name']) for stem, row in missed(reports)
            if not reasons.get(stem, {}).get(row['name'])]


def unknown(reports, reasons):
    """The `stem: row` of reasons that belong to no row of a result file that is there."""
    return ['%s: %s' % (stem, name) for stem in reasons for name in reasons[stem]
            if stem in reports and name not in rows_by_name(reports, stem)]
