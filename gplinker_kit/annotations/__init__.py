"""Annotations: exports of doccano and Label Studio turned into a corpus in DuEE's format. numpy only.

How an event is annotated, in both programs:

* A trigger is a span whose label is the event type. Each event has its own: where two events share a trigger, the same
  characters are marked twice (in doccano the project must allow overlapping spans).
* An argument is a span of any label. A relation leads from the trigger to it, and the relation's label is the role.
  Where a relation has no label (Label Studio asks for none), the label of the argument's span is the role. One span can
  be an argument of any number of events, in several roles, and the trigger of another event too.
* `roles='label'` is for projects whose spans carry the roles and whose relations all have one name: the role is always
  the label of the argument's span.

Which labels are event types: those of the schema, where one is given; else those at which as many relations start as
end, or more. So a relation that was drawn from the argument to the trigger is recognised, and turned.

What has no place in that: an event without a trigger, since nothing would hold its arguments together, and items of
enum roles, which are no spans. Nothing is dropped in silence: what was left out, or changed, is a finding of one of
the KINDS in `assembly`. A file that is broken is a DataError that names file, line or task, and what was expected.
"""

from gplinker_kit.annotations.assembly import KINDS, assemble
from gplinker_kit.annotations.doccano import read_doccano
from gplinker_kit.annotations.folder import split_texts, write_folder
from gplinker_kit.annotations.label_studio import read_label_studio

READERS = {'doccano': read_doccano, 'label-studio': read_label_studio}

__all__ = ['KINDS', 'READERS', 'assemble', 'read_doccano', 'read_label_studio', 'split_texts', 'write_folder']
