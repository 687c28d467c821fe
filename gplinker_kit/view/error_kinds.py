"""What is wrong about a wrong argument: its role, its span or its event type, told by what gold has beside it."""

from __future__ import annotations

from gplinker_kit.view.compare import MISSED, RIGHT, WRONG


def argument_errors(statuses):
    """Names the errors that are nearly right.

    Arguments: statuses: as `compare.argument_statuses` returns them.
    Returns:
        {kind: {event types of the predicted arguments}}, only kinds that occur: 'wrong-role', gold has this text at
        this place in another role of the type; 'wrong-span', a missed argument of the same type and role overlaps it
        (without positions, one text holds the other); 'wrong-type', gold has it with this role under another type.
    """
    gold = [key for key, (_, status) in statuses.items() if status in (MISSED, RIGHT)]
    by_span = {(event_type, text, start) for event_type, _, text, start in gold}
    by_role = {(role, text, start) for _, role, text, start in gold}
    missed = [(key, node) for key, (node, status) in statuses.items() if status == MISSED]
    found = {}
    for (event_type, role, text, start), (node, status) in statuses.items():
        if status != WRONG:
            continue
        if (event_type, text, start) in by_span:
            found.setdefault('wrong-role', set()).add(event_type)
        if (role, text, start) in by_role:
            found.setdefault('wrong-type', set()).add(event_type)
        if any(key[:2] == (event_type, role) and _overlap(node, other) for key, other in missed):
            found.setdefault('wrong-span', set()).add(event_type)
    return found


def _overlap(one, other):
    if one.start is None or other.start is None:
        return one.text in other.text or other.text in one.text
    return one.start < other.end and other.start < one.end
