"""Training targets from gold triples: words to tokens, triples to entity spans and link cells.

GPLinker for relations (https://kexue.fm/archives/8888): subjects and objects are spans under the two labels of the
entity head. A triple of predicate p sets the cell (first token of the subject, first token of the object) in the head
matrix of p and the cell of their last tokens in its tail matrix. Both matrices are whole, without a triangle: an object
may come before its subject. Here p is a link of the schema: from the subject to a slot, or from slot to slot.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.errors import hint
from gplinker_kit.events.alignment import ABSENT, BEYOND, EMPTY
from gplinker_kit.events.locator import Locator
from gplinker_kit.events.occurrences import OCCURRENCES
from gplinker_kit.events.targets import Targets, cell_array
from gplinker_kit.events.windows import content_range
from gplinker_kit.relations.alignment import OUTCOMES, TripleReport
from gplinker_kit.relations.occurrences import nearest, nearest_pair, occurrences
from gplinker_kit.relations.schema import OBJECT, SUBJECT, VALUE

# One place of a word: tokens (first, last) or None, characters (start, end), what became of it.
_Mention = namedtuple('_Mention', 'tokens characters outcome')


def align(triples, offsets, schema, text, choose='first', windows=None):
    """Turns the gold triples of one text into the cells that a model is trained on.

    Words are looked for as `relations.occurrences` says, and mapped to tokens as `events.labels.align` does: a boundary
    inside a token moves outward. A triple whose subject or '@value' has no place is left out; another slot without a
    place is left out alone.

    Arguments:
        triples: iterable of Triple.
        offsets: list of (start, end) character pairs, one a token, ascending; (0, 0) for [CLS], [SEP] and padding.
        schema: Schema; its `links` give the numbers of the link labels.
        text: str, the text that `offsets` belong to.
        choose: which of a word's mentions are meant. 'first': the first one, as in the published scripts. 'nearest':
            of subject and '@value' the two mentions with the fewest characters between them, and of another slot the
            one nearest to that '@value'; mentions that overlap come last. 'all': every mention, each linked with each,
            so that none is trained as a negative. The latter two take mentions that cut no token where there are such.
        windows: None, or the list of `events.windows.Window` that this text is cut into: the report then counts what
            none of them holds whole as beyond the window. The targets remain those of the full token sequence.
    Returns:
        Targets: `arguments` are entities, rows (SUBJECT or OBJECT, first token, last token); `heads` and `tails` have
        rows (link, token of the source, token of the target); `report` is a TripleReport; `links` has rows (link,
        first and last token of the source, first and last token of the target).
    Raises:
        ValueError: a predicate or slot that the schema lacks (nearest name), descending offsets, an unknown `choose`.
    """
    if choose not in OCCURRENCES:
        raise ValueError('unknown choose %r.%s' % (choose, hint(choose, OCCURRENCES)))
    locate, places = Locator(offsets), {}
    ranges = None if windows is None else [content_range(window) for window in windows]

    def place(word):
        if word not in places:
            places[word] = _mentions(text, word, locate, choose)
        return places[word]

    entities, links, counts = set(), set(), {}
    for triple in triples:
        words = [(None, triple.subject)] + list(triple.objects)
        found = {slot: place(word) for slot, word in words}
        outcome = max((found[slot][0].outcome for slot, _ in words), key=OUTCOMES.index)
        for slot, _ in words[1:]:
            schema.link(triple.predicate, None, slot)  # unknown names are an error even where nothing has a place
        placed = {slot: [mention for mention in found[slot] if mention.tokens] for slot, _ in words}
        usable = bool(placed[None] and placed[VALUE])
        if usable and choose == 'nearest':
            placed = _nearest(placed)
        whole = usable and all(placed.values())
        if whole and not _seen(ranges, placed.values()):
            whole, outcome = False, BEYOND
        counts[outcome] = counts.get(outcome, 0) + 1
        if not usable:
            continue
        if not whole and _seen(ranges, (placed[None], placed[VALUE])):
            counts['partial'] = counts.get('partial', 0) + 1
        slots = [slot for slot in schema.slots(triple.predicate) if placed.get(slot)]
        entities.update((SUBJECT,) + mention.tokens for mention in placed[None])
        entities.update((OBJECT,) + mention.tokens for slot in slots for mention in placed[slot])
        pairs = [(None, slot) for slot in slots] + [(a, b) for k, a in enumerate(slots) for b in slots[k + 1:]]
        for source, target in pairs:
            link = schema.link(triple.predicate, source, target)
            links.update((link,) + one.tokens + other.tokens for one in placed[source] for other in placed[target])
    links = cell_array(links, 5)
    heads, tails = link_cells(links)
    return Targets(cell_array(entities), heads, tails, TripleReport(**counts), links)


def link_cells(links):
    """Returns the arrays `heads` and `tails` of `links`, (L, 5) as in Targets: the direction of a link stays."""
    return cell_array(map(tuple, links[:, [0, 1, 3]].tolist())), cell_array(map(tuple, links[:, [0, 2, 4]].tolist()))


def _seen(ranges, mentions):
    """Whether one window, a [first, last) of tokens, holds a mention of each list of them."""
    return ranges is None or any(
        all(any(first <= one.tokens[0] and one.tokens[1] < last for one in same) for same in mentions)
        for first, last in ranges)


def _mentions(text, word, locate, choose):
    """Returns the list of _Mention that count; one without tokens where the word has no place."""
    spans = occurrences(text, word)
    if not spans:
        return [_Mention(None, None, ABSENT if word else EMPTY)]
    found = []
    for start, end in spans[:1] if choose == 'first' else spans:
        tokens, outcome = locate(start, text[start:end])
        found.append(_Mention(tokens, (start, end), outcome))
    best = min(OUTCOMES.index(mention.outcome) for mention in found)
    return [mention for mention in found if mention.outcome == OUTCOMES[best]]


def _nearest(placed):
    """Returns `placed`, {slot or None: list of _Mention}, with one mention each."""
    characters = {slot: [mention.characters for mention in mentions] for slot, mentions in placed.items()}
    subject, value = nearest_pair(characters[None], characters[VALUE])
    chosen = {None: [placed[None][subject]], VALUE: [placed[VALUE][value]]}
    for slot, mentions in placed.items():
        if slot not in chosen:
            chosen[slot] = [mentions[nearest(characters[slot], characters[VALUE][value])]] if mentions else []
    return chosen
