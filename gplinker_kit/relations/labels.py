"""Training targets from gold triples: words to tokens, triples to entity spans and link cells.

GPLinker for relations (https://kexue.fm/archives/8888): subjects and objects are spans under the two labels of the
entity head. A triple of predicate p sets the cell (first token of the subject, first token of the object) in the head
matrix of p and the cell of their last tokens in its tail matrix. Both matrices are whole, without a triangle: an object
may come before its subject. Here p is a link of the schema: from the subject to a slot, or from slot to slot.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.errors import hint
from gplinker_kit.events.alignment import ABSENT, EMPTY
from gplinker_kit.events.locator import Locator
from gplinker_kit.events.occurrences import OCCURRENCES
from gplinker_kit.events.targets import Targets, cell_array
from gplinker_kit.relations.alignment import OUTCOMES, TripleReport
from gplinker_kit.relations.occurrences import nearest, nearest_pair, occurrences
from gplinker_kit.relations.schema import OBJECT, SUBJECT, VALUE

# One place of a word: tokens (first, last) or None, characters (start, end), what became of it.
_Mention = namedtuple('_Mention', 'tokens characters outcome')


def align(triples, offsets, schema, text, choose='first'):
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
    Returns:
        Targets: `arguments` are entities, rows (SUBJECT or OBJECT, first token, last token); `heads` and `tails` have
        rows (link, token of the source, token of the target); `report` is a TripleReport, `links` None.
    Raises:
        ValueError: a predicate or slot that the schema lacks (nearest name), descending offsets, an unknown `choose`.
    """
    if choose not in OCCURRENCES:
        raise ValueError('unknown choose %r.%s' % (choose, hint(choose, OCCURRENCES)))
    locate, places = Locator(offsets), {}

    def place(word):
        if word not in places:
            places[word] = _mentions(text, word, locate, choose)
        return places[word]

    entities, heads, tails, counts = set(), set(), set(), {}
    for triple in triples:
        words = [(None, triple.subject)] + list(triple.objects)
        found = {slot: place(word) for slot, word in words}
        outcome = max((found[slot][0].outcome for slot, _ in words), key=OUTCOMES.index)
        counts[outcome] = counts.get(outcome, 0) + 1
        for slot, _ in words[1:]:
            schema.link(triple.predicate, None, slot)  # unknown names are an error even where nothing has a place
        placed = {slot: [mention for mention in found[slot] if mention.tokens] for slot, _ in words}
        if not placed[None] or not placed[VALUE]:
            continue
        if not all(placed.values()):
            counts['partial'] = counts.get('partial', 0) + 1
        if choose == 'nearest':
            placed = _nearest(placed)
        slots = [slot for slot in schema.slots(triple.predicate) if placed.get(slot)]
        entities.update((SUBJECT,) + mention.tokens for mention in placed[None])
        entities.update((OBJECT,) + mention.tokens for slot in slots for mention in placed[slot])
        pairs = [(None, slot) for slot in slots] + [(a, b) for k, a in enumerate(slots) for b in slots[k + 1:]]
        for source, target in pairs:
            link = schema.link(triple.predicate, source, target)
            for one in placed[source]:
                for other in placed[target]:
                    heads.add((link, one.tokens[0], other.tokens[0]))
                    tails.add((link, one.tokens[1], other.tokens[1]))
    return Targets(cell_array(entities), cell_array(heads), cell_array(tails), TripleReport(**counts))


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
