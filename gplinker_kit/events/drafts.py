"""From cliques to the members of events, and every decision that a Policy takes about them.

A draft is an event before it has a text: the list of its Members in the order of Event.nodes(), the trigger first.

1. `split_roles`: with `same_span` 'apart', a span with several roles and no link with itself becomes several nodes.
2. `drafts_of`: a clique of linked nodes is an event. With several triggers in one clique there is one event for each,
   all with the same arguments, since an event has one trigger. The label (type, role, item) of an enum role sits on the
   trigger's span: it becomes the argument role = item of the event with that trigger; where its span is no trigger, of
   every event that the span is in.
3. Step 2 can make a draft that another one with the same trigger, or none like it, contains or equals: such artefacts
   of the representation are dropped under any policy.
4. `trigger_policy`: 'drop' removes the drafts without a trigger.
5. `unlinked`: a clique of one node without the trigger role is dropped, kept (where the trigger policy allows an event
   without a trigger), or attached to one of the drafts that are left, so never to one that the policy has dropped.
6. `contained`: 'drop' removes the events whose arguments are all among those of another. It comes last: an event gives
   way only to one that stays.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.schema import TRIGGER

# One role of one node.
Member = namedtuple('Member', 'node label logit')


def split_roles(nodes, links, schema, policy):
    """Returns nodes and links in which roles of one span that may not be together are nodes of their own.

    The parts of a span have its links, and none to each other. Items stay with the trigger's part; where the span is
    no trigger, with each part.
    """
    if policy.same_span == 'together':
        return nodes, links
    parts, source = [], []
    for number, node in enumerate(nodes):
        items = {label: logit for label, logit in node.logits.items() if schema.labels[label].item is not None}
        roles = sorted(label for label in node.logits if label not in items)
        if len(roles) < 2 or links.linked[number, number]:
            logits = [node.logits]
        else:
            hosts = [label for label in roles if schema.labels[label].role == TRIGGER] or roles
            logits = [dict(items) if label in hosts else {} for label in roles]
            for label, own in zip(roles, logits):
                own[label] = node.logits[label]
        parts.extend(node._replace(logits=one) for one in logits)
        source.extend([number] * len(logits))
    block = np.ix_(source, source)
    apart = np.not_equal.outer(source, source) | np.eye(len(source), dtype=bool)
    return parts, links._replace(linked=links.linked[block] & apart, score=links.score[block])


def _key(member, schema):
    """What makes a member different from others in its event: an item has no place of its own."""
    return member[:2] if schema.labels[member.label].item is None else member.label


def _ordered(members, schema):
    """Returns the members in the order of Event.nodes(): the trigger first, by the schema's role order, by position.

    An item that two spans of the event claim is one argument, with the better score.
    """
    rows = {}
    for member in sorted(members, key=lambda m: (m.label, m.node)):
        key = _key(member, schema)
        if key not in rows or member.logit > rows[key].logit:
            rows[key] = member
    return list(rows.values())


def _place(draft):
    return sorted(row[:2] for row in draft)


def has_trigger(draft, schema):
    """Whether the event of a draft has a trigger."""
    return schema.labels[draft[0].label].role == TRIGGER


def drafts_of(clique, nodes, schema):
    """Returns the drafts of a clique: one a trigger, or one without a trigger."""
    members = [Member(node, label, logit) for node in clique for label, logit in nodes[node].logits.items()]
    triggers = [m for m in members if schema.labels[m.label].role == TRIGGER]
    others = [m for m in members if schema.labels[m.label].role != TRIGGER]
    if not triggers:
        return [_ordered(others, schema)]
    hosts = {m.node for m in triggers}
    return [_ordered([trigger] + [m for m in others if schema.labels[m.label].item is None
                                  or m.node == trigger.node or m.node not in hosts], schema) for trigger in triggers]


def _without_artefacts(drafts, schema):
    """Drops drafts that another one of the same trigger, or like it of none, contains or equals."""
    groups = {}
    for draft in drafts:
        trigger = draft[0].node if has_trigger(draft, schema) else None
        groups.setdefault(trigger, {}).setdefault(frozenset(_key(row, schema) for row in draft), draft)
    return [group[one] for group in groups.values() for one in group if not any(one < other for other in group)]


def _attached(drafts, lone, nodes, score, schema):
    """Returns the drafts, joined by the lone nodes, and those of the lone drafts that no draft can take.

    A draft's score for a node is the mean logit of the links between that node and the draft's nodes, of those that
    some window shows. A draft with the same span takes no second role of it. Of equals, one with a trigger is taken,
    then the first.
    """
    drafts = sorted(drafts, key=lambda draft: (not has_trigger(draft, schema), _place(draft)))
    joined, left = [list(draft) for draft in drafts], []
    hosts = [sorted({row.node for row in draft}) for draft in drafts]
    for draft in lone:
        node, best, best_host = draft[0].node, -np.inf, None
        for host, members in enumerate(hosts):
            known = score[node, members]
            known = known[known > -np.inf]
            if len(known) and all(nodes[member].span != nodes[node].span for member in members):
                mean = float(known.mean(dtype=np.float64))
                if mean > best:
                    best, best_host = mean, host
        if best_host is None:
            left.append(draft)
        else:
            joined[best_host].extend(draft)
    return [_ordered(draft, schema) for draft in joined], left


def settle(cliques, nodes, score, schema, policy):
    """Turns cliques into the drafts that the policy lets stand, all but `contained`.

    Arguments:
        cliques: node numbers, one tuple a clique. nodes: list of k Nodes of one event type. score: float32 (k, k), the
            logits of their links, −inf where unknown.
    Returns:
        list of drafts, by the first of their nodes, then the next.
    """
    drafts, lone = [], []
    for clique in cliques:
        for draft in drafts_of(clique, nodes, schema):
            (lone if len(clique) == 1 and not has_trigger(draft, schema) else drafts).append(draft)
    drafts = _without_artefacts(drafts, schema)
    if policy.trigger_policy == 'drop':
        drafts = [draft for draft in drafts if has_trigger(draft, schema)]
    if lone and policy.unlinked != 'drop':
        if policy.unlinked == 'attach':
            drafts, lone = _attached(drafts, lone, nodes, score, schema)
        # an item of an enum role has no span, so a lone one can double that of another event
        drafts = _without_artefacts(drafts + (lone if policy.trigger_policy == 'keep' else []), schema)
    return sorted(drafts, key=_place)


def without_contained(events):
    """Drops each event whose arguments (role and span, or item) are all among those of another, whatever the triggers.

    Of events with the same arguments one stays: one with a trigger, then the one of best score, then the first. An
    event without an argument is contained in any other.

    Arguments:
        events: list of Event of one type, with scores.
    Returns:
        list of Event, in the same order.
    """
    filled = [frozenset((argument.role, argument.text, argument.start) for argument in event.arguments)
              for event in events]
    rank = sorted(range(len(events)), key=lambda k: (-len(filled[k]), events[k].trigger is None, -events[k].score, k))
    kept = []
    for k in rank:
        if not any(filled[k] <= filled[other] for other in kept):
            kept.append(k)
    return [events[k] for k in sorted(kept)]
