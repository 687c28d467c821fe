"""Turns an export of doccano or Label Studio into a corpus that `gplinker train --data` takes.

A trigger is a span whose label is the event type, one span an event; where events share a trigger, it is marked once
for each. A relation leads from the trigger to each argument, a span of any label. The role is the relation's label, or
where it has none the label of the argument's span; with --roles label always the latter. Without --schema the event
types are the labels at which relations start. Events without a trigger and enum roles cannot be annotated so.

  doccano       JSON lines, the export "JSONL (relation)" of a sequence labelling project with relations
  label-studio  JSON (not JSON-MIN): regions of type labels, and relations; of several annotations of a task the ground
                truth counts, else the last

DIR gets duee_event_schema.json (--schema, or what the annotations show), duee_train.json, with --dev duee_dev.json, and
import_report.txt: all that was left out or changed, and why. A broken file is an error that names the place; nothing
is written then.
"""

import os

from gplinker_kit.cli.common import say

HELP = 'make a corpus of annotations of doccano or Label Studio'
REPORT = 'import_report.txt'
FORMATS = ('doccano', 'label-studio')


def add_arguments(parser):
    parser.add_argument('--format', required=True, choices=FORMATS)
    parser.add_argument('--input', required=True, metavar='FILE', help='the export')
    parser.add_argument('--output', required=True, metavar='DIR', help='folder to write')
    parser.add_argument('--dev', type=float, metavar='SHARE', help='share of the texts that become dev, such as 0.1')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the division (default: %(default)s)')
    parser.add_argument('--schema', metavar='FILE',
                        help='a schema: spans with labels of its event types are triggers, and roles must be its')
    parser.add_argument('--roles', default='relation', choices=('relation', 'label'),
                        help="what the role is: the relation's label, or that of the argument's span "
                             '(default: %(default)s)')
    parser.add_argument('--text-key', default='text', metavar='KEY',
                        help='the key of the text, in Label Studio in data (default: %(default)s)')
    parser.add_argument('--overwrite', action='store_true', help='replace a corpus in DIR')
    parser.add_argument('--show', type=int, default=5, metavar='N',
                        help='places that are listed of each kind, 0 for all (default: %(default)s)')


def run(options):
    from gplinker_kit.annotations import KINDS, READERS, assemble, split_texts, write_folder
    from gplinker_kit.annotations.folder import check_folder
    from gplinker_kit.events import read_schema
    from gplinker_kit.events.findings import Findings
    from gplinker_kit.events.proposing import propose_schema
    from gplinker_kit.files import atomic_write

    if options.dev is not None and not 0 < options.dev < 1:
        raise ValueError('--dev must lie between 0 and 1, got %g' % options.dev)
    if options.show < 0:
        raise ValueError('--show must be at least 0, got %d' % options.show)
    check_folder(options.output, options.overwrite)
    schema = None if options.schema is None else read_schema(options.schema)
    findings = Findings(KINDS)
    items = READERS[options.format](options.input, findings, options.text_key)
    examples = assemble(items, findings, schema, options.roles)
    proposal = propose_schema(examples, options.input)
    train, dev = (examples, None) if options.dev is None else split_texts(examples, options.dev, options.seed)
    write_folder(options.output, schema or proposal.schema, train, dev, options.overwrite)
    kept = '%d texts: %d in train, %d in dev\n\nkept of them: %s' % (
        len(examples), len(train), len(dev or ()), proposal.describe(hints=schema is None))
    with atomic_write(os.path.join(options.output, REPORT)) as stream:
        stream.write('%s\n\n%s\n' % (kept, findings.report(None) or 'everything was taken'))
    print('%s\n\n%s' % (kept, findings.report(options.show or None) or 'everything was taken'))
    say('%s: now gplinker schema check --data %s' % (options.output, options.output))
