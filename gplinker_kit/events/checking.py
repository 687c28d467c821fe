"""Checks a corpus: everything that training would refuse, lose, or learn wrong.

Errors are what training refuses or what makes gold or scores wrong; warnings are what a model cannot learn or what is
likely to be a slip; notes are facts to know. KINDS has them all, the most serious first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from gplinker_kit.events.checked_lines import read_checked_lines
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.events.duee import read_schema
from gplinker_kit.events.duplicates import check_file, check_leaks
from gplinker_kit.events.findings import ERROR, NOTE, WARNING, Findings, Kind
from gplinker_kit.events.representation import unrepresented
from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.events.token_fit import check_tokens
from gplinker_kit.events.usage import check_usage, count_labels
from gplinker_kit.files import read_json_lines

KINDS = (
    Kind('broken', ERROR, 'lines that are no JSON object',
         'repair or delete them: training stops at the first one'),
    Kind('structure', ERROR, 'keys that are missing or of the wrong kind',
         'write them as the format has them: training stops at the first one'),
    Kind('offset', ERROR, 'words that do not stand at their offsets',
         'correct the offset, in characters from 0, or the word; or leave the offset out where it is not known'),
    Kind('unknown_type', ERROR, 'event types that the schema lacks', 'correct the name, or add the type to the schema'),
    Kind('unknown_role', ERROR, 'roles that the schema lacks', 'correct the name, or add the role to the schema'),
    Kind('unknown_item', ERROR, 'items that an enum role lacks', 'correct the item, or add it to the enum_items'),
    Kind('leak', ERROR, 'dev texts that are in train too',
         'delete them from one of the files: scores on them say how well the model remembers'),
    Kind('conflict', ERROR, 'the same text with different events', 'merge the events into one line'),
    Kind('empty', ERROR, 'words without a character', 'delete the argument, or say what it is'),
    Kind('absent', ERROR, 'words without offset that do not occur in their text',
         'correct the word; where the role takes one of a few items, give it enum_items in the schema'),
    Kind('id_twice', ERROR, 'ids that come twice', 'give each text its own id'),
    Kind('contained', WARNING, 'events inside another event of their type',
         'delete them where they are slips: a decoder of linked pairs never gives them back'),
    Kind('triangle', WARNING, 'events that come back as one that nobody annotated',
         'every two of its arguments are in one event, but not all of them: look whether an event is missing or split'),
    Kind('roles', WARNING, 'spans with different roles in several events of a type',
         'each of these events comes back with all the roles; look whether one of the roles is a slip'),
    Kind('crossed', WARNING, 'links that coincide with those of nested spans or of another event type',
         'the events come back with an argument too many; train with --typed-links, and annotate the shorter or the '
         'longer of nested spans throughout'),
    Kind('beyond', WARNING, 'texts whose events reach beyond a window',
         'train with a larger --max-length, or cut the texts at a paragraph'),
    Kind('uncovered', WARNING, 'words that no token covers', 'look at the vocabulary and at odd characters'),
    Kind('snapped', WARNING, 'words that are not made of whole tokens',
         'the model learns the longer piece of text; use a vocabulary of characters, or annotate whole words'),
    Kind('text_twice', WARNING, 'texts that come twice with the same events', 'delete one of the lines'),
    Kind('event_twice', WARNING, 'events that come twice in a text', 'delete one: the decoder gives one back'),
    Kind('argument_twice', WARNING, 'arguments that come twice in an event', 'delete one of them'),
    Kind('untrained', WARNING, 'labels that are in dev but never in train',
         'a model cannot find them: move texts from dev to train, or annotate more'),
    Kind('unused', WARNING, 'labels of the schema that never occur',
         'delete them from the schema, or annotate texts that have them: each costs a head that learns to say no'),
    Kind('rare', WARNING, 'labels with few examples in train', 'annotate more of them, or expect a low recall'),
    Kind('no_trigger', WARNING, 'events without a trigger',
         'mark the word that tells of the event; events stay without one only under --trigger-policy keep, '
         'the default of documents'),
    Kind('no_argument', NOTE, 'events without arguments', "they count in no argument score, and not in DuEE's"),
    Kind('unlabelled', NOTE, 'texts without event_list', 'they are left out in training; where a text has no event, '
         'say so with an empty list'),
    Kind('long', NOTE, 'texts longer than a window', 'they are cut into overlapping windows of --max-length tokens'),
)  # fmt: skip


def check_corpus(schema_path, train_path, dev_path=None, tokenizer=None, max_length=256, rare=10, typed_links=False,
                 corpus=DUEE):
    """Returns the Check of a corpus.

    Arguments:
        schema_path, train_path: files of the corpus. dev_path: the same or None.
        tokenizer: with `encode_batch_with_offsets`; without one, nothing is checked that needs tokens.
        max_length: tokens that a model reads. rare: int, how many examples a label needs. typed_links: whether each
        event type has link heads of its own. corpus: Corpus, of whose format the files are.
    Raises:
        DataError: a file that is not there, and a schema that `read_schema` refuses.
    """
    schema, findings = read_schema(schema_path), Findings(KINDS)
    check = Check(schema, findings)
    files = {}
    for split, path in (('train', train_path), ('dev', dev_path)):
        if path is None:
            continue
        lines = files[split] = read_checked_lines(path, schema, findings, corpus)
        check_file(path, lines, findings)
        for line in lines:
            _check_representation(path, line, schema, typed_links, findings)
        lengths = None
        if tokenizer is not None:
            lengths = check_tokens(path, lines, schema, tokenizer, max_length, findings,
                                   occurrences=corpus.occurrences)
        events = [event for line in lines for _, event in line.events or ()]
        check.counts[split] = count_labels(events, schema)
        check.files.append(_describe(path, lines, events, lengths))
    if dev_path is not None:
        check_leaks(train_path, files['train'], dev_path, files['dev'], findings)
    numbers = {line['event_type']: number for number, line in read_json_lines(schema_path)}
    check_usage(check.counts['train'], check.counts.get('dev'), schema, rare,
                lambda event_type: (schema_path, numbers[event_type]), findings)
    return check


def _check_representation(path, line, schema, typed_links, findings):
    if not line.events:
        return
    counts, events = zip(*line.events)
    for loss in unrepresented(events, line.text, schema, typed_links):
        decoded = '; '.join('%s %s%s' % (role, text, '' if start is None else ' at %d' % start)
                            for role, text, start in loss.decoded)
        lost = ', '.join(str(counts[number]) for number in loss.events)
        if loss.kind == 'contained':
            words = 'event %s (%s) lies inside' % (lost, loss.event_type)
        elif len(loss.events) > 1:
            words = 'events %s (%s) come back as' % (lost, loss.event_type)
        elif lost:
            words = 'event %s (%s) comes back as' % (lost, loss.event_type)
        else:
            words = 'one more event (%s) comes back' % loss.event_type
        findings.add(loss.kind, '%s: %s' % (words, decoded), path, line.number)


def _describe(path, lines, events, lengths):
    """Returns a FileFacts."""
    labelled = [line for line in lines if line.events is not None]
    return FileFacts(path, len(lines), len(labelled), sum(not line.events for line in labelled), len(events),
                     sum(len(event.arguments) for event in events), tuple(len(line.text) for line in lines),
                     None if lengths is None else tuple(lengths))


def _spread(name, lengths):
    ranked = sorted(lengths)
    if not ranked:
        return ''
    return '%s a text: median %d, 95%% at most %d, longest %d' % (
        name, ranked[(len(ranked) - 1) // 2], ranked[-(-19 * len(ranked) // 20) - 1], ranked[-1])


@dataclass(frozen=True)
class FileFacts:
    """How much is in a file; `characters` and `tokens` (None without a tokenizer) have one number a text."""

    path: str
    texts: int
    labelled: int
    without_events: int
    events: int
    arguments: int
    characters: tuple
    tokens: tuple

    def __str__(self):
        first = '%s: %s texts, %s labelled, %s of these without events; %s events, %s arguments' % (
            (os.path.basename(self.path),) + tuple(format(number, ',') for number in (
                self.texts, self.labelled, self.without_events, self.events, self.arguments)))
        spreads = [_spread('characters', self.characters), _spread('tokens', self.tokens or ())]
        return '\n'.join([first] + ['  ' + line for line in spreads if line])


@dataclass
class Check:
    """What a check found.

    Attributes:
        schema: Schema. findings: Findings of KINDS. files: list of FileFacts.
        counts: {'train' or 'dev': (Counter of events a type, Counter of Label)}.
    """

    schema: object
    findings: Findings
    files: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)

    def label_table(self):
        """Returns how often each event type and label is there in train and dev, one event type a line."""
        lines = ['labels: in train%s' % (' / dev' if 'dev' in self.counts else '')]
        for event_type in self.schema.event_types:
            roles = []
            for label in self.schema.labels:
                if label.event_type == event_type and label.role != TRIGGER:
                    name = label.role if label.item is None else '%s=%s' % (label.role, label.item)
                    roles.append('%s %s' % (name, self._numbers(1, label)))
            lines.append('  %s %s: %s' % (event_type, self._numbers(0, event_type), ', '.join(roles)))
        return '\n'.join(lines)

    def _numbers(self, part, key):
        return '/'.join(str(counts[part][key]) for counts in self.counts.values())

    def report(self, show=5):
        """Returns the whole report as text; `show` as in `Findings.report`."""
        counts = ', '.join('%s %ss' % (format(self.findings.count(level), ','), level)
                           for level in (ERROR, WARNING, NOTE))
        parts = [str(facts) for facts in self.files] + ['', self.findings.report(show) or 'nothing was found', '',
                                                        self.label_table(), '', counts]
        return '\n'.join(parts)
