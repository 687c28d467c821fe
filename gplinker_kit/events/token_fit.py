"""Whether gold arguments are made of whole tokens, and whether texts fit the model's windows."""

from __future__ import annotations

from gplinker_kit.events.alignment import SNAPPED, UNCOVERED
from gplinker_kit.events.labels import align
from gplinker_kit.events.locator import Locator
from gplinker_kit.events.occurrences import place_word
from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.events.windows import cut_windows


def check_tokens(path, lines, schema, tokenizer, max_length, findings, batch=256, occurrences='first'):
    """Adds 'uncovered', 'snapped', 'beyond' and 'long'.

    Arguments:
        path: of the file. lines: list of CheckedLine. schema: Schema.
        tokenizer: with `encode_batch_with_offsets`. max_length: tokens that the model reads, [CLS] and [SEP] included.
        findings: Findings of the kinds of events/checking.py. occurrences: where a word without an offset is labelled,
            'first' or 'all'; of several mentions the best is looked at.
    Returns:
        list of int, tokens of each text.
    """
    lengths = []
    for first in range(0, len(lines), batch):
        some = lines[first:first + batch]
        for line, encoded in zip(some, tokenizer.encode_batch_with_offsets([line.text for line in some])):
            lengths.append(len(encoded[0]))
            _check_alignment(path, line, encoded[2], schema, occurrences, findings)
            if len(encoded[0]) > max_length:
                _check_windows(path, line, encoded, schema, max_length, occurrences, findings)
    return lengths


def _check_alignment(path, line, offsets, schema, occurrences, findings):
    locate = Locator(offsets)
    for count, event in line.events or ():
        for node in event.nodes():
            if schema.enum_items(event.event_type, node.role):
                continue
            place = place_word(node, locate, line.text, occurrences)
            if place.outcome not in (SNAPPED, UNCOVERED):
                continue
            (start, end), tokens = place.characters, place.spans
            owner = 'the trigger' if node.role == TRIGGER else 'role %r' % node.role
            message = 'event %d (%s): %s: %r at %d' % (
                count, event.event_type, owner, line.text[start:end], start)
            if place.outcome == SNAPPED:
                message += ' becomes %r' % line.text[offsets[tokens[0][0]][0]:offsets[tokens[0][1]][1]]
            findings.add(place.outcome, message, path, line.number)


def _check_windows(path, line, encoded, schema, max_length, occurrences, findings):
    windows = cut_windows(encoded, max_length)
    report = align([event for _, event in line.events or ()], encoded[2], schema, line.text, windows=windows,
                   occurrences=occurrences).report
    findings.add('long', '%d tokens, %d windows' % (len(encoded[0]), len(windows)), path, line.number)
    if report.beyond_window or report.links_beyond_window:
        findings.add('beyond', '%d of %d arguments and %d of %d pairs of an event are in no window of the %d' % (
            report.beyond_window, report.total, report.links_beyond_window, report.links, len(windows)),
            path, line.number)
